import { edgeName } from "./sdk/text.js";
import { connectFault } from "./connect-rules.js";
import { draw, make } from "./dom.js";
import { wirePath } from "./geometry.js";

/**
 * Drawing an edge: out of a port to another node's, or one end of an edge to elsewhere. While it is drawn, nodes that cannot take it step back, and the one under
 * the pointer says why. On the ground it ends with a choice of what to add there.
 */
export class ConnectGesture {
  /** @returns {ConnectGesture | null} */
  static fromPort(app, node, side, handle) {
    if (!app.can("edit")) return app.tell(app.why("edit")), null;
    return new ConnectGesture(app, { fixed: { node, side, handle }, moved: null });
  }

  /** An edge is taken by the end that is nearer. */
  static fromEdge(app, key, point) {
    if (!key || !app.can("edit")) return null;
    const { from, to } = app.graph.ends(key);
    if (!from || !to) return null;
    const takesTarget = Math.hypot(point.x - to.x, point.y - to.y) <= Math.hypot(point.x - from.x, point.y - from.y);
    const fixed = takesTarget
      ? { node: key.source, side: "out", handle: key.sourceHandle } : { node: key.target, side: "in", handle: key.targetHandle };
    app.selection.set([], [key]);
    return new ConnectGesture(app, { fixed, moved: key });
  }

  constructor(app, { fixed, moved }) {
    this.app = app;
    this.fixed = fixed;
    this.moved = moved;
    this.line = draw("path", { class: "draft" });
    app.drafts.append(this.line);
    this.tip = make("div", { class: "tip" });
    this.tip.hidden = true;
    app.marks.append(this.tip);
    this.over = null;
    this.#markTargets(true);
  }

  /** The edge that would come to be at a node and port. */
  #keyTo(node, handle) {
    const { fixed, moved } = this;
    if (fixed.side === "out") return { source: fixed.node, sourceHandle: fixed.handle, target: node, targetHandle: handle ?? moved?.targetHandle ?? null };
    return { source: node, sourceHandle: handle ?? null, target: fixed.node, targetHandle: fixed.handle };
  }

  #markTargets(isOn) {
    const { app } = this;
    const fits = (id) => connectFault(app.document, this.#keyTo(id, null), this.moved) === null;
    app.view.mark("connect", isOn ? { nodes: (id) => (id === this.fixed.node ? "" : fits(id) ? "can" : "cannot") } : null);
    app.view.refresh();
  }

  move(event) {
    const { app, fixed } = this;
    const point = app.viewport.pointOf(event);
    const { handle, node } = this.#under(event, point);
    this.over = node && node !== fixed.node ? { node, handle, fault: connectFault(app.document, this.#keyTo(node, handle), this.moved) } : null;
    const start = this.#anchor();
    const end = this.over && !this.over.fault ? this.#anchorAt(node, handle) ?? point : point;
    if (start) this.line.setAttribute("d", fixed.side === "out" ? wirePath(start, end) : wirePath(end, start));
    this.line.setAttribute("class", `draft ${this.over ? (this.over.fault ? "bad" : "good") : ""}`);
    this.tip.hidden = !this.over?.fault;
    if (this.over?.fault) {
      this.tip.textContent = this.over.fault;
      const { x, y } = app.viewport.toScreen(point);
      this.tip.style.transform = `translate(${x + 14}px, ${y + 14}px)`;
    }
    app.client.showPresence({ cursor: point });
  }

  #under(event, point) {
    const node = this.app.graph.nodeAt(point);
    // The pointer is captured: the event's own target is the field.
    const port = document.elementFromPoint(event.clientX, event.clientY)?.closest?.("[data-port]");
    const owner = port?.closest("[data-node]")?.dataset.node;
    const wanted = this.fixed.side === "out" ? "in" : "out";
    if (port && port.dataset.port === wanted) return { node: owner, handle: port.dataset.handle ?? null };
    return { node: node ?? owner ?? null, handle: null };
  }

  #anchor() {
    const { node, side, handle } = this.fixed;
    const key = side === "out" ? { source: node, sourceHandle: handle, target: "", targetHandle: null } : { source: "", sourceHandle: null, target: node, targetHandle: handle };
    return this.app.graph.ends(key)[side === "out" ? "from" : "to"];
  }

  #anchorAt(node, handle) {
    return this.app.graph.ends(this.#keyTo(node, handle))[this.fixed.side === "out" ? "to" : "from"];
  }

  end(event) {
    const { app, over, moved } = this;
    this.cancel();
    if (over?.fault) return app.tell(over.fault, "bad");
    if (over) {
      const key = this.#keyTo(over.node, over.handle);
      if (moved) {
        if (edgeName(moved) !== edgeName(key) && app.actions.reconnect(moved, key)) app.selection.set([], [key]);
      } else app.actions.connect(key);
      return undefined;
    }
    if (moved || this.fixed.side !== "out") return undefined;
    return app.emit("quickAdd", { point: app.viewport.pointOf(event), from: { source: this.fixed.node, sourceHandle: this.fixed.handle } });
  }

  cancel() {
    this.line.remove();
    this.tip.remove();
    this.#markTargets(false);
  }
}
