import { writeOf } from "./change.js";
import { compareStamps, stampName, stampOf } from "./stamp.js";
import { compareEdgeKeys, compareText, edgeName } from "./text.js";

export const same = (a, b) => a !== null && a !== undefined && b !== null && b !== undefined && stampName(a) === stampName(b);
export const isIn = (tag, tags) => tags.some((other) => same(tag, other));

/** In the place of a node's id: the order of all edges. No node has an empty id. */
export const allEdges = "";

/** Where more edges end, their order does not come back: undoing one removal would draw them all anew [UN2]. */
const inputCountMax = 256;

/** The edges of a scope, parked ones among them, in edge order [GV2]. @returns {import("./records.js").EdgeRecord[]} */
export function edgesIn(scope, { state, projection }) {
  if (scope === allEdges) return [...projection.live];
  return [...(state.nodes.get(scope)?.into ?? [])].sort((a, b) => compareStamps(a.tags[0], b.tags[0]) || compareEdgeKeys(a.key, b.key));
}

/** @typedef {{node: string, field: string} | {node: string} | {edge: object, field?: string} | {comment: string, field?: string} | {field: string}} Overwritten */

const placeOf = (each) => {
  const { value, alive, ...place } = Object.values(each)[0];
  return place;
};

const tagOf = ({ hlc, replica, seq, index }) => ({ ms: Number(hlc >> 16n), counter: Number(hlc & 0xffffn), replica, seq, index });

/** What one step wrote and what was there before: enough to take it back as far as nobody wrote over it. */
export class UndoStep {
  /** @param {string | null} group @param {import("./document.js").WorkflowDocument | null} document of whose edges the order is kept as a whole */
  constructor(group, document = null) {
    this.group = group;
    this.keepsEdgeOrder = document !== null;
    /** By register, in the order of the first write. @type {Map<string, {op: object, stamp: object, stampBefore: object | null, before: any, after: any}>} */
    this.writes = new Map();
    /** Keys of the edges that the step added or removed, in that order, by name. */
    this.edges = new Map();
    /** The tags of the step's adds that it did not remove again. @type {Map<string, object[]>} */
    this.added = new Map();
    /** Edges that were there before the step and that it removed, as they were then. @type {Map<string, {tags: object[], fields: object[]}>} */
    this.removed = new Map();
    /** Of all edges, or of the inputs of each node that the step removed one of: their keys in edge order as they stood before, and their lowest tags by name. */
    this.orders = new Map();
    if (document) this.#noteOrder(allEdges, document);
  }

  /** @param {Set<string>} redrawn names of edges whose coming and going is no affair of the step: they only go behind others */
  record(change, document, redrawn = new Set()) {
    change.ops.forEach((each, index) => {
      const stamp = stampOf(change, index);
      const { edge } = each.addEdge ?? each.removeEdge ?? {};
      if (edge && redrawn.has(edgeName(edge))) return;
      if (each.addEdge) {
        const name = this.#note(edge);
        this.added.set(name, [...(this.added.get(name) ?? []), stamp]);
      } else if (each.removeEdge) this.#remove(each.removeEdge, document);
      else this.#write(each, stamp, document);
    });
  }

  /** What of it stays when it is taken back, because others wrote over it. @returns {Overwritten[]} */
  overwritten(document) {
    const found = [];
    for (const { op: each, stamp, before, after } of this.writes.values()) {
      const present = stampIn(document, each);
      if (before !== after && present && present.replica !== stamp.replica) found.push(placeOf(each));
    }
    for (const [name, tags] of this.added) {
      const edge = this.edges.get(name);
      if (!document.liveTags(edge).some((tag) => isIn(tag, tags))) found.push({ edge });
    }
    return found;
  }

  forget(change) {
    change.ops.forEach((each, index) => {
      const stamp = stampOf(change, index);
      const { edge } = each.addEdge ?? each.removeEdge ?? {};
      const name = edge && edgeName(edge);
      if (each.addEdge) {
        const tags = (this.added.get(name) ?? []).filter((tag) => !same(tag, stamp));
        if (tags.length > 0) this.added.set(name, tags);
        else this.added.delete(name);
      } else if (each.removeEdge) {
        if (this.removed.get(name)?.tags.some((tag) => isIn(tag, each.removeEdge.tags.map(tagOf)))) this.removed.delete(name);
      } else {
        const write = writeOf(each);
        if (write && same(this.writes.get(write.name)?.stamp, stamp)) this.writes.delete(write.name);
      }
    });
  }

  rename(stamps) {
    const renewed = (stamp) => (stamp ? stamps.get(stampName(stamp)) ?? stamp : stamp);
    for (const write of this.writes.values()) {
      write.stamp = renewed(write.stamp);
      write.stampBefore = renewed(write.stampBefore);
    }
    for (const [edge, tags] of this.added) this.added.set(edge, tags.map(renewed));
    for (const removal of this.removed.values()) {
      removal.tags = removal.tags.map(renewed);
      for (const field of removal.fields) field.stamp = renewed(field.stamp);
    }
    for (const { tags } of this.orders.values()) for (const [edge, tag] of tags) tags.set(edge, renewed(tag));
  }

  /** Whose value taking the step back puts into the register again. `present`: the register's stamp now, for one that the step did not touch. */
  stampRestored(each, name, present) {
    if (each.setEdgeField) {
      const removal = this.removed.get(edgeName(each.setEdgeField.edge));
      if (removal) return removal.fields.find((field) => field.field === each.setEdgeField.field)?.stamp ?? null;
    }
    const write = this.writes.get(name);
    return write ? write.stampBefore : present;
  }

