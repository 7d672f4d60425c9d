import { counted } from "./counting.js";
import { make } from "./dom.js";
import { meets } from "./geometry.js";

/** A click chooses; with Shift, Ctrl or Cmd it adds and takes away. */
export function clickNode(app, id, event) {
  if (!app.graph.nodes.has(id)) return;
  if (event.shiftKey || event.ctrlKey || event.metaKey) app.selection.toggleNode(id);
  else app.selection.set([id]);
  app.selection.at = id;
}

export function clickEdge(app, key, event) {
  if (event.shiftKey || event.ctrlKey || event.metaKey) app.selection.toggleEdge(key);
  else app.selection.set([], [key]);
}

/** What a band meets is chosen, together with what was chosen before when Shift is held. */
export class BandGesture {
  constructor(app, from, event) {
    this.app = app;
    this.from = from;
    this.before = event.shiftKey ? new Set(app.selection.nodes) : new Set();
    this.beforeAll = { nodes: new Set(app.selection.nodes), edges: [...app.selection.edges.values()] };
    this.element = make("div", { class: "band" });
    app.marks.append(this.element);
  }

  move(event) {
    const { app, from } = this;
    const to = app.viewport.pointOf(event);
    const band = { left: Math.min(from.x, to.x), top: Math.min(from.y, to.y), right: Math.max(from.x, to.x), bottom: Math.max(from.y, to.y) };
    const { x, y } = app.viewport.toScreen({ x: band.left, y: band.top });
    const { style } = this.element;
    style.transform = `translate(${x}px, ${y}px)`;
    style.width = `${(band.right - band.left) * app.viewport.zoom}px`;
    style.height = `${(band.bottom - band.top) * app.viewport.zoom}px`;
    const met = [...app.graph.nodes.keys()].filter((id) => meets(band, app.graph.box(id)));
    const chosen = new Set([...this.before, ...met]);
    const edges = [...app.graph.edges.values()].filter(({ key }) => chosen.has(key.source) && chosen.has(key.target)).map(({ key }) => key);
    app.selection.set(chosen, edges);
  }

  end() {
    this.element.remove();
    const { size } = this.app.selection.nodes;
    this.app.announce(`${counted(size, "node")} selected.`);
  }

  cancel() {
    this.element.remove();
    this.app.selection.set(this.beforeAll.nodes, this.beforeAll.edges);
  }
}
