import { aligned, distributed } from "./aligning.js";
import { connectFault } from "./connect-rules.js";
import { layOut } from "./layout.js";
import { nodeHeight, nodeWidth, snapped } from "./geometry.js";
import { newID } from "./ids.js";
import { counted } from "./counting.js";
import { fieldTitle, nodeCall, nodeName, typeTitle } from "./labels.js";
import { nodeType } from "./sdk/issues.js";

/** Everything that a person can do to the document. Each is one change and one undo step, and says what it did; what is refused says why. */
export class Actions {
  #nudges = 0;
  #nudgedAt = 0;

  constructor(app) {
    this.app = app;
  }

  /**
   * One change. @param {(transaction: import("./sdk/transaction.js").Transaction) => void} make
   * @param {{what?: "edit" | "comment", group?: string | null, say?: string}} how
   * @returns {boolean} whether it was taken
   */
  edit(make, { what = "edit", group = null, say = "" } = {}) {
    const { app } = this;
    const fault = app.why(what);
    if (fault) return app.tell(fault, "bad"), false;
    try {
      app.client.transact(make, { group });
    } catch (error) {
      app.tell(error.message, "bad");
      return false;
    }
    if (say) app.announce(say);
    return true;
  }

  // ---- Nodes

  /** A new node of a type, its middle at a point, as the catalogue has it. @returns {string | null} its id */
  create(typeName, point, { from = null } = {}) {
    const type = nodeType(typeName);
    const id = newID("n");
    const data = Object.fromEntries(type.settings.filter(({ initial }) => initial !== undefined).map(({ name, initial }) => [name, initial]));
    const position = snapped({ x: point.x - nodeWidth / 2, y: point.y - nodeHeight / 2 });
    const isDone = this.edit((t) => {
      t.addNode({ id, type: type.canvasName, position, data });
      if (from) t.connect({ ...from, target: id });
    }, { say: `${typeTitle(typeName)} added.` });
    if (!isDone) return null;
    this.app.selection.set([id]);
    return id;
  }

  /** Removes what is selected, with what is inside of it and the edges at it. */
  removeSelected() {
    const { app } = this;
    const { graph, selection } = app;
    if (selection.isEmpty) return;
    const nodes = new Set([...selection.nodes].flatMap((id) => graph.family(id)));
    const edges = [...selection.edges.values()].filter(({ source, target }) => !nodes.has(source) && !nodes.has(target));
    const words = [nodes.size > 0 && counted(nodes.size, "node"), edges.length > 0 && counted(edges.length, "connection")].filter(Boolean).join(" and ");
    const next = nodes.size === 1 && selection.at ? this.#neighbour(selection.at) : null;
    const isDone = this.edit((t) => {
      const gone = new Set();
      for (const id of nodes) {
        for (const { key, name } of graph.edgesAt(id)) if (!gone.has(name)) gone.add(name), t.disconnect(key);
        t.ops.push({ setNodeLife: { node: id, alive: false } });
      }
      for (const key of edges) t.disconnect(key);
    }, { say: `Removed ${words}. Undo brings it back.` });
    if (isDone) selection.at = next;
  }

