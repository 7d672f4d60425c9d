import { op, writeOf } from "./change.js";
import { stampName, stampOf } from "./stamp.js";
import { compareText, edgeName } from "./text.js";

/**
 * What one person can take back: the steps of one replica, newest last [UN1, UN2].
 *
 * Undo and redo are ordinary changes: this only says which ops they should have against the present document. The caller makes a change of
 * them, records it as "undo" or "redo", and applies it.
 */
export class UndoStack {
  #undoable = [];
  #redoable = [];
  /** The step whose taking back is on its way. */
  #underWay = null;
  /** Whether the next edit may join the last step. */
  #isOpen = false;

  /** @param {number} depthMax the oldest steps beyond it are forgotten */
  constructor(depthMax = 256) {
    this.depthMax = depthMax;
  }

  get undoDepth() {
    return this.#undoable.length;
  }

  get redoDepth() {
    return this.#redoable.length;
  }

  /** The next edit begins a step of its own, whatever its group. */
  close() {
    this.#isOpen = false;
  }

  /**
   * Keeps how to take a change back.
   * @param {import("./change.js").Change} change
   * @param {import("./document.js").WorkflowDocument} document as it is right before the change is applied
   * @param {{group?: string | null, as?: "edit" | "undo" | "redo"}} how edits that follow each other with the same group are one step
   */
  record(change, document, { group = null, as = "edit" } = {}) {
    if (as === "edit") {
      this.#redoable = [];
      const last = this.#undoable.at(-1);
      if (this.#isOpen && group !== null && last?.group === group) last.record(change, document);
      else this.#push(this.#undoable, change, document, group);
    } else {
      if (this.#underWay) this.#follow(change, this.#underWay, document);
      this.#push(as === "undo" ? this.#redoable : this.#undoable, change, document, group);
    }
    this.#underWay = null;
    this.#isOpen = as === "edit";
  }

  /**
   * The ops that take the last step back, and the step goes; steps of which nothing is left to take back go with it.
   * @returns {import("./change.js").Op[] | null} null when there is nothing
   */
  undo(document) {
    return this.#pop(this.#undoable, document);
  }

  /** The ops that take back the last step recorded as "undo". */
  redo(document) {
    return this.#pop(this.#redoable, document);
  }

  /** Follows changes that were given other stamps: what `restamp` says. */
  rename(stamps) {
    if (stamps.size === 0) return;
    for (const step of [...this.#undoable, ...this.#redoable]) step.rename(stamps);
  }

  /** The state to come back to when what `undo` gave is not taken. */
  save() {
    return { undoable: [...this.#undoable], redoable: [...this.#redoable], underWay: this.#underWay, isOpen: this.#isOpen };
  }

  restore({ undoable, redoable, underWay, isOpen }) {
    this.#undoable = undoable;
    this.#redoable = redoable;
    this.#underWay = underWay;
    this.#isOpen = isOpen;
  }

  /** What an older step wrote and a younger one replaced is back under the stamp of the taking back; the older step must know it again. */
  #follow(change, step, document) {
    change.ops.forEach((each, index) => {
      const stamp = stampOf(change, index);
      const steps = [...this.#undoable, ...this.#redoable];
      const removal = each.addEdge ? step.removed.get(edgeName(each.addEdge.edge)) : undefined;
      if (removal) {
        for (const other of steps) other.followEdge(edgeName(each.addEdge.edge), removal.tags, stamp);
        return;
      }
      const write = writeOf(each);
      if (!write) return;
      const old = step.stampRestored(each, write.name, stampIn(document, each));
      if (old) for (const other of steps) other.followWrite(each, write.name, old, stamp);
    });
  }

  #push(steps, change, document, group) {
    const step = new UndoStep(group);
    step.record(change, document);
    steps.push(step);
    if (steps.length > this.depthMax) steps.splice(0, steps.length - this.depthMax);
  }

  #pop(steps, document) {
    this.#isOpen = false;
    while (steps.length > 0) {
      const step = steps.pop();
      const ops = new InverseStep(step, document).ops;
      this.#underWay = step;
      if (ops.length > 0) return ops;
    }
    return null;
  }
}

const same = (a, b) => a !== null && a !== undefined && b !== null && b !== undefined && stampName(a) === stampName(b);
const isIn = (tag, tags) => tags.some((other) => same(tag, other));

/** What one step wrote and what was there before: enough to take it back as far as nobody wrote over it. */
class UndoStep {
  constructor(group) {
    this.group = group;
    /** By register, in the order of the first write. @type {Map<string, {op: object, stamp: object, stampBefore: object | null, before: any, after: any}>} */
    this.writes = new Map();
    /** Keys of the edges that the step added or removed, in that order, by name. */
    this.edges = new Map();
    /** The tags of the step's adds that it did not remove again. @type {Map<string, object[]>} */
    this.added = new Map();
    /** Edges that were there before the step and that it removed, as they were then. @type {Map<string, {tags: object[], fields: object[]}>} */
    this.removed = new Map();
  }

  record(change, document) {
    change.ops.forEach((each, index) => {
      const stamp = stampOf(change, index);
      if (each.addEdge) {
        const name = this.#note(each.addEdge.edge);
        this.added.set(name, [...(this.added.get(name) ?? []), stamp]);
      } else if (each.removeEdge) this.#remove(each.removeEdge, document);
      else this.#write(each, stamp, document);
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
  followEdge(name, old, renewed) {
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
    const tags = messages.map((tag) => ({ ms: Number(tag.hlc >> 16n), counter: Number(tag.hlc & 0xffffn), replica: tag.replica, seq: tag.seq, index: tag.index }));
    const own = this.added.get(name) ?? [];
    const left = own.filter((tag) => !isIn(tag, tags));
    if (left.length > 0) this.added.set(name, left);
    else this.added.delete(name);
    const live = document.liveTags(edge);
    const wasThere = live.some((tag) => isIn(tag, tags) && !isIn(tag, own));
    if (wasThere && !this.removed.has(name)) this.removed.set(name, { tags: live, fields: edgeFields(document, edge) });
  }

  #note(edge) {
    const name = edgeName(edge);
    if (!this.edges.has(name)) this.edges.set(name, edge);
    return name;
  }
}

/** A dead node that is brought back this long after its removal takes its fields along: they may have been collected elsewhere [ME5]. */
const collectionAgeMilliseconds = 3_600_000;

/** The ops that take a step back against the present document. */
class InverseStep {
  constructor(step, document) {
    this.step = step;
    this.document = document;
    /** @type {import("./change.js").Op[]} */
    this.ops = [];
    this.#removeAddedEdges();
    this.#writeBack();
    this.#addRemovedEdges();
  }

  #removeAddedEdges() {
    for (const [name, key] of this.step.edges) {
      const tags = this.step.added.get(name);
      const live = tags ? this.document.liveTags(key).filter((tag) => isIn(tag, tags)) : [];
      if (live.length > 0) this.ops.push(op.removeEdge(key, live));
    }
  }

  /** Only registers that still hold what the step left there. */
  #writeBack() {
    const { step, document, ops } = this;
    for (const [name, { op: each, stamp, before, after }] of step.writes) {
      if (before === after || !step.isIntact(name, document)) continue;
      if (each.setMeta) ops.push({ setMeta: { field: each.setMeta.field, value: before } });
      else if (each.setNodeLife) this.#setLife(each.setNodeLife.node, before, stamp);
      else if (each.setNodeField) {
        // A node that goes takes its fields along, and they come back with it.
        if (!this.#goes({ setNodeLife: { node: each.setNodeField.node } })) ops.push({ setNodeField: { ...each.setNodeField, value: before } });
      } else if (each.setEdgeField) {
        const { edge } = each.setEdgeField;
        if (document.liveTags(edge).length > 0 && !step.added.has(edgeName(edge))) ops.push({ setEdgeField: { ...each.setEdgeField, value: before } });
      } else if (each.setCommentLife) ops.push({ setCommentLife: { comment: each.setCommentLife.comment, alive: before } });
      else if (!this.#goes({ setCommentLife: { comment: each.setCommentField.comment } })) {
        ops.push({ setCommentField: { ...each.setCommentField, value: before } });
      }
    }
  }

  #setLife(node, alive, diedAt) {
    const { step, document, ops } = this;
    ops.push(op.setNodeLife(node, alive));
    const age = Math.max(0, Number(document.highestTime >> 16n) - diedAt.ms);
    if (!alive || age < collectionAgeMilliseconds) return;
    const fields = [...(document.state.nodes.get(node)?.fields ?? [])].filter(([, { value }]) => value !== null);
    for (const [field, { value }] of fields.sort(([a], [b]) => compareText(a, b))) {
      const write = { setNodeField: { node, field, value } };
      if (!step.writes.has(writeOf(write).name)) ops.push(write);
    }
  }

  /** Whether taking the step back ends this life. */
  #goes(life) {
    const { name } = writeOf(life);
    const write = this.step.writes.get(name);
    return write !== undefined && this.step.isIntact(name, this.document) && write.before === false && write.after === true;
  }

  #addRemovedEdges() {
    for (const [name, key] of this.step.edges) {
      const removal = this.step.removed.get(name);
      if (!removal || this.#staysLive(name, key) || !this.#comesBack(key.source) || !this.#comesBack(key.target)) continue;
      this.ops.push(op.addEdge(key));
      for (const { field, value } of removal.fields) this.ops.push({ setEdgeField: { edge: key, field, value } });
    }
  }

  /** Whether somebody else's add holds the edge. */
  #staysLive(name, key) {
    const own = this.step.added.get(name) ?? [];
    return this.document.liveTags(key).some((tag) => !isIn(tag, own));
  }

  /** Whether the node will be alive once the ops so far are applied. */
  #comesBack(node) {
    const { name } = writeOf({ setNodeLife: { node } });
    const write = this.step.writes.get(name);
    return write && this.step.isIntact(name, this.document) ? write.before === true : this.document.isAlive(node);
  }
}

/** The stamp in the register that an op writes; null when it holds nothing, as that of an edge drawn anew. */
function stampIn({ state }, each) {
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

function valueIn(document, each) {
  if (each.setMeta) return document.meta(each.setMeta.field);
  if (each.setNodeLife) return document.isAlive(each.setNodeLife.node);
  if (each.setNodeField) return document.value(each.setNodeField.node, each.setNodeField.field);
  if (each.setEdgeField) return document.edgeValue(each.setEdgeField.edge, each.setEdgeField.field);
  if (each.setCommentLife) return document.isCommentAlive(each.setCommentLife.comment);
  return document.commentValue(each.setCommentField.comment, each.setCommentField.field);
}

/** The edge's fields that count and are set, sorted. */
function edgeFields({ state }, key) {
  const present = state.edges.get(edgeName(key))?.presentFields() ?? [];
  return present.filter(([, { value }]) => value !== null).map(([field, { value, stamp }]) => ({ field, value, stamp }))
    .sort((a, b) => compareText(a.field, b.field));
}
