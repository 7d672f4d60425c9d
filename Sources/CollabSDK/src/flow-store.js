import { FlowWriter } from "./flow-writer.js";
import { compareText, edgeName } from "./text.js";

/** What React Flow keeps for one person: never in the document [DO3]. */
const personal = new Set(["selected", "dragging", "resizing", "measured", "positionAbsolute", "dragHandle", "internals", "computed", "handleBounds"]);

/**
 * A client's document in React Flow's shape: arrays of nodes and edges whose elements stay the same objects until something of them changes, and handlers for
 * what the person does. Without React, so that other frameworks may use it.
 *
 * Durable fields are the document's. A person's own selection and measures, and positions under way, one's own and others', lie over them.
 */
export class FlowStore {
  #client;
  #listeners = new Set();
  #off = [];
  /** By id: what lies over the document's node. @type {Map<string, object>} */
  #over = new Map();
  #overEdges = new Map();
  /** By id, in the document's order with parents first. @type {Map<string, object>} */
  #nodes = new Map();
  #edges = new Map();
  /** Edge ids as React Flow knows them, by edge name. */
  #edgeIDs = new Map();
  #dirty = { nodes: new Set(), edges: new Set(), all: true };
  #isScheduled = false;
  /** Positions that others hold in their hands. @type {Map<string, {x: number, y: number}>} */
  #held = new Map();

  /** @param {import("./client.js").CollabClient} client @param {{version?: 11 | 12, pauseMilliseconds?: number, onError?: (error: Error) => void}} options */
  constructor(client, { version = 12, pauseMilliseconds = 400, onError = () => {} } = {}) {
    this.#client = client;
    this.version = version;
    this.writer = new FlowWriter(client, this, { pauseMilliseconds, onError });
    this.snapshot = this.#build();
    this.open();
  }

  /** Listens again, after `close`. Does nothing when it does. */
  open() {
    if (this.#off.length > 0) return;
    const client = this.#client;
    const refresh = () => this.#schedule();
    this.#off = [
      client.on("change", (change) => this.#documentChanged(change)), client.on("presence", () => this.#presenceChanged()),
      ...["save", "link", "role", "welcome", "issues", "run"].map((type) => client.on(type, refresh)),
    ];
    // What happened meanwhile is not known one by one.
    this.#dirty.all = true;
    this.#schedule();
  }

  close() {
    for (const off of this.#off.splice(0)) off();
    this.writer.close();
  }

  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = () => this.snapshot;

  // ---- Handlers, in React Flow's conventions

  onNodesChange = (changes) => {
    for (const change of changes) this.#nodeChange(change);
    this.#emit();
  };

  onEdgesChange = (changes) => {
    for (const change of changes) {
      if (change.type === "select") this.#overEdge(change.id, { selected: change.selected });
      else this.writer.edgeChange(change, this.keyOf(change.id));
    }
    if (changes.some(({ type }) => type === "select")) this.#showSelection();
    this.#emit();
  };

  onConnect = (connection) => this.writer.connect(connection);

  /** An edge's end was dragged elsewhere: one step, its fields go along. */
  onReconnect = (edge, connection) => this.writer.reconnect(this.keyOf(edge.id), connection);

  /** Not for an edge that is there, nor for one that would close a loop: it would be parked at once. */
  isValidConnection = ({ source, target, sourceHandle = null, targetHandle = null }) => {
    const { document } = this.#client;
    return document.liveTags({ source, target, sourceHandle, targetHandle }).length === 0 && !document.wouldCloseCycle(source, target);
  };

  /** Where the pointer is, in canvas coordinates; null: elsewhere. */
  showCursor = (point) => this.#client.showPresence({ cursor: point });

  /** @returns {{changes: object[], overwritten: object[]} | null} as of `CollabClient.undo`; null when nothing was there, or could be done */
  undo = () => this.#turnBack("undo");
  redo = () => this.#turnBack("redo");

  #turnBack(as) {
    this.writer.flush();
    try {
      return this.#client[as]();
    } catch (error) {
      if (error.code !== "NOTHING_TO_UNDO") this.writer.fail(error);
      return null;
    } finally {
      this.#emit();
    }
  }

  #nodeChange(change) {
    const { id, type } = change;
    if (type === "select") {
      this.over(id, { selected: change.selected });
      this.#showSelection();
    } else if (type === "position") this.writer.moved(change);
    else if (type === "dimensions") this.#measured(change);
    else this.writer.nodeChange(change);
  }

