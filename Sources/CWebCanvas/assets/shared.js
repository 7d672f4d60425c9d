/** What of this session others see, beside what a gesture shows itself: pointer, selection, view. Kept to what fits into a message. */
const shownMax = 32;

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
    this.app.client?.showPresence({ selectedNodes: [...nodes].slice(0, shownMax), selectedEdges: [...edges.values()].slice(0, 4) });
  }

  #view() {
    const { viewport, client } = this.app;
    if (viewport.width > 0) client?.showPresence({ viewport: { ...viewport.centre, zoom: viewport.zoom } });
  }
}
