import { counted } from "./counting.js";

/** Going through the nodes by keyboard, in reading order. Tab leaves the canvas behind the last one, and at once after Escape with nothing selected: nobody is held here. */
export class Walk {
  #isLeaving = false;
  /** Stay selected while one goes on. */
  #kept = new Set();

  constructor(app) {
    this.app = app;
    app.selection.on("change", () => { for (const id of this.#kept) if (!app.selection.nodes.has(id)) this.#kept.delete(id); });
    app.field.addEventListener("blur", () => { this.#isLeaving = false; });
    app.field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.#isLeaving = app.selection.isEmpty;
        if (this.#isLeaving) app.announce("Tab leaves the canvas.");
      } else if (event.key !== "Tab" && event.key !== "Shift") this.#isLeaving = false;
      if (this.#isLeaving) return;
      if (event.key !== "Tab" || event.target !== app.field || event.ctrlKey || event.altKey || event.metaKey) return;
      if (this.#step(event.shiftKey ? -1 : 1)) event.preventDefault();
    });
  }

  #step(by) {
    const { graph, selection, viewport } = this.app;
    const order = graph.readingOrder();
    const at = selection.at === null ? (by > 0 ? -1 : order.length) : order.indexOf(selection.at);
    const next = order[at + by];
    if (next === undefined) {
      selection.at = null;
      this.#mark(null);
      return false;
    }
    selection.set([...this.#kept, next]);
    selection.at = next;
    const box = graph.box(next);
    // From afar a node has no words: it is gone to.
    if (this.app.view.isFar) viewport.show({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, 0.8);
    else viewport.reveal(box);
    this.#mark(next);
    return true;
  }

  #mark(id) {
    const { app } = this;
    // The element may come into sight only with the next drawing.
    requestAnimationFrame(() => {
      const element = id === null ? null : app.view.elementOf(id);
      if (element) app.field.setAttribute("aria-activedescendant", element.id);
      else app.field.removeAttribute("aria-activedescendant");
      if (element) app.announce(element.getAttribute("aria-label"));
    });
  }

  enter() {
    const { selection, side } = this.app;
    if (selection.nodes.size === 0 && selection.edges.size === 0) return;
    side.open("inspector", { focus: true });
  }

  toggle() {
    const { app } = this;
    const { at } = app.selection;
    if (at === null) return;
    const isKept = !this.#kept.delete(at);
    if (isKept) this.#kept.add(at);
    app.selection.set([...this.#kept]);
    app.selection.at = at;
    app.announce(`${isKept ? "Kept" : "Left out"}. ${counted(app.selection.nodes.size, "node")} selected.`);
  }
}
