import { op, writeOf } from "./change.js";
import { compareText, edgeName } from "./text.js";
import { edgeFields, edgesIn, isIn, same } from "./undo-step.js";

/** A dead node that is brought back this long after its removal takes its fields along: they may have been collected elsewhere [ME5]. */
const collectionAgeMilliseconds = 3_600_000;

/** The ops that take a step back against the present document. */
export class InverseStep {
  constructor(step, document) {
    this.step = step;
    this.document = document;
    /** @type {import("./change.js").Op[]} */
    this.ops = [];
    /** Names of edges that the step did not remove, and that are drawn anew to stand behind one that comes back. */
    this.redrawn = new Set();
    /** What was written back to attributes of edges, by edge name and field. */
    this.written = new Map();
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
        if (document.liveTags(edge).length > 0 && !step.added.has(edgeName(edge))) {
          ops.push({ setEdgeField: { ...each.setEdgeField, value: before } });
          const written = this.written.get(edgeName(edge)) ?? new Map();
          this.written.set(edgeName(edge), written.set(each.setEdgeField.field, before));
        }
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
    const { step } = this;
    const returning = new Map([...step.edges].filter(([name, key]) =>
      step.removed.has(name) && !this.#staysLive(name, key) && this.#comesBack(key.source) && this.#comesBack(key.target)));
    for (const [scope, order] of step.orders) {
      if (order.edges.some((key) => returning.has(edgeName(key)))) this.#arrange(scope, order, returning);
    }
    for (const [name, key] of returning) this.#add(key, step.removed.get(name).fields);
  }

  /**
   * The edges of one order that come back, each in its place: what stood behind the first of them, and was not drawn anew since, goes behind it
   * again. What is newer stays behind all of it.
   */
  #arrange(scope, order, returning) {
    const { step, document } = this;
    const present = edgesIn(scope, document).filter(({ name, key }) => !returning.has(name) && this.#staysLive(name, key));
    const places = new Map(present.map((edge, index) => [edge.name, { edge, index }]));
    const known = order.edges.filter((key) => {
      const name = edgeName(key);
      return returning.has(name) || same(places.get(name)?.edge.tags[0], order.tags.get(name));
    });
    const names = new Set(known.map(edgeName));
    const wanted = [...known, ...present.filter(({ name }) => !names.has(name)).map(({ key }) => key)];
    let kept = 0;
    for (let last = -1; kept < wanted.length; kept += 1) {
      const place = places.get(edgeName(wanted[kept]));
      if (place === undefined || place.index <= last) break;
      last = place.index;
    }
    for (const key of wanted.slice(kept)) {
      const name = edgeName(key);
      if (returning.delete(name)) this.#add(key, step.removed.get(name).fields);
      else {
        this.redrawn.add(name);
        this.ops.push(op.removeEdge(key, document.liveTags(key)));
        this.#add(key, edgeFields(document, key));
      }
    }
  }

  /** An edge that is drawn anew has none of its attributes, nor what was written back to them above. */
  #add(key, fields) {
    const name = edgeName(key);
    this.ops.push(op.addEdge(key));
    const values = new Map(fields.map(({ field, value }) => [field, value]));
    if (this.redrawn.has(name)) for (const [field, value] of this.written.get(name) ?? []) values.set(field, value);
    for (const [field, value] of [...values].sort(([a], [b]) => compareText(a, b))) this.ops.push({ setEdgeField: { edge: key, field, value } });
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
