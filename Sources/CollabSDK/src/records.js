import { compareStamps } from "./stamp.js";

/**
 * A value with the stamp of the op that wrote it; the highest stamp wins [DO1].
 * @typedef {{value: any, stamp: import("./stamp.js").Stamp}} Register
 */

/** All registers of one node, or a placeholder for a node that an edge or a child names and nobody has written to. */
export class NodeRecord {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    /** @type {Register | null} */
    this.life = null;
    /** @type {Map<string, Register>} */
    this.fields = new Map();
    /** How many edge records and `parentId` registers name this node. */
    this.uses = 0;
    /** The node that the `parentId` register names. @type {NodeRecord | null} */
    this.parent = null;

    // Derived. Everything below is a function of the registers.
    this.isShown = false;
    /** Edges with a tag, at their ends. @type {Set<EdgeRecord>} */
    this.out = new Set();
    /** @type {Set<EdgeRecord>} */
    this.into = new Set();
    /** Place in the topological order of the taken edges. */
    this.rank = -1;
    /** The last search that came by. */
    this.mark = 0;
    this.isTouched = false;
    /** @type {Uint8Array | null} */
    this.graphDigest = null;
    /** @type {Uint8Array | null} */
    this.documentDigest = null;
    /** What its result follows from, once somebody asked. @type {import("./fingerprints.js").Trace | null} */
    this.trace = null;
    /** The node as users of the document see it, until something of it changes. */
    this.view = null;
    /** In a snapshot that is being written. */
    this.number = 0;
  }

  get isAlive() {
    return this.life !== null && this.life.value;
  }

  /** Alive with a type [GV1]. */
  get isVisible() {
    if (this.life === null || !this.life.value) return false;
    const type = this.fields.get("type");
    return type !== undefined && type.value !== null;
  }

  /** Nothing replicated is held here. */
  get isEmpty() {
    return this.life === null && this.fields.size === 0;
  }
}

/** Why an edge is in the graph or not [GV1, GV3]. */
export const standings = Object.freeze({
  /** No tag. */
  gone: 0,
  /** An end is not visible. */
  orphan: 1,
  /** Both ends are visible and it is not decided yet; only within `settle`. */
  undecided: 2,
  taken: 3,
  /** Would close a cycle. */
  cycle: 4,
});

export class EdgeRecord {
  /**
   * @param {string} name of the key
   * @param {{source: string, sourceHandle: string | null, target: string, targetHandle: string | null}} key
   * @param {NodeRecord} from @param {NodeRecord} to
   */
  constructor(name, key, from, to) {
    this.name = name;
    this.key = key;
    this.from = from;
    this.to = to;
    /** The adds that nobody removed, ascending; the edge is there while there is one [DO4]. @type {import("./stamp.js").Stamp[]} */
    this.tags = [];
    /** @type {Map<string, Register>} */
    this.fields = new Map();

    // Derived.
    this.standing = standings.gone;
    /** The lowest tag under which it stands in the edge order. @type {import("./stamp.js").Stamp | null} */
    this.lowest = null;
    /** Among the taken edges of the topological order. */
    this.isOrdered = false;
    /** A parked edge that is up for decision. */
    this.isQueued = false;
    this.isTouched = false;
    /** @type {Uint8Array | null} */
    this.graphDigest = null;
    /** @type {Uint8Array | null} */
    this.documentDigest = null;
    this.view = null;
  }

  get isEmpty() {
    return this.tags.length === 0 && this.fields.size === 0;
  }

  /** @returns {boolean} whether the tag is new */
  addTag(tag) {
    const at = place(this.tags, tag);
    if (at < this.tags.length && compareStamps(this.tags[at], tag) === 0) return false;
    this.tags.splice(at, 0, tag);
    return true;
  }

  /** @returns {boolean} whether the tag was there */
  removeTag(tag) {
    const at = place(this.tags, tag);
    if (at >= this.tags.length || compareStamps(this.tags[at], tag) !== 0) return false;
    this.tags.splice(at, 1);
    return true;
  }

  /** Whether a field of an edge that is there counts: only what was written after the add that holds the edge does [DO4]. */
  counts(register) {
    return this.tags.length > 0 && compareStamps(this.tags[0], register.stamp) < 0;
  }

  /** The fields that count. @returns {[string, Register][]} */
  presentFields() {
    return this.tags.length === 0 ? [] : [...this.fields].filter(([, register]) => this.counts(register));
  }
}

function place(tags, tag) {
  let low = 0;
  let high = tags.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareStamps(tags[middle], tag) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class CommentRecord {
  constructor(id) {
    this.id = id;
    /** @type {Register | null} */
    this.life = null;
    /** @type {Map<string, Register>} */
    this.fields = new Map();
    this.view = null;
  }

  get isAlive() {
    return this.life !== null && this.life.value;
  }
}
