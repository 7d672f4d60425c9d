import { counted } from "./counting.js";
import { fitting } from "./fitting.js";
import { gridPitch } from "./geometry.js";

/** Bytes of a presence message for positions under way; others see the rest of a large drag when it is dropped. */
const shownBytesMax = 1800;

/**
 * Nodes in one's hand: others see them move as presence, the document is written once, where they are dropped. Snaps to the grid, not while Alt is held.
 */
export class DragGesture {
  /** @returns {DragGesture | null} null where nobody may drag: the caller moves the view instead */
  static begin(app, id, from, event) {
    if (!app.can("edit")) {
      app.tell(app.why("edit"));
      return null;
    }
    if (!app.selection.nodes.has(id)) {
      if (event.shiftKey) app.selection.set([...app.selection.nodes, id]);
      else app.selection.set([id]);
    }
    app.selection.at = id;
    return new DragGesture(app, id, from);
  }

  constructor(app, id, from) {
    this.app = app;
    this.from = from;
    this.lead = id;
    const { graph } = app;
    this.starts = new Map(app.actions.heads([...app.selection.nodes]).map((each) => [each, { ...graph.box(each) }]));
    this.by = { x: 0, y: 0 };
  }

  move(event) {
    const { app } = this;
    const { graph } = app;
    const to = app.viewport.pointOf(event);
    this.by = this.#snapped({ x: to.x - this.from.x, y: to.y - this.from.y }, event.altKey);
    const held = new Map();
    for (const [id, start] of this.starts) {
      if (!graph.nodes.has(id)) continue; // somebody else removed it meanwhile
      const origin = graph.origin(id);
      held.set(id, { x: start.x + this.by.x - origin.x, y: start.y + this.by.y - origin.y });
    }
    app.hold(held);
    const dragging = fitting([...held].map(([node, position]) => ({ node, position })), shownBytesMax);
    app.client.showPresence({ dragging, cursor: to });
  }

  /** The node under the pointer comes to lie on the grid; the others keep their distance to it. */
  #snapped(by, isFree) {
    const start = this.starts.get(this.lead) ?? [...this.starts.values()][0];
    if (isFree || !start || !this.app.snaps) return by;
    const snap = (value, offset) => Math.round((offset + value) / gridPitch) * gridPitch - offset;
    return { x: snap(by.x, start.x), y: snap(by.y, start.y) };
  }

  end() {
    const { app, by } = this;
    const places = new Map([...this.starts].map(([id, { x, y }]) => [id, { x: x + by.x, y: y + by.y }]));
    if (by.x !== 0 || by.y !== 0) app.actions.move(places, { say: `Moved ${counted(places.size, "node")}.` });
    this.#letGo();
  }

  cancel() {
    this.#letGo();
  }

  #letGo() {
    this.app.hold(new Map());
    this.app.client.showPresence({ dragging: [] });
  }
}
