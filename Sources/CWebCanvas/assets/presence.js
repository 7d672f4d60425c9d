const colourPattern = /^#[0-9a-f]{6}$/i;
const easeMilliseconds = 60;

export const safeColour = (colour) => (colourPattern.test(colour ?? "") ? colour : "#667085");

/** Everybody in the room, and where their pointers are. */
export class Presence {
  #people = new Map();
  #cursors = new Map();

  constructor(layer, viewport) {
    this.layer = layer;
    this.viewport = viewport;
    this.self = "";
    this.time = 0;
  }

  get people() {
    return [...this.#people.values()].map(({ participant }) => participant);
  }

  /** A new session: whoever is not in `participants` is gone. */
  begin(session, participants) {
    this.self = session;
    this.#people.clear();
    for (const participant of participants) this.#join(participant);
    for (const id of [...this.#cursors.keys()]) if (!this.#people.has(id)) this.#dropCursor(id);
  }

  /** Whatever changed since the last tick; one's own slot is among it [PR2]. */
  take({ slots = [], joined = [], left = [] }) {
    for (const participant of joined) this.#join(participant);
    for (const { session, state } of slots) {
      const person = this.#people.get(session);
      if (person) person.state = state ?? {};
    }
    for (const id of left) {
      this.#people.delete(id);
      this.#dropCursor(id);
    }
  }

  /** Node id -> point, of everything that others hold in their hands. */
  dragged() {
    const held = new Map();
    for (const [id, { state }] of this.#people) {
      if (id === this.self) continue;
      for (const { node, position } of state.dragging ?? []) held.set(node ?? "", { x: position?.x ?? 0, y: position?.y ?? 0 });
    }
    return held;
  }

  /** Moves the pointers on by one frame. @returns whether one of them is still on its way */
  step(now) {
    const part = 1 - Math.exp(-Math.min(200, now - this.time) / easeMilliseconds);
    this.time = now;
    let moving = false;
    for (const [id, { participant, state }] of this.#people) {
      if (id === this.self || !state.cursor) {
        this.#dropCursor(id);
        continue;
      }
      const aim = { x: state.cursor.x ?? 0, y: state.cursor.y ?? 0 };
      const cursor = this.#cursors.get(id) ?? this.#makeCursor(id, participant, aim);
      cursor.x += (aim.x - cursor.x) * part;
      cursor.y += (aim.y - cursor.y) * part;
      moving ||= Math.hypot(aim.x - cursor.x, aim.y - cursor.y) > 0.3;
      const { x, y } = this.viewport.toScreen(cursor);
      cursor.element.style.transform = `translate(${x}px, ${y}px)`;
    }
    return moving;
  }

  #join(participant) {
    const known = this.#people.get(participant.session);
    this.#people.set(participant.session, { participant, state: known?.state ?? {} });
  }

  #makeCursor(id, { author = {}, colour }, aim) {
    const element = document.createElement("div");
    element.className = "cursor";
    const arrow = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    arrow.setAttribute("width", "18");
    arrow.setAttribute("height", "20");
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
    shape.setAttribute("d", "M1 1l5.5 16 3-6.6L16 8z");
    shape.setAttribute("fill", safeColour(colour));
    shape.setAttribute("stroke", "#fff");
    arrow.append(shape);
    const label = document.createElement("span");
    label.textContent = author.name || "somebody";
    label.style.background = safeColour(colour);
    element.append(arrow, label);
    this.layer.append(element);
    const cursor = { element, ...aim };
    this.#cursors.set(id, cursor);
    return cursor;
  }

  #dropCursor(id) {
    this.#cursors.get(id)?.element.remove();
    this.#cursors.delete(id);
  }
}
