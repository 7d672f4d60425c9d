import { fitting } from "./fitting.js";

/** Bytes of a presence message for what is selected; the rest is for what is dragged and for the view. */
const nodesBytesMax = 1000;
const edgesBytesMax = 600;

/** What of this session others see, beside what a gesture shows itself: pointer, selection, view. */
export class Shared {
  constructor(app) {
    this.app = app;
    app.on("pointer", (event) => this.#pointer(app.viewport.pointOf(event)));
    app.field.addEventListener("pointerleave", () => this.#pointer(null));
    app.on("selection", () => this.#selection());
    app.on("client", () => this.#selection());
    app.viewport.on("change", () => this.#view());
  }

  #pointer(point) {
    this.app.pointer = point;
    this.app.client?.showPresence({ cursor: point });
  }

  #selection() {
    const { nodes, edges } = this.app.selection;
    this.app.client?.showPresence({ selectedNodes: fitting(nodes, nodesBytesMax), selectedEdges: fitting(edges.values(), edgesBytesMax) });
  }

  #view() {
    const { viewport, client } = this.app;
    if (viewport.width > 0) client?.showPresence({ viewport: { ...viewport.centre, zoom: viewport.zoom } });
  }
}
