import { CommentRecord, EdgeRecord, NodeRecord } from "./records.js";
import { compareStamps, stampName, Version } from "./stamp.js";
import { stringFrom } from "./json.js";
import { utf8Length } from "./text.js";

/** Counted for each register and tag beside its text. */
export const registerBytes = 48;
/** Counted for each node, edge, comment or name beside its id. */
export const recordBytes = 96;

/** What is replicated: registers, tags, waiting removals and the version. Everything else is derived from it. */
export class DocumentState {
  constructor() {
    this.version = new Version();
    /** @type {bigint} */
    this.highestTime = 0n;
    /** Field names and handles in the order of their first use; numbers differ between replicas. @type {Map<string, number>} */
    this.names = new Map();
    /** @type {Map<string, import("./records.js").Register>} */
    this.meta = new Map();
    /** @type {Map<string, NodeRecord>} */
    this.nodes = new Map();
    /** By `edgeName`. @type {Map<string, EdgeRecord>} */
    this.edges = new Map();
    /** @type {Map<string, CommentRecord>} */
    this.comments = new Map();
    /** Removals that came before the add they name, by the change that will bring it [DO6]. @type {Map<string, Map<string, object>>} */
    this.removals = new Map();
    /** Ids, names, values and a fixed sum per record, name, register and tag, tombstones included. */
    this.byteCount = 0;
    this.aliveNodeCount = 0;
    this.liveEdgeCount = 0;
    // Known to every document, so they cost none of it anything.
    this.intern("type");
    this.intern("parentId");
    this.byteCount = 0;
  }

  /** A name stays until the document is next collected, whoever used it, so it counts. */
  intern(name) {
    if (this.names.has(name)) return;
    this.names.set(name, this.names.size);
    this.byteCount += recordBytes + utf8Length(name);
  }

  ensureNode(id) {
    let node = this.nodes.get(id);
    if (!node) {
      node = new NodeRecord(id);
      this.nodes.set(id, node);
      this.byteCount += recordBytes + utf8Length(id);
    }
    return node;
  }

  ensureEdge(name, key) {
    const known = this.edges.get(name);
    if (known) return known;
    const from = this.ensureNode(key.source);
    const to = this.ensureNode(key.target);
    const whole = { source: key.source, sourceHandle: key.sourceHandle ?? null, target: key.target, targetHandle: key.targetHandle ?? null };
    if (whole.sourceHandle !== null) this.intern(whole.sourceHandle);
    if (whole.targetHandle !== null) this.intern(whole.targetHandle);
    const edge = new EdgeRecord(name, Object.freeze(whole), from, to);
    this.edges.set(name, edge);
    from.uses += 1;
    to.uses += 1;
    this.byteCount += recordBytes;
    return edge;
  }

  ensureComment(id) {
    let comment = this.comments.get(id);
    if (!comment) {
      comment = new CommentRecord(id);
      this.comments.set(id, comment);
      this.byteCount += recordBytes + utf8Length(id);
    }
    return comment;
  }

  /** Forgets an edge of which nothing is left, and with it the placeholders of its ends. */
  releaseEdgeIfEmpty(edge) {
    if (!edge.isEmpty || this.edges.get(edge.name) !== edge) return;
    this.edges.delete(edge.name);
    this.byteCount -= recordBytes;
    this.#dropUse(edge.from);
    this.#dropUse(edge.to);
  }

  #dropUse(node) {
    node.uses -= 1;
    if (node.uses > 0 || !node.isEmpty) return;
    this.nodes.delete(node.id);
    this.byteCount -= recordBytes + utf8Length(node.id);
  }

  // ---- Writes. Each says whether it won.

  writeField(fields, field, value, stamp) {
    const register = fields.get(field);
    if (!register) {
      fields.set(field, { value, stamp });
      this.byteCount += registerBytes + bytesOf(value);
      return true;
    }
    if (compareStamps(register.stamp, stamp) >= 0) return false;
    this.byteCount += bytesOf(value) - bytesOf(register.value);
    register.value = value;
    register.stamp = stamp;
    return true;
  }

  writeLife(record, alive, stamp) {
    if (record.life !== null && compareStamps(record.life.stamp, stamp) >= 0) return false;
    record.life = { value: alive, stamp };
    return true;
  }

  writeNodeLife(node, alive, stamp) {
    const before = node.isAlive;
    if (!this.writeLife(node, alive, stamp)) return false;
    this.aliveNodeCount += (alive ? 1 : 0) - (before ? 1 : 0);
    return true;
  }

  /** Also keeps the node that `parentId` names. */
  writeNodeField(node, field, value, stamp) {
    if (!this.writeField(node.fields, field, value, stamp)) return false;
    if (field === "parentId") this.nameParent(node, value);
    return true;
  }

  nameParent(node, value) {
    const before = node.parent;
    const id = stringFrom(value);
    node.parent = id === null ? null : this.ensureNode(id);
    if (node.parent) node.parent.uses += 1;
    if (before) this.#dropUse(before);
  }

  addTag(edge, tag) {
    if (!edge.addTag(tag)) return false;
    this.byteCount += registerBytes;
    if (edge.tags.length === 1) this.liveEdgeCount += 1;
    return true;
  }

  removeTag(edge, tag) {
    if (!edge.removeTag(tag)) return false;
    this.byteCount -= registerBytes;
    if (edge.tags.length === 0) this.liveEdgeCount -= 1;
    return true;
  }

  // ---- Removals that came before their adds [DO6]

  rememberRemoval(name, key, tag) {
    const change = `${tag.replica}.${tag.seq}`;
    const waiting = this.removals.get(change) ?? new Map();
    waiting.set(`${stampName(tag)} ${name}`, { key, tag });
    this.removals.set(change, waiting);
  }

  isRemovedBefore(name, tag) {
    if (this.removals.size === 0) return false;
    return this.removals.get(`${tag.replica}.${tag.seq}`)?.has(`${stampName(tag)} ${name}`) ?? false;
  }

  settleRemovals(replica, seq) {
    if (this.removals.size > 0) this.removals.delete(`${replica}.${seq}`);
  }
}

function bytesOf(value) {
  return value === null ? 0 : utf8Length(value);
}