  #neighbour(id) {
    const order = this.app.graph.readingOrder();
    const at = order.indexOf(id);
    return order[at + 1] ?? order[at - 1] ?? null;
  }

  /** Writes positions, in canvas coordinates. @param {Map<string, {x: number, y: number}>} places */
  move(places, { group = null, say = "" } = {}) {
    const { graph } = this.app;
    const writes = [...places].filter(([id]) => graph.nodes.has(id)).map(([id, { x, y }]) => {
      const origin = graph.origin(id);
      return [id, { x: Math.round((x - origin.x) * 100) / 100, y: Math.round((y - origin.y) * 100) / 100 }];
    });
    if (writes.length === 0) return false;
    return this.edit((t) => { for (const [id, position] of writes) t.setNode(id, { position }); }, { group, say });
  }

  /** Moves what is selected by a step; steps soon after each other are one undo step. */
  nudge(dx, dy) {
    const { graph, selection } = this.app;
    const ids = this.heads([...selection.nodes]);
    const now = Date.now();
    if (now - this.#nudgedAt > 1000) this.#nudges += 1;
    this.#nudgedAt = now;
    const places = new Map(ids.map((id) => [id, { x: graph.box(id).x + dx, y: graph.box(id).y + dy }]));
    this.move(places, { group: `nudge ${this.#nudges}`, say: `Moved ${counted(ids.length, "node")}.` });
  }

  /** Of nodes, those that are not inside another of them: what is inside moves along. */
  heads(ids) {
    const all = new Set(ids);
    const isInside = (id) => {
      for (let parent = this.app.graph.nodes.get(id)?.node.parentId; parent; parent = this.app.graph.nodes.get(parent)?.node.parentId) if (all.has(parent)) return true;
      return false;
    };
    return ids.filter((id) => !isInside(id));
  }

  set(id, fields, how = {}) {
    return this.edit((t) => t.setNode(id, fields), how);
  }

  setTitle(text) {
    return this.edit((t) => t.setMeta("title", text), { say: "Title changed." });
  }

  // ---- Edges

  connect(key) {
    const { app } = this;
    const fault = connectFault(app.document, key);
    if (fault) return app.tell(fault, "bad"), false;
    return this.edit((t) => t.connect(key), { say: `Connected ${nodeName(app.document, key.source)} to ${nodeName(app.document, key.target)}.` });
  }

  /** Draws an edge elsewhere; its fields go along. */
  reconnect(key, next) {
    const { app } = this;
    const fault = connectFault(app.document, next, key);
    if (fault) return app.tell(fault, "bad"), false;
    const { fields, data } = app.document.edge(key);
    const kept = { ...fields, ...Object.fromEntries(Object.entries(data).map(([name, value]) => [`data.${name}`, value])) };
    return this.edit((t) => {
      t.disconnect(key);
      t.connect(next, kept);
    }, { say: `Connected to ${nodeName(app.document, next.target)} instead.` });
  }

  disconnect(key) {
    return this.edit((t) => t.disconnect(key), { say: "Connection removed." });
  }

  // ---- More

  turnBack(as) {
    const { app } = this;
    const fault = app.whyNoUndo;
    if (fault) return app.tell(fault, "bad");
    try {
      const { changes, overwritten } = app.client[as]();
      if (overwritten.length === 0) return app.announce(as === "undo" ? "Undone." : "Redone.");
      const what = overwrittenWords(app, overwritten);
      return app.tell(changes.length === 0 ? `Nothing to ${as} of that step: ${what}.` : `${as === "undo" ? "Undone" : "Redone"}, but ${what}.`);
    } catch (error) {
      return app.tell(error.code === "NOTHING_TO_UNDO" ? `Nothing to ${as}.` : error.message);
    }
  }

  selectAll() {
    const { graph, selection } = this.app;
    selection.set(graph.nodes.keys(), [...graph.edges.values()].map(({ key }) => key));
    this.app.announce(`${counted(graph.nodes.size, "node")} selected.`);
  }

  /** Lays out what is selected, or everything when that is fewer than two nodes; what is in one group among itself. */
  arrange() {
    const { app } = this;
    const { graph, selection } = app;
    const isAll = selection.nodes.size <= 1;
    const chosen = isAll ? [...graph.nodes.keys()] : this.heads([...selection.nodes]);
    const parts = Map.groupBy(chosen, (id) => graph.groupOf(id) ?? "");
    const places = new Map();
    // Groups stay as they are inside, unless there is nothing else to arrange.
    const isOutside = isAll && (parts.get("")?.length ?? 0) > 1;
    for (const [group, part] of parts) {
      if (part.length < 2 || (isOutside && group !== "")) continue;
      const ids = new Set(part);
      const edges = [...graph.edges.values()].filter(({ standing, key }) => standing === "visible" && ids.has(key.source) && ids.has(key.target)).map(({ key }) => key);
      for (const [id, at] of layOut(part.map((id) => ({ id, ...graph.box(id) })), edges)) places.set(id, at);
    }
    const moved = this.#moved(places);
    if (moved.size === 0) return app.tell(places.size === 0 ? "There are no two nodes here to arrange." : "Everything is in order already.");
    if (this.move(moved, { say: `Arranged ${counted(moved.size, "node")}.` }) && isAll) app.fit();
    return undefined;
  }

  #moved(places) {
    const { graph } = this.app;
    return new Map([...places].filter(([id, { x, y }]) => graph.box(id).x !== x || graph.box(id).y !== y));
  }

  /** @param {"left" | "centre" | "right" | "top" | "middle" | "bottom"} side */
  align(side) { this.#stand((boxes) => aligned(boxes, side), 2); }

  /** @param {"across" | "down"} axis */
  distribute(axis) { this.#stand((boxes) => distributed(boxes, axis), 3); }

  #stand(placesOf, least) {
    const { app } = this;
    const boxes = this.heads([...app.selection.nodes]).map((id) => ({ id, ...app.graph.box(id) }));
    if (boxes.length < least) return app.tell(`Select at least ${least} nodes first.`);
    const moved = this.#moved(placesOf(boxes));
    if (moved.size === 0) return app.tell("They stand like that already.");
    return this.move(moved, { say: `Moved ${counted(moved.size, "node")}.` });
  }
}

/** "Bo changed URL of Fetch since": of several things the first, and how many more. */
function overwrittenWords({ authors, document }, overwritten) {
  const [first] = overwritten;
  const who = (first.node && first.field && authors.of(first.node, first.field)) || "somebody";
  const what = first.node ? (first.field ? `${fieldTitle(first.field)} of ${nodeCall(document, first.node)}` : nodeCall(document, first.node))
    : first.edge ? "a connection" : first.comment ? "a comment" : `${fieldTitle(first.field)} of the workflow`;
  return `${who} changed ${what}${overwritten.length > 1 ? ` and ${counted(overwritten.length - 1, "other thing")}` : ""} since`;
}