  #measured({ id, dimensions, resizing, setAttributes, updateStyle }) {
    if (dimensions) this.over(id, this.version === 11 ? { width: dimensions.width, height: dimensions.height } : { measured: { ...dimensions } });
    if (setAttributes || updateStyle || resizing !== undefined) this.writer.resized(id, dimensions, resizing === true);
  }

  #showSelection() {
    const selectedNodes = [...this.#over].filter(([, { selected }]) => selected).map(([id]) => id);
    const selectedEdges = [...this.#overEdges].filter(([, { selected }]) => selected).map(([id]) => this.keyOf(id)).filter(Boolean);
    this.#client.showPresence({ selectedNodes, selectedEdges });
  }

  // ---- What lies over the document

  /** Puts something over a node; `undefined` takes it off. */
  over(id, parts) {
    const present = { ...this.#over.get(id), ...parts };
    for (const name of Object.keys(present)) if (present[name] === undefined) delete present[name];
    if (Object.keys(present).length > 0) this.#over.set(id, present);
    else this.#over.delete(id);
    this.#dirty.nodes.add(id);
  }

  overOf(id) {
    return this.#over.get(id) ?? {};
  }

  #overEdge(id, parts) {
    this.#overEdges.set(id, { ...this.#overEdges.get(id), ...parts });
    const key = this.keyOf(id);
    if (key) this.#dirty.edges.add(edgeName(key));
  }

  /** The key of an edge as React Flow names it; null for none. */
  keyOf(id) {
    return this.#edges.get(id)?.key ?? null;
  }

  /** Sends what changed to whoever listens, now: the person's own hand waits for nothing. */
  refresh() {
    this.#emit();
  }

  // ---- Following the document

  #documentChanged({ nodes, edges, replaced }) {
    if (replaced) this.#dirty.all = true;
    for (const id of nodes) this.#dirty.nodes.add(id);
    for (const key of edges) this.#dirty.edges.add(edgeName(key));
    this.#schedule();
  }

  #presenceChanged() {
    const held = new Map();
    for (const { state } of this.#client.others) for (const { node, position } of state?.dragging ?? []) if (position) held.set(node, position);
    for (const id of this.#held.keys()) if (!held.has(id)) this.#dirty.nodes.add(id);
    for (const id of held.keys()) this.#dirty.nodes.add(id);
    this.#held = held;
    this.#schedule();
  }

  /** Others' doings are drawn once a frame. */
  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const frame = globalThis.requestAnimationFrame ?? ((run) => setTimeout(run, 16));
    frame(() => {
      this.#isScheduled = false;
      this.#emit();
    });
  }

  #emit() {
    this.snapshot = this.#build();
    for (const listener of this.#listeners) listener();
  }

  // ---- Building

  #build() {
    const client = this.#client;
    const before = this.snapshot;
    const nodes = this.#buildNodes(before?.nodes);
    const edges = this.#buildEdges(before?.edges);
    this.#dirty = { nodes: new Set(), edges: new Set(), all: false };
    const { others } = client;
    return {
      nodes, edges, others, parked: client.document.parkedEdges(), saveState: client.saveState, link: client.link, role: client.role,
      cursors: cursorsOf(others),
      canEdit: client.canEdit, canUndo: client.canUndo, canRedo: client.canRedo, issues: client.issues.all,
    };
  }

  #buildNodes(before) {
    const { document } = this.#client;
    const dirty = this.#dirty;
    if (!dirty.all && dirty.nodes.size === 0) return before;
    let isSameSet = !dirty.all;
    for (const id of dirty.all ? document.nodeIds() : dirty.nodes) {
      const known = this.#nodes.get(id);
      const node = this.#node(id);
      if (node) this.#nodes.set(id, node);
      else {
        this.#nodes.delete(id);
        this.#over.delete(id);
      }
      const parent = (each) => each?.parentId ?? each?.parentNode;
      if (Boolean(known) !== Boolean(node) || parent(known) !== parent(node)) isSameSet = false;
    }
    if (isSameSet) return before.map((node) => this.#nodes.get(node.id));
    if (dirty.all) for (const id of [...this.#nodes.keys()]) if (!document.isVisible(id)) this.#nodes.delete(id);
    return this.#parentsFirst();
  }

  /** React Flow wants a group before what is in it. */
  #parentsFirst() {
    const ordered = new Map();
    const put = (id) => {
      const node = this.#nodes.get(id);
      if (!node || ordered.has(id)) return;
      const parent = node.parentId ?? node.parentNode;
      if (parent !== undefined) put(parent);
      ordered.set(id, node);
    };
    for (const id of [...this.#nodes.keys()].sort(compareText)) put(id);
    return [...ordered.values()];
  }

  #node(id) {
    const view = this.#client.document.node(id);
    if (!view) return null;
    const { parentId: _, ...fields } = view.fields;
    const node = { position: { x: 0, y: 0 }, ...fields, id, data: view.data };
    if (this.version === 11) {
      const { width, height, ...rest } = node;
      if (width !== undefined) rest.style = { ...rest.style, width };
      if (height !== undefined) rest.style = { ...rest.style, height };
      if (view.parentId !== null) rest.parentNode = view.parentId;
      return this.#covered(id, rest);
    }
    if (view.parentId !== null) node.parentId = view.parentId;
    return this.#covered(id, node);
  }

  #covered(id, node) {
    const over = this.#over.get(id);
    const held = this.#held.get(id);
    // One's own hand goes before another's.
    if (held && !over?.position) node.position = held;
    return over ? { ...node, ...over } : node;
  }

  #buildEdges(before) {
    const { document } = this.#client;
    const dirty = this.#dirty;
    if (!dirty.all && dirty.edges.size === 0) return before;
    const edges = new Map();
    for (const key of document.edgeKeys()) {
      const name = edgeName(key);
      const known = this.#edgeIDs.get(name);
      const wasThere = known !== undefined && this.#edges.get(known)?.name === name;
      const entry = wasThere && !dirty.all && !dirty.edges.has(name) ? this.#edges.get(known) : this.#edge(key, name, edges);
      edges.set(entry.edge.id, entry);
    }
    for (const id of this.#overEdges.keys()) if (!edges.has(id)) this.#overEdges.delete(id);
    this.#edges = edges;
    this.#edgeIDs = new Map([...edges].map(([id, { name }]) => [name, id]));
    return [...edges.values()].map(({ edge }) => edge);
  }

  #edge(key, name, taken) {
    const { fields, data } = this.#client.document.edge(key);
    const { source, sourceHandle, target, targetHandle } = key;
    const usual = `xy-edge__${source}${sourceHandle ?? ""}-${target}${targetHandle ?? ""}`;
    const id = [this.#edgeIDs.get(name), typeof fields.id === "string" ? fields.id : "", usual].find((each) => each && !taken.has(each)) ?? name;
    const edge = { ...fields, id, source, target, sourceHandle, targetHandle, data, ...this.#overEdges.get(id) };
    return { edge, key, name };
  }
}

function cursorsOf(others) {
  const shown = others.filter(({ state }) => state?.cursor);
  return shown.map(({ session, author, colour, state }) => ({ session, name: author?.name ?? "", colour, x: state.cursor.x, y: state.cursor.y }));
}

/** The durable fields of a node or edge of React Flow's, `data` apart; `known` are names that are no fields. */
export function durableFields(item, known) {
  const fields = {};
  for (const [name, value] of Object.entries(item)) if (!personal.has(name) && !known.has(name) && value !== undefined) fields[name] = value;
  return fields;
}
