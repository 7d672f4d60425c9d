import { draw, make, say } from "./dom.js";
import { FarView } from "./far.js";
import { meets, stubPath, wireBounds, wirePath } from "./geometry.js";
import { icon } from "./icons.js";
import { describe } from "./labels.js";
import { portPlace } from "./ports.js";

/** Pixels around the field in which things are drawn too, so that a small move shows no holes. */
const around = 240;
/**
 * Draws what is seen of a graph: one element per node and wire, kept between drawings, touched only where something differs.
 *
 * `badgesOf` is set, and marks are put, by others; both are asked for when a node is drawn, and drawn anew with `refresh`.
 */
export class View {
  #nodes = new Map();
  #wires = new Map();
  #seen = "";
  /** What a run says of a node; `text` stands in place of its settings. @type {(id: string) => {state?: string, text?: string, stale?: boolean}} */
  badgesOf = () => ({});
  #marks = new Map();

  constructor(app, { nodes, wires }) {
    this.app = app;
    this.nodeLayer = nodes;
    this.wireLayer = wires;
    this.far = new FarView(app);
    nodes.addEventListener("animationend", (event) => event.target.classList.remove("touched"));
  }

  /**
   * Draws nodes and wires in another way for a while: a comparison, a connection under way.
   * @param {string} by who marks; its marks from before go
   * @param {{nodes?: (id: string) => string, wires?: (name: string) => string} | null} marks class names; null: none any more
   */
  mark(by, marks) {
    if (marks) this.#marks.set(by, marks);
    else this.#marks.delete(by);
  }

