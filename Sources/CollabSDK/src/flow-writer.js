import { op, removeNodeOps } from "./change.js";
import { durableFields } from "./flow-store.js";
import { edgeKey, edgeName } from "./text.js";

const noNodeField = new Set(["id", "data", "parentNode"]);
const noEdgeField = new Set(["data", "source", "target", "sourceHandle", "targetHandle", "sourceNode", "targetNode"]);

/**
 * Turns what a person does with React Flow into changes of the document. What comes in one turn is one change; a drag is one undo step, travels as presence, and
 * is written once per pause and at its end.
 */
export class FlowWriter {
  #client;
  #store;
  #options;
  /** Of this turn, in order. @type {((ops: object[]) => void)[]} */
  #due = [];
  #removedEdges = new Map();
  #isScheduled = false;
  #drag = { ids: new Set(), written: new Map(), group: null, timer: null };
  #drags = 0;

  constructor(client, store, options) {
    this.#client = client;
    this.#store = store;
    this.#options = options;
  }

  close() {
    clearTimeout(this.#drag.timer);
    this.flush();
  }

  fail(error) {
    this.#options.onError(error);
  }

  // ---- Moving

  /** A `position` change: under way while `dragging`, durable at the end and at each pause. */
  moved({ id, position, positionAbsolute, dragging }) {
    const store = this.#store;
    if (position) store.over(id, { position, ...(positionAbsolute && { positionAbsolute }) });
    if (dragging) {
      store.over(id, { dragging: true });
      this.#drag.group ??= `drag ${(this.#drags += 1)}`;
      this.#drag.ids.add(id);
      this.#later();
      this.#showDrag();
      return;
    }
    const at = store.overOf(id).position;
    const wasDragged = this.#drag.ids.delete(id);
    const group = this.#drag.group ?? `nudge ${(this.#drags += 1)}`;
    // Until it is written, the node stays where the hand left it.
    const after = () => store.over(id, { position: undefined, positionAbsolute: undefined, dragging: undefined });
    if (at) this.#write([{ id, position: at }], group, after);
    else after();
    if (!wasDragged || this.#drag.ids.size > 0) return;
    clearTimeout(this.#drag.timer);
    this.#drag = { ids: new Set(), written: new Map(), group: null, timer: null };
    this.#do(() => {}, { group, isLast: true, after: () => this.#endDrag() });
  }

  /** Others see the hand let go once they have what it did: the other way round the node would jump back for a moment. */
  #endDrag() {
    this.#client.saved().then(() => this.#showDrag(), () => {});
  }

  #later() {
    clearTimeout(this.#drag.timer);
    this.#drag.timer = setTimeout(() => {
      const { ids, written, group } = this.#drag;
      const moves = [...ids].map((id) => ({ id, position: this.#store.overOf(id).position })).filter(({ id, position }) => position && written.get(id) !== position);
      for (const { id, position } of moves) written.set(id, position);
      this.#write(moves, group);
    }, this.#options.pauseMilliseconds);
  }

  #showDrag() {
    const dragging = [...this.#drag.ids].map((node) => ({ node, position: this.#store.overOf(node).position })).filter(({ position }) => position);
    this.#client.showPresence({ dragging });
  }

  #write(moves, group, after = null) {
    if (moves.length === 0) return;
    this.#do((ops) => {
      const { document } = this.#client;
      for (const { id, position } of moves) {
        const present = document.node(id)?.fields.position;
        const isNews = present?.x !== position.x || present?.y !== position.y;
        if (isNews && document.isVisible(id)) ops.push(op.setNodeField(id, "position", { x: position.x, y: position.y }));
      }
    }, { group, after });
  }

  /** A size set by hand: durable once the hand lets go. */
  resized(id, dimensions, isUnderWay) {
    if (dimensions) this.#store.over(id, this.#size(id, dimensions));
    if (isUnderWay) return;
    const { width, height } = this.#store.version === 11 ? (this.#store.overOf(id).style ?? {}) : this.#store.overOf(id);
    this.#do((ops) => {
      if (width !== undefined) ops.push(op.setNodeField(id, "width", width));
      if (height !== undefined) ops.push(op.setNodeField(id, "height", height));
    }, { after: () => this.#store.over(id, this.#store.version === 11 ? { style: undefined } : { width: undefined, height: undefined }) });
  }

  #size(id, { width, height }) {
    return this.#store.version === 11 ? { style: { ...this.#client.document.node(id)?.fields.style, width, height } } : { width, height };
  }

  // ---- Making, changing, removing

  nodeChange({ type, id, item }) {
    if (type === "remove") this.#do((ops) => this.#removeNode(id, ops));
    else if (type === "add") this.#do((ops) => this.#setNode(item, ops));
    else if (type === "replace" || type === "reset") this.#do((ops) => this.#setNode(item, ops));
  }

