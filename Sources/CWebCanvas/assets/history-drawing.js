import { diffDocuments } from "./sdk/diff.js";
import { edgeKey, edgeName } from "./sdk/text.js";
import { draw } from "./dom.js";
import { wirePath } from "./geometry.js";
import { CanvasGraph } from "./graph.js";
import { describe } from "./labels.js";

/**
 * A state of before, drawn over what is here now: what was added since is green, what was removed stands there as a ghost, what was changed has an outline,
 * what was moved has a line from where it was.
 */
export class HistoryDrawing {
  #marks = new Map();
  #wireMarks = new Map();
  #layer = null;
  /** What was compared last: an unchanged document is not compared again. */
  #compared = { old: null, now: null, version: "", diff: null };
  #old = new CanvasGraph();

  constructor(app) {
    this.app = app;
    app.view.mark("history", { nodes: (id) => this.#marks.get(id) ?? "", wires: (name) => this.#wireMarks.get(name) ?? "" });
  }

  /** @returns {ReturnType<typeof diffDocuments>} from then to now */
  show(old) {
    const { app } = this;
    const now = app.document;
    const version = [...now.version.entries].join(" ");
    const known = this.#compared;
    if (known.old === old && known.now === now && known.version === version) return known.diff;
    if (known.old !== old) (this.#old = new CanvasGraph()).take(old, null);
    const diff = diffDocuments(old, now);
    this.#compared = { old, now, version, diff };
    this.#mark(diff);
    this.#drawGhosts(diff);
    return diff;
  }

  clear() {
    this.#compared = { old: null, now: null, version: "", diff: null };
    this.#layer?.remove();
    this.#layer = null;
    this.#take(new Map(), new Map());
  }

  #mark({ nodes, edges }) {
    const marks = new Map();
    for (const { node } of [...nodes.reconfigured, ...nodes.relabelled]) marks.set(node, "since-changed");
    for (const id of nodes.rewired) if (!marks.has(id)) marks.set(id, "since-changed");
    for (const { id } of nodes.added) marks.set(id, "since-added");
    const wires = new Map();
    for (const { edge } of edges.changed) wires.set(edgeName(edgeKey(edge)), "since-changed");
    for (const edge of edges.added) wires.set(edgeName(edgeKey(edge)), "since-added");
    this.#take(marks, wires);
  }

  #take(marks, wires) {
    const touched = new Set([...this.#marks.keys(), ...marks.keys()]);
    const touchedWires = new Set([...this.#wireMarks.keys(), ...wires.keys()]);
    this.#marks = marks;
    this.#wireMarks = wires;
    this.app.view.refresh(touched);
    this.app.view.refreshWires([...touchedWires].filter((name) => this.app.graph.edges.has(name)));
  }

  #drawGhosts({ nodes, edges }) {
    const layer = draw("g", { class: "since" });
    for (const edge of edges.removed) {
      const { from, to } = this.#old.ends(edgeKey(edge));
      if (from && to) layer.append(draw("path", { class: "since-removed", d: wirePath(from, to) }));
    }
    for (const { id } of nodes.removed) this.#ghost(layer, id);
    for (const { node } of nodes.moved) this.#moved(layer, node);
    this.#layer?.remove();
    this.#layer = layer;
    this.app.drafts.append(layer);
  }

  #ghost(layer, id) {
    const box = this.#old.box(id);
    if (!box) return;
    const { label } = describe(this.#old.nodes.get(id).node);
    layer.append(draw("rect", { class: "since-removed", x: box.x, y: box.y, width: box.width, height: box.height, rx: 12 }),
      draw("text", { x: box.x + 14, y: box.y + box.height / 2 + 5 }, label));
  }

  #moved(layer, id) {
    const [from, to] = [this.#old.box(id), this.app.graph.box(id)];
    if (!from || !to || (from.x === to.x && from.y === to.y)) return;
    const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });
    const [a, b] = [middle(from), middle(to)];
    layer.append(draw("rect", { class: "since-moved", x: from.x, y: from.y, width: from.width, height: from.height, rx: 12 }),
      draw("path", { class: "since-moved", d: `M${a.x} ${a.y}L${b.x} ${b.y}` }), draw("circle", { class: "since-moved", cx: a.x, cy: a.y, r: 5 }));
  }
}