  marksOf(id) { return [...this.#marks.values()].map(({ nodes }) => nodes?.(id)).filter(Boolean).join(" "); }

  wireMarksOf(name) { return [...this.#marks.values()].map(({ wires }) => wires?.(name)).filter(Boolean).join(" "); }

  /** Draws what changed, and what came into sight. */
  draw() {
    const { graph, viewport } = this.app;
    const dirty = graph.takeDirty();
    if (this.isFar) {
      this.app.ask("far");
      return;
    }
    const bounds = viewport.bounds(around);
    const seen = `${graph.revision} ${Math.round(bounds.left / 64)} ${Math.round(bounds.top / 64)} ${Math.round(bounds.right / 64)} ${Math.round(bounds.bottom / 64)}`;
    if (seen === this.#seen && dirty.nodes.size + dirty.edges.size === 0) return;
    this.#seen = seen;
    this.#drawNodes(dirty.nodes, bounds);
    this.#drawWires(dirty.edges, bounds);
  }

  /** Whether nodes have no elements now, because they are too many and too small. */
  get isFar() {
    const isNeeded = this.far.isNeeded;
    if (isNeeded && this.#nodes.size + this.#wires.size > 0) {
      for (const id of [...this.#nodes.keys()]) this.#dropNode(id);
      for (const name of [...this.#wires.keys()]) this.#dropWire(name);
    }
    if (!isNeeded) this.far.hide();
    if (isNeeded) this.#seen = "";
    return isNeeded;
  }

  #drawNodes(dirty, bounds) {
    const { graph } = this.app;
    for (const id of dirty) if (!graph.nodes.has(id)) this.#dropNode(id);
    for (const id of graph.nodes.keys()) {
      const isSeen = meets(bounds, graph.box(id));
      const shown = this.#nodes.get(id);
      if (!isSeen && shown && !graph.isHeld(id)) this.#dropNode(id);
      else if (isSeen && (!shown || dirty.has(id))) this.#drawNode(id);
    }
  }

  #dropNode(id) {
    this.#nodes.get(id)?.element.remove();
    this.#nodes.delete(id);
  }

  /** The element of a node, if it is in sight. */
  elementOf(id) {
    return this.#nodes.get(id)?.element ?? null;
  }

  /** Draws nodes anew whose badges or marks changed; none given: all in sight. */
  refresh(ids = this.#nodes.keys()) {
    if (this.isFar) return this.app.ask("far");
    for (const id of ids) if (this.#nodes.has(id) && this.app.graph.nodes.has(id)) this.#drawNode(id);
    return undefined;
  }

  /** @param {Iterable<string>} names of edges; none given: all */
  refreshWires(names = this.app.graph.edges.keys()) {
    if (!this.isFar) this.#drawWires(new Set(names), this.app.viewport.bounds(around));
  }

  #makeNode(id) {
    const parts = { chip: make("i", { class: "chip" }), label: make("b"), detail: make("small"), badge: make("em") };
    const element = make("div", { role: "option", id: `node-${encodeURIComponent(id)}` }, parts.chip, make("span", { class: "words" }, parts.label, parts.detail), parts.badge);
    element.dataset.node = id;
    this.nodeLayer.append(element);
    const shown = { element, parts, ports: [], portKey: "", kind: "", className: "" };
    this.#nodes.set(id, shown);
    return shown;
  }

  #drawNode(id) {
    const { app } = this;
    const { node, ports } = app.graph.nodes.get(id);
    const box = app.graph.box(id);
    const shown = this.#nodes.get(id) ?? this.#makeNode(id);
    const { element, parts } = shown;
    const { kind, title, label, isNamed, setting } = describe(node);
    const badges = { ...this.badgesOf(id), issue: app.issues.byNode.get(id) };
    const isChosen = app.selection.nodes.has(id);
    const names = ["node", kind, app.graph.isGroup(id) && "group", badges.state, badges.stale && "stale", badges.issue && "finding", isChosen && "chosen", app.graph.isHeld(id) && "held", this.marksOf(id)];
    const className = names.filter(Boolean).join(" ");
    if (className !== shown.className) element.className = element.classList.contains("touched") ? `${className} touched` : className;
    shown.className = className;
    if (shown.kind !== kind) parts.chip.replaceChildren(icon(kind));
    shown.kind = kind;
    say(parts.label, label);
    const detail = badges.text || [isNamed && title, setting].filter(Boolean).join(" · ");
    say(parts.detail, detail);
    say(parts.badge, badges.issue ? "!" : "");
    const spoken = [label, isNamed ? title : "", setting, badges.state ? `run ${badges.state}` : "", badges.stale ? "result out of date" : "", badges.issue].filter(Boolean).join(", ");
    if (element.getAttribute("aria-label") !== spoken) element.setAttribute("aria-label", spoken);
    const tip = badges.issue ? `${label}\n${badges.issue}` : `${label}\n${detail}`;
    if (element.title !== tip) element.title = tip;
    if (element.getAttribute("aria-selected") !== String(isChosen)) element.setAttribute("aria-selected", String(isChosen));
    const { style } = element;
    if (shown.x !== box.x) style.left = `${(shown.x = box.x)}px`;
    if (shown.y !== box.y) style.top = `${(shown.y = box.y)}px`;
    if (shown.width !== box.width) style.width = `${(shown.width = box.width)}px`;
    if (shown.height !== box.height) style.height = `${(shown.height = box.height)}px`;
    this.#drawPorts(id, shown, ports);
  }

  #drawPorts(id, shown, { out, into }) {
    const key = JSON.stringify([out, into]);
    if (shown.portKey === key) return;
    shown.portKey = key;
    for (const port of shown.ports) port.remove();
    const port = (side, handles) => handles.map((handle) => {
      const name = handle ? make("u", {}, handle) : null;
      const element = make("i", { class: `port ${side}`, title: portTitle(side, handle) }, name);
      element.dataset.port = side;
      if (handle !== null) element.dataset.handle = handle;
      element.style.top = `${portPlace(handles, handle) * 100}%`;
      return element;
    });
    shown.ports = [...port("in", into), ...port("out", out)];
    shown.element.append(...shown.ports);
  }

  #drawWires(dirty, bounds) {
    const { graph } = this.app;
    const area = boxOf(bounds);
    for (const name of dirty) if (!graph.edges.has(name)) this.#dropWire(name);
    for (const [name, edge] of graph.edges) {
      let shown = this.#wires.get(name);
      if (shown && !dirty.has(name)) {
        if (!meets(shown.bounds, area)) this.#dropWire(name);
        continue;
      }
      const place = this.#placeOf(edge);
      if (!place || !meets(place.bounds, area)) {
        if (shown) this.#dropWire(name);
        continue;
      }
      shown ??= this.#makeWire(name);
      shown.bounds = place.bounds;
      this.#drawWire(shown, edge, place.path);
    }
  }

  /** The path of an edge and the bounds that it stays in; null when neither end is on the canvas. */
  #placeOf({ key }) {
    const { graph } = this.app;
    const { from, to } = graph.ends(key);
    if (from && to) return { path: wirePath(from, to), bounds: wireBounds(from, to) };
    const box = graph.box(from ? key.source : key.target);
    return box && { path: stubPath(box, Boolean(from)), bounds: { left: box.x - 60, top: box.y, right: box.x + box.width + 60, bottom: box.y + box.height } };
  }

  #makeWire(name) {
    const parts = { hit: draw("path", { class: "hit" }), line: draw("path"), title: draw("title") };
    const element = draw("g", {}, parts.hit, parts.line, parts.title);
    element.dataset.edge = name;
    this.wireLayer.append(element);
    const shown = { element, parts, path: "", className: null, bounds: null };
    this.#wires.set(name, shown);
    return shown;
  }

  #drawWire(shown, { name, key, standing }, path) {
    const { app } = this;
    const { parts, element } = shown;
    if (shown.path !== path) for (const part of [parts.hit, parts.line]) part.setAttribute("d", path);
    shown.path = path;
    const isParked = standing !== "visible";
    const className = isParked ? `parked ${standing}` : "";
    if (shown.className !== className) {
      parts.line.setAttribute("class", className);
      say(parts.title, isParked ? `parked (${standing}): ${key.source} → ${key.target}` : `${key.source} → ${key.target}`);
      shown.className = className;
    }
    const marks = ["wire", app.selection.edges.has(name) && "chosen", this.wireMarksOf(name)].filter(Boolean).join(" ");
    if (element.getAttribute("class") !== marks) element.setAttribute("class", marks);
  }

  #dropWire(name) {
    this.#wires.get(name)?.element.remove();
    this.#wires.delete(name);
  }

  /** Lets the nodes that somebody else's change wrote to light up. */
  touch(ids) {
    for (const id of ids) {
      const element = this.elementOf(id);
      if (!element || element.classList.contains("touched")) continue;
      element.classList.add("touched");
    }
  }

  /** Moves the whole drawing to where the viewport is. */
  place(stage, field) {
    const { x, y, zoom } = this.app.viewport;
    // No `will-change`: as a layer of its own the stage costs twice the frames that it saves (measured, docs/PERFORMANCE.md).
    stage.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    stage.classList.toggle("distant", zoom < 0.6);
    stage.classList.toggle("small", zoom < 0.35);
    const pitch = 16 * zoom * (zoom < 0.4 ? 8 : zoom < 0.8 ? 2 : 1);
    field.style.backgroundSize = `${pitch}px ${pitch}px`;
    field.style.backgroundPosition = `${x}px ${y}px`;
  }
}

const portTitle = (side, handle) => (side === "in" ? "Input" : "Output") + (handle ? ` ${handle}` : "");
const boxOf = ({ left, top, right, bottom }) => ({ x: left, y: top, width: right - left, height: bottom - top });
