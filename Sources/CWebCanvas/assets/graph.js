import { edgeName } from "./sdk/text.js";
import { boundsOf, inPoint, outPoint, pointOf, sizeOf } from "./geometry.js";
import { portPlace, portsOf } from "./ports.js";

/**
 * What of a document is on the canvas and where: boxes of nodes, ports, ends of edges. Follows the document change by change, and says what to draw anew.
 *
 * `held` are positions under way, one's own and others', in place of what the document says.
 */
export class CanvasGraph {
  /** @type {Map<string, {id: string, node: any, box: any, ports: {out: any[], into: any[]}}>} */
  nodes = new Map();
  /** By edge name. @type {Map<string, {name: string, key: any, standing: string}>} */
  edges = new Map();
  /** Names of the edges at each node. @type {Map<string, Set<string>>} */
  #edgesAt = new Map();
  /** Nodes by the group that they are in. @type {Map<string, Set<string>>} */
  #members = new Map();
  #held = new Map();
  #document = null;
  /** What was touched since `takeDirty`. */
  #dirty = { nodes: new Set(), edges: new Set() };
  /** Counts changes of any kind, for what is drawn from the whole. */
  revision = 0;

  /** @param {import("./sdk/document.js").WorkflowDocument} document @param {{nodes: string[], edges: any[], replaced: boolean} | null} change null: everything */
  take(document, change) {
    this.revision += 1;
    const isWhole = change === null || change.replaced || document !== this.#document;
    this.#document = document;
    if (isWhole) this.#takeAll(document);
    else {
      for (const key of change.edges) this.#takeEdge(document, key);
      for (const id of change.nodes) this.#takeNode(document, id);
    }
  }

