import { compareStamps, count, edgeKeyFrom, edgeName, opName, stampFrom, uint64 } from "./stamp.js";

/** A register in which the write with the highest stamp wins. */
function write(registers, name, value, stamp) {
  const held = registers.get(name);
  if (!held || compareStamps(held.stamp, stamp) < 0) registers.set(name, { value, stamp });
}

/**
 * The replicated document, read-only: it takes everybody's changes and makes none.
 *
 * meta: LWW registers. nodes: id -> { life, fields }. edges: name -> { key, tags, fields } where tags are the adds
 * that nobody who saw them removed [DO1, DO4]. Values stay JSON texts; who shows one parses it.
 */
export class Replica {
  constructor() {
    this.version = new Map();
    this.position = 0;
    this.meta = new Map();
    this.nodes = new Map();
    this.edges = new Map();
    /** Names of adds that were removed before they came [DO6]. */
    this.removedBefore = new Set();
  }

  /**
   * Applies a change of the protocol.
   * @returns "applied", "duplicate", or "gap" when an earlier change of that replica is missing [CR4]
   */
  apply(change) {
    const replica = change.replica ?? 0;
    const seq = count(change.seq);
    const seen = this.version.get(replica) ?? 0;
    if (seq <= seen) return "duplicate";
    if (seq > seen + 1) return "gap";
    const hlc = uint64(change.hlc);
    (change.ops ?? []).forEach((op, index) => this.#applyOp(op, { hlc, replica, seq, index }));
    this.version.set(replica, seq);
    return "applied";
  }

  /** The version as the protocol writes it: two columns, replicas ascending. */
  versionMessage() {
    const entries = [...this.version].filter(([, seq]) => seq > 0).sort((a, b) => a[0] - b[0]);
    return { replica: entries.map(([replica]) => replica), seq: entries.map(([, seq]) => String(seq)) };
  }

  node(id) {
    let node = this.nodes.get(id);
    if (!node) this.nodes.set(id, (node = { life: new Map(), fields: new Map() }));
    return node;
  }

  edge(key) {
    const name = edgeName(key);
    let edge = this.edges.get(name);
    if (!edge) this.edges.set(name, (edge = { key, tags: new Map(), fields: new Map() }));
    return edge;
  }

  isAlive(id) {
    return this.nodes.get(id)?.life.get("alive")?.value === true;
  }

  #applyOp(op, stamp) {
    if (op.setNodeField) {
      write(this.node(op.setNodeField.node ?? "").fields, op.setNodeField.field ?? "", op.setNodeField.value ?? null, stamp);
    } else if (op.setNodeLife) {
      write(this.node(op.setNodeLife.node ?? "").life, "alive", op.setNodeLife.alive === true, stamp);
    } else if (op.addEdge) {
      const name = opName(stamp);
      if (!this.removedBefore.delete(name)) this.edge(edgeKeyFrom(op.addEdge.edge ?? {})).tags.set(name, stamp);
    } else if (op.removeEdge) {
      this.#removeEdge(edgeKeyFrom(op.removeEdge.edge ?? {}), op.removeEdge.tags ?? []);
    } else if (op.setEdgeField) {
      write(this.edge(edgeKeyFrom(op.setEdgeField.edge ?? {})).fields, op.setEdgeField.field ?? "", op.setEdgeField.value ?? null, stamp);
    } else if (op.setMeta) {
      write(this.meta, op.setMeta.field ?? "", op.setMeta.value ?? null, stamp);
    }
    // Comments are not shown here, and ops of a newer minor version are not ours to understand.
  }

  #removeEdge(key, tags) {
    const edge = this.edges.get(edgeName(key));
    for (const message of tags) {
      const tag = stampFrom(message);
      const gone = edge?.tags.delete(opName(tag)) ?? false;
      if (!gone && (this.version.get(tag.replica) ?? 0) < tag.seq) this.removedBefore.add(opName(tag));
    }
  }
}