  /** Whether nobody wrote over what this step left in the register. */
  isIntact(name, document) {
    const write = this.writes.get(name);
    if (!write) return false;
    const present = stampIn(document, write.op);
    if (write.op.setEdgeField && present === null) return write.after === null;
    return same(present, write.stamp);
  }

  /** The register holds what this step left there, if it left that under this stamp, under a new stamp now. */
  followWrite(each, name, old, renewed) {
    const write = this.writes.get(name);
    if (write && same(write.stamp, old)) write.stamp = renewed;
    if (write && same(write.stampBefore, old)) write.stampBefore = renewed;
    if (!each.setEdgeField) return;
    const field = this.removed.get(edgeName(each.setEdgeField.edge))?.fields.find((other) => other.field === each.setEdgeField.field);
    if (field && same(field.stamp, old)) field.stamp = renewed;
  }

  /** As above for an edge that was added again in the place of these adds. */
  followEdge(edge, old, renewed) {
    const name = edgeName(edge);
    for (const scope of [allEdges, edge.target]) {
      const tags = this.orders.get(scope)?.tags;
      if (tags?.has(name) && isIn(tags.get(name), old)) tags.set(name, renewed);
    }
    const added = this.added.get(name);
    if (added?.some((tag) => isIn(tag, old))) this.added.set(name, [...added.filter((tag) => !isIn(tag, old)), renewed]);
    const removal = this.removed.get(name);
    if (removal?.tags.some((tag) => isIn(tag, old))) removal.tags = [...removal.tags.filter((tag) => !isIn(tag, old)), renewed];
  }

  #write(each, stamp, document) {
    const write = writeOf(each);
    if (!write) return;
    const earlier = this.writes.get(write.name);
    const present = stampIn(document, each);
    if (!earlier) {
      this.writes.set(write.name, { op: each, stamp, stampBefore: present, before: valueIn(document, each), after: write.value });
      return;
    }
    // What somebody else wrote between two writes of the step is what undoing goes back to.
    const isOwn = same(present, earlier.stamp) || (stamp.replica === earlier.stamp.replica && stamp.seq === earlier.stamp.seq);
    if (!isOwn) {
      earlier.stampBefore = present;
      earlier.before = valueIn(document, each);
    }
    earlier.stamp = stamp;
    earlier.after = write.value;
  }

  #remove({ edge, tags: messages }, document) {
    const name = this.#note(edge);
    const tags = messages.map(tagOf);
    const own = this.added.get(name) ?? [];
    const left = own.filter((tag) => !isIn(tag, tags));
    if (left.length > 0) this.added.set(name, left);
    else this.added.delete(name);
    const live = document.liveTags(edge);
    const wasThere = live.some((tag) => isIn(tag, tags) && !isIn(tag, own));
    if (!wasThere || this.removed.has(name)) return;
    this.removed.set(name, { tags: live, fields: edgeFields(document, edge) });
    const isOrdered = this.keepsEdgeOrder || this.orders.has(edge.target) || (document.state.nodes.get(edge.target)?.into.size ?? 0) > inputCountMax;
    if (!isOrdered) this.#noteOrder(edge.target, document);
  }

  #noteOrder(scope, document) {
    const edges = edgesIn(scope, document);
    this.orders.set(scope, { edges: edges.map(({ key }) => key), tags: new Map(edges.map(({ name, tags }) => [name, tags[0]])) });
  }

  #note(edge) {
    const name = edgeName(edge);
    if (!this.edges.has(name)) this.edges.set(name, edge);
    return name;
  }
}

/** The stamp in the register that an op writes; null when it holds nothing, as that of an edge drawn anew. */
export function stampIn({ state }, each) {
  if (each.setMeta) return state.meta.get(each.setMeta.field)?.stamp ?? null;
  if (each.setNodeLife) return state.nodes.get(each.setNodeLife.node)?.life?.stamp ?? null;
  if (each.setNodeField) return state.nodes.get(each.setNodeField.node)?.fields.get(each.setNodeField.field)?.stamp ?? null;
  if (each.setEdgeField) {
    const edge = state.edges.get(edgeName(each.setEdgeField.edge));
    const register = edge?.fields.get(each.setEdgeField.field);
    return register && edge.counts(register) ? register.stamp : null;
  }
  if (each.setCommentLife) return state.comments.get(each.setCommentLife.comment)?.life?.stamp ?? null;
  if (each.setCommentField) return state.comments.get(each.setCommentField.comment)?.fields.get(each.setCommentField.field)?.stamp ?? null;
  return null;
}

export function valueIn(document, each) {
  if (each.setMeta) return document.meta(each.setMeta.field);
  if (each.setNodeLife) return document.isAlive(each.setNodeLife.node);
  if (each.setNodeField) return document.value(each.setNodeField.node, each.setNodeField.field);
  if (each.setEdgeField) return document.edgeValue(each.setEdgeField.edge, each.setEdgeField.field);
  if (each.setCommentLife) return document.isCommentAlive(each.setCommentLife.comment);
  return document.commentValue(each.setCommentField.comment, each.setCommentField.field);
}

/** The edge's fields that count and are set, sorted. */
export function edgeFields({ state }, key) {
  const present = state.edges.get(edgeName(key))?.presentFields() ?? [];
  return present.filter(([, { value }]) => value !== null).map(([field, { value, stamp }]) => ({ field, value, stamp }))
    .sort((a, b) => compareText(a.field, b.field));
}
