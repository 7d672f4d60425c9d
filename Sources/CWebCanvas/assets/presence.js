import { paintWho, safeColour } from "./colours.js";
import { draw, make } from "./dom.js";

const easeMilliseconds = 60;
/** Whoever wants less motion sees pointers jump. */
const stillness = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)") ?? { matches: false };

/** Where others are: pointers with names, what they have chosen and hold in their hands, what they edit. Reads the client's presence. */
export class Presence {
  #cursors = new Map();
  #chosen = new Map();
  #time = 0;

  constructor(app, layer) {
    this.app = app;
    this.layer = layer;
  }

  /** Nobody, while one cannot know. */
  get others() { return this.app.client?.isLive ? this.app.client.others : []; }

  /** Node id -> point, of everything that others hold in their hands. */
  dragged() {
    const held = new Map();
    for (const { state } of this.others) {
      for (const { node, position } of state?.dragging ?? []) held.set(node ?? "", { x: position?.x ?? 0, y: position?.y ?? 0 });
    }
    return held;
  }

  /** Who has a node chosen. @returns {Map<string, {name: string, colour: string}>} by node id; the first of several */
  chosen() {
    const chosen = new Map();
    for (const { author, colour, state } of this.others) {
      for (const id of state?.selectedNodes ?? []) if (!chosen.has(id)) chosen.set(id, { name: author?.name || "somebody", colour: safeColour(colour) });
    }
    return chosen;
  }

  /** Who edits a field of a node now. @returns {string[]} names */
  editors(node, field) {
    const editing = editingText(node, field);
    return this.others.filter(({ state }) => state?.editing === editing).map(({ author }) => author?.name || "somebody");
  }

  /** Moves the pointers on by one frame, and marks what others have chosen. @returns whether a pointer is still on its way */
  draw(now) {
    const part = stillness.matches ? 1 : 1 - Math.exp(-Math.min(200, now - this.#time) / easeMilliseconds);
    this.#time = now;
    let isMoving = false;
    const seen = new Set();
    for (const { session, author, colour, state } of this.others) {
      if (!state?.cursor) continue;
      seen.add(session);
      const aim = { x: state.cursor.x ?? 0, y: state.cursor.y ?? 0 };
      const cursor = this.#cursors.get(session) ?? this.#makeCursor(session, author?.name || "somebody", colour, aim);
      cursor.x += (aim.x - cursor.x) * part;
      cursor.y += (aim.y - cursor.y) * part;
      isMoving ||= Math.hypot(aim.x - cursor.x, aim.y - cursor.y) > 0.3;
      const { x, y } = this.app.viewport.toScreen(cursor);
      cursor.element.style.transform = `translate(${x}px, ${y}px)`;
    }
    for (const [session, { element }] of this.#cursors) if (!seen.has(session)) element.remove(), this.#cursors.delete(session);
    this.mark();
    return isMoving;
  }

  /** An outline in the person's colour around each node that they have chosen; called again when nodes come into sight. */
  mark() {
    const chosen = this.chosen();
    const { view } = this.app;
    for (const [id, { name, colour }] of chosen) {
      const element = view.elementOf(id);
      if (!element) continue;
      paintWho(element, colour);
      if (element.dataset.other !== name) element.dataset.other = name;
    }
    for (const id of this.#chosen.keys()) if (!chosen.has(id)) delete view.elementOf(id)?.dataset.other;
    this.#chosen = chosen;
  }

  #makeCursor(session, name, colour, aim) {
    const arrow = draw("svg", { width: 18, height: 20 }, draw("path", { d: "M1 1l5.5 16 3-6.6L16 8z", fill: safeColour(colour), stroke: "#fff", "stroke-width": 1.2 }));
    const label = make("span", {}, name);
    paintWho(label, colour);
    const element = make("div", { class: "cursor" }, arrow, label);
    this.layer.append(element);
    const cursor = { element, ...aim };
    this.#cursors.set(session, cursor);
    return cursor;
  }
}

/** How presence says that a field is being edited: node id, space, field. */
export const editingText = (node, field) => `${node} ${field}`;