  #takeAll(document) {
    for (const id of this.nodes.keys()) this.#dirty.nodes.add(id);
    for (const name of this.edges.keys()) this.#dirty.edges.add(name);
    this.nodes.clear();
    this.edges.clear();
    this.#edgesAt.clear();
    this.#members.clear();
    for (const key of document.edgeKeys()) this.#takeEdge(document, key);
    for (const { key } of document.parkedEdges()) this.#takeEdge(document, key);
    for (const id of document.nodeIds()) this.#takeNode(document, id);
  }

  #takeEdge(document, key) {
    const name = edgeName(key);
    const view = document.edge(key);
    this.#dirty.edges.add(name);
    if (view) {
      this.edges.set(name, { name, key: view.key, standing: view.standing });
      for (const id of [key.source, key.target]) this.#edgeSet(id).add(name);
    } else {
      this.edges.delete(name);
      for (const id of [key.source, key.target]) drop(this.#edgesAt, id, name);
    }
    // Which ports a node has depends on its edges.
    for (const id of new Set([key.source, key.target])) if (this.nodes.has(id)) this.#takeNode(document, id);
  }

  #edgeSet(id) {
    if (!this.#edgesAt.has(id)) this.#edgesAt.set(id, new Set());
    return this.#edgesAt.get(id);
  }

  #takeNode(document, id) {
    const node = document.node(id);
    const before = this.nodes.get(id);
    if (before?.node.parentId) drop(this.#members, before.node.parentId, id), this.#dirty.nodes.add(before.node.parentId);
    if (!node) this.nodes.delete(id);
    else {
      if (node.parentId) this.#membersOf(node.parentId).add(id), this.#dirty.nodes.add(node.parentId);
      const used = { out: [], into: [] };
      for (const { key } of this.edgesAt(id)) {
        if (key.source === id) used.out.push(key.sourceHandle);
        if (key.target === id) used.into.push(key.targetHandle);
      }
      // The box of before tells `#moved` whether somebody has looked at it.
      this.nodes.set(id, { id, node, ports: portsOf(node, used), box: before?.box ?? null });
    }
    this.#moved(id);
  }

  #membersOf(id) {
    if (!this.#members.has(id)) this.#members.set(id, new Set());
    return this.#members.get(id);
  }

  /** What stands on a node's place is drawn anew: itself, its edges, what is inside of it. */
  #moved(id) {
    // Groups may lie in each other deeper than the stack is.
    const due = [id];
    while (due.length > 0) {
      const each = due.pop();
      const item = this.nodes.get(each);
      // What is noted already has all of it noted; this also ends loops that two groups make half-way through a change.
      if (!item?.box && this.#dirty.nodes.has(each)) continue;
      this.#dirty.nodes.add(each);
      if (item) item.box = null;
      for (const name of this.#edgesAt.get(each) ?? []) this.#dirty.edges.add(name);
      for (const member of this.#members.get(each) ?? []) due.push(member);
    }
  }

  /** Positions under way, in the coordinates of the nodes' groups. @param {Map<string, {x: number, y: number}>} held */
  hold(held) {
    for (const [id, { x, y }] of held) {
      const before = this.#held.get(id);
      if (before?.x !== x || before?.y !== y) this.#moved(id);
    }
    for (const id of this.#held.keys()) if (!held.has(id)) this.#moved(id);
    if (held.size + this.#held.size > 0) this.revision += 1;
    this.#held = new Map(held);
  }

  get isHolding() { return this.#held.size > 0; }
  isHeld(id) { return this.#held.has(id); }

  /** @returns {{nodes: Set<string>, edges: Set<string>}} */
  takeDirty() {
    const dirty = this.#dirty;
    this.#dirty = { nodes: new Set(), edges: new Set() };
    return dirty;
  }

  /** A node's box in canvas coordinates; null when it is not there. */
  box(id) {
    const item = this.nodes.get(id);
    if (!item) return null;
    if (item.box) return item.box;
    // From the outermost group without a box inwards.
    const due = new Set();
    let around = item;
    while (around && !around.box && !due.has(around)) {
      due.add(around);
      around = this.nodes.get(around.node.parentId);
    }
    let origin = around?.box ?? { x: 0, y: 0 };
    for (const each of [...due].reverse()) {
      const at = pointOf(this.#held.get(each.id) ?? each.node.fields.position);
      const size = sizeOf(each.node.fields, Math.max(each.ports.out.length, each.ports.into.length));
      each.box = { x: origin.x + at.x, y: origin.y + at.y, ...size };
      origin = each.box;
    }
    return item.box;
  }

  /** The group that a node is in; null: none that is here. */
  groupOf(id) {
    const parent = this.nodes.get(id)?.node.parentId;
    return parent && this.nodes.has(parent) ? parent : null;
  }

  /** Where a node's position is written from: its group's corner. */
  origin(id) {
    const parent = this.nodes.get(id)?.node.parentId;
    const box = parent ? this.box(parent) : null;
    return box ? { x: box.x, y: box.y } : { x: 0, y: 0 };
  }

  /** @returns {{name: string, key: any, standing: string}[]} parked ones included */
  edgesAt(id) {
    return [...(this.#edgesAt.get(id) ?? [])].map((name) => this.edges.get(name)).filter(Boolean);
  }

  /** The node and everything inside of it. @returns {string[]} */
  family(id) {
    const all = new Set([id]);
    for (const each of all) for (const member of this.#members.get(each) ?? []) all.add(member);
    return [...all];
  }

  /** The points where an edge begins and ends; an end that is not on the canvas is null. */
  ends({ source, sourceHandle, target, targetHandle }) {
    const from = this.box(source);
    const to = this.box(target);
    return {
      from: from && outPoint(from, portPlace(this.nodes.get(source).ports.out, sourceHandle)),
      to: to && inPoint(to, portPlace(this.nodes.get(target).ports.into, targetHandle)),
    };
  }

  bounds(ids = this.nodes.keys()) {
    return boundsOf([...ids].map((id) => this.box(id)).filter(Boolean));
  }

  /** Whether other nodes are inside of it: it is drawn behind them. */
  isGroup(id) {
    return (this.#members.get(id)?.size ?? 0) > 0;
  }

  /** The topmost node at a point: later nodes lie above, groups below all. Null for none. O(nodes). */
  nodeAt({ x, y }) {
    let found = null;
    for (const id of this.nodes.keys()) {
      const box = this.box(id);
      if (x < box.x || x > box.x + box.width || y < box.y || y > box.y + box.height) continue;
      if (found === null || !this.isGroup(id)) found = id;
    }
    return found;
  }

  /** Nodes in reading order: by column from the left, then down. @returns {string[]} */
  readingOrder() {
    const column = (id) => Math.round(this.box(id).x / 120);
    return [...this.nodes.keys()].sort((a, b) => column(a) - column(b) || this.box(a).y - this.box(b).y);
  }
}

/** Takes an element out of the set that stands under a key; an empty set goes. */
function drop(sets, key, element) {
  const set = sets.get(key);
  if (set?.delete(element) && set.size === 0) sets.delete(key);
}