  /** @param {object | null} key of the edge as the document has it */
  edgeChange({ type, item }, key) {
    if (type === "remove" && key) this.#do((ops) => this.#removeEdge(key, ops));
    else if (item) this.#do((ops) => this.#setEdge(item, key, ops));
  }

  connect({ source, target, sourceHandle = null, targetHandle = null }) {
    const key = edgeKey({ source, target, sourceHandle, targetHandle });
    this.#do((ops) => { if (this.#client.document.liveTags(key).length === 0) ops.push(op.addEdge(key)); });
  }

  reconnect(key, { source, target, sourceHandle = null, targetHandle = null }) {
    const renewed = edgeKey({ source, target, sourceHandle, targetHandle });
    if (!key || edgeName(key) === edgeName(renewed)) return;
    this.#do((ops) => {
      const { fields, data } = this.#client.document.edge(key) ?? { fields: {}, data: {} };
      this.#removeEdge(key, ops);
      ops.push(op.addEdge(renewed));
      for (const [field, value] of Object.entries(fields)) ops.push(op.setEdgeField(renewed, field, value));
      for (const [name, value] of Object.entries(data)) ops.push(op.setEdgeField(renewed, `data.${name}`, value));
    });
  }

  #removeNode(id, ops) {
    for (const each of removeNodeOps(this.#client.document, id)) {
      if (each.removeEdge) this.#removeEdge(each.removeEdge.edge, ops);
      else ops.push(each);
    }
  }

  /** React Flow tells of the edges of a removed node too: each goes once. */
  #removeEdge(key, ops) {
    const name = edgeName(key);
    const tags = this.#client.document.liveTags(key);
    if (tags.length === 0 || this.#removedEdges.has(name)) return;
    this.#removedEdges.set(name, true);
    ops.push(op.removeEdge(key, tags));
  }

  /** The fields of a node as React Flow has it now, as far as they differ from the document's. */
  #setNode(item, ops) {
    const { document } = this.#client;
    const fields = durableFields(item, noNodeField);
    const parent = item.parentId ?? item.parentNode;
    if (parent) fields.parentId = parent;
    // A group that does not count now is not shown, and stays.
    else if (document.parentOf(item.id) === null && document.node(item.id)?.fields.parentId !== undefined) fields.parentId = document.node(item.id).fields.parentId;
    if (this.#store.version === 11) {
      // Measures, not sizes: those are in the style.
      delete fields.width;
      delete fields.height;
    }
    if (!document.isVisible(item.id)) ops.push(op.setNodeLife(item.id, true));
    const set = (field, value) => ops.push(op.setNodeField(item.id, field, value));
    const kept = this.#store.version === 11 ? new Set(["width", "height"]) : new Set();
    difference(document.node(item.id)?.fields ?? {}, { type: "default", ...fields }, (field, value) => { if (!kept.has(field)) set(field, value); });
    difference(document.node(item.id)?.data ?? {}, item.data ?? {}, (name, value) => set(`data.${name}`, value));
  }

  #setEdge(item, before, ops) {
    const { document } = this.#client;
    const key = edgeKey(item);
    if (before && edgeName(before) !== edgeName(key)) this.#removeEdge(before, ops);
    const present = document.edge(key);
    if (!present) ops.push(op.addEdge(key));
    const fields = durableFields(item, noEdgeField);
    // An id that only follows from the ends is no news.
    if (present && present.fields.id === undefined) delete fields.id;
    const set = (field, value) => ops.push(op.setEdgeField(key, field, value));
    difference(present?.fields ?? {}, fields, set);
    difference(present?.data ?? {}, item.data ?? {}, (name, value) => set(`data.${name}`, value));
  }

  // ---- One change a turn

  /** `group` of the undo step, `isLast` ends it; `after`: once it is done, or could not be. */
  #do(make, { group = null, isLast = false, after = null } = {}) {
    this.#due.push({ make, group, isLast, after });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Makes the changes that are due now. */
  flush() {
    this.#isScheduled = false;
    const due = this.#due.splice(0);
    this.#removedEdges.clear();
    if (due.length === 0) return;
    const ops = [];
    const group = due.find((each) => each.group !== null)?.group ?? null;
    try {
      for (const { make } of due) make(ops);
      this.#client.edit(ops, { group });
    } catch (error) {
      this.fail(error);
    }
    if (due.some(({ isLast }) => isLast)) this.#client.endGroup();
    for (const { after } of due) after?.();
    this.#store.refresh();
  }
}

/** What to set so that `before` becomes `after`; `undefined` for what goes. */
function difference(before, after, set) {
  for (const name of Object.keys(before)) if (after[name] === undefined) set(name, undefined);
  for (const [name, value] of Object.entries(after)) {
    if (value !== undefined && JSON.stringify(value) !== JSON.stringify(before[name])) set(name, value);
  }
}
