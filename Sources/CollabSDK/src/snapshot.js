import { equalBytes } from "./bytes.js";
import { WorkflowDocument } from "./document.js";
import { sha256 } from "./sha256.js";
import { compareStamps, makeStamp, splitTime, zeroStamp } from "./stamp.js";
import { DocumentState, registerBytes } from "./state.js";
import { edgeKey, edgeName, utf8Length } from "./text.js";

// The snapshot format, version 1 [SN2, ME4]: "THYS", format, length, three columns (shape, stamps, text), checksum.

export const magic = "THYS";
export const format = 1;
export const headerBytes = 13;
export const checksumBytes = 8;
export const columnHeaderBytes = 8;
/** What decoding may allocate, as `WorkflowDocument.byteCount` counts. */
const documentBytesMax = 256 * 2 ** 20;

export class SnapshotError extends RangeError {}

const malformed = (what) => new SnapshotError(`the snapshot is malformed: ${what}`);

/**
 * Reads a snapshot.
 * @param {Uint8Array} bytes inflated
 * @returns {WorkflowDocument}
 * @throws {SnapshotError} for anything that is no whole snapshot of this format; no count in it is believed before it is checked
 */
export function decodeSnapshot(bytes) {
  return new WorkflowDocument(new SnapshotReader(columnsOf(bytes)).read());
}

function columnsOf(bytes) {
  const end = bytes.length - checksumBytes;
  if (end < headerBytes) throw malformed("it is too short");
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== magic) throw malformed("it is none");
  if (bytes[4] !== format) throw malformed(`format ${bytes[4]} is not known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getBigUint64(5, true) !== BigInt(end - headerBytes)) throw malformed("its length differs");
  if (!equalBytes(sha256(bytes.subarray(0, end)).subarray(0, checksumBytes), bytes.subarray(end))) throw malformed("its checksum differs");
  const columns = [];
  let at = headerBytes;
  while (columns.length < 3) {
    if (end - at < columnHeaderBytes) throw malformed("a column is missing");
    const length = view.getBigUint64(at, true);
    at += columnHeaderBytes;
    if (length > BigInt(end - at)) throw malformed("a column goes beyond the end");
    columns.push(new Column(bytes.subarray(at, at + Number(length))));
    at += Number(length);
  }
  if (at !== end) throw malformed("something follows the columns");
  return columns;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const unzigzag = (value) => (value >> 1n) ^ -(value & 1n);

/** Numbers, texts and stamps from the front of a column. */
class Column {
  #at = 0;
  #last = zeroStamp;
  #hlc = 0n;

  constructor(bytes) {
    this.bytes = bytes;
  }

  get left() {
    return this.bytes.length - this.#at;
  }

  /** A LEB128 number below 2^53. */
  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw malformed("a number is too large");
      if (byte < 0x80) return value;
    }
  }

  /** A LEB128 number of 64 bits. */
  big() {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = this.#byte();
      if (shift === 63n && byte > 1) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed("a number does not end");
  }

  string(length) {
    if (length > this.left) throw malformed("a text goes beyond the end");
    const part = this.bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    try {
      return utf8.decode(part);
    } catch {
      throw malformed("a text is no UTF-8");
    }
  }

  /** Each stamp is written against the one before. */
  stamp() {
    const first = this.number();
    const last = this.#last;
    if (first % 2 === 1) {
      const half = (first - 1) / 2;
      const index = last.index + (half % 2 === 0 ? half / 2 : -(half + 1) / 2);
      this.#last = makeStamp(last.ms, last.counter, last.replica, last.seq, index32(index));
    } else {
      const replica = first / 2;
      if (replica > 0xffffffff) throw malformed("a replica is out of range");
      this.#hlc = BigInt.asUintN(64, this.#hlc + unzigzag(this.big()));
      const seq = BigInt.asUintN(64, BigInt(last.seq) + unzigzag(this.big()));
      if (seq > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed("a seq is too large");
      const [ms, counter] = splitTime(this.#hlc);
      this.#last = makeStamp(ms, counter, replica, Number(seq), index32(this.number()));
    }
    return this.#last;
  }

  #byte() {
    if (this.#at >= this.bytes.length) throw malformed("a column ends too soon");
    return this.bytes[this.#at++];
  }
}

function index32(index) {
  if (index < 0 || index > 0xffffffff) throw malformed("a stamp's index is out of range");
  return index;
}

class SnapshotReader {
  #state = new DocumentState();
  #names = [];
  #nodes = [];

  constructor([shape, stamps, text]) {
    this.shape = shape;
    this.stamps = stamps;
    this.text = text;
  }

  read() {
    const state = this.#state;
    let lastReplica = 0;
    this.#each(2, () => {
      const replica = this.shape.number();
      const seq = this.shape.number();
      if (replica > 0xffffffff || replica <= lastReplica || seq === 0) throw malformed("version entries are out of order");
      lastReplica = replica;
      state.version.raise(replica, seq);
    });
    state.highestTime = this.shape.big();
    this.#each(1, () => {
      const name = this.#string();
      state.intern(name);
      if (state.names.get(name) !== this.#names.length) throw malformed("names are out of order");
      this.#names.push(name);
    });
    this.#fields(state.meta);
    this.#each(3, () => this.#node());
    this.#each(1, () => this.#nodes.push(state.ensureNode(this.#string())));
    this.#each(6, () => this.#edge());
    this.#each(3, () => {
      const id = this.#string();
      if (state.comments.has(id)) throw malformed("a comment is there twice");
      const comment = state.ensureComment(id);
      comment.life = this.#life();
      this.#fields(comment.fields);
    });
    this.#each(4, () => this.#removal());
    if (this.shape.left + this.stamps.left + this.text.left > 0) throw malformed("something is left over");
    return state;
  }

  /** A count of things that take at least so many bytes of shape each. */
  #each(bytesEach, readOne) {
    const count = this.shape.number();
    if (count > this.shape.left / bytesEach) throw malformed("a count goes beyond the end");
    for (let index = 0; index < count; index += 1) {
      readOne();
      if (this.#state.byteCount > documentBytesMax) throw new SnapshotError("the snapshot is too large");
    }
  }

  #node() {
    const state = this.#state;
    const node = state.ensureNode(this.#string());
    if (!node.isEmpty) throw malformed("a node is there twice");
    node.life = this.#life();
    if (node.isAlive) state.aliveNodeCount += 1;
    this.#fields(node.fields);
    const parent = node.fields.get("parentId");
    if (parent) state.nameParent(node, parent.value);
    this.#nodes.push(node);
  }

  #edge() {
    const state = this.#state;
    const [source, target] = [this.#end(), this.#end()];
    const key = edgeKey({ source: source.id, sourceHandle: this.#handle(), target: target.id, targetHandle: this.#handle() });
    const tagCount = this.shape.number();
    if (tagCount > this.stamps.left) throw malformed("a count goes beyond the end");
    const tags = [];
    for (let index = 0; index < tagCount; index += 1) {
      const tag = this.#seenStamp();
      if (index > 0 && compareStamps(tags[index - 1], tag) >= 0) throw malformed("tags are out of order");
      tags.push(tag);
    }
    const edge = state.ensureEdge(edgeName(key), key);
    if (!edge.isEmpty) throw malformed("an edge is there twice");
    edge.tags = tags;
    state.byteCount += registerBytes * tags.length;
    if (tags.length > 0) state.liveEdgeCount += 1;
    this.#fields(edge.fields);
    if (edge.isEmpty) throw malformed("nothing is left of an edge");
  }

  #removal() {
    const key = { source: this.#string(), sourceHandle: this.#optional(), target: this.#string(), targetHandle: this.#optional() };
    const tag = this.stamps.stamp();
    if (this.#state.version.coversStamp(tag)) throw malformed("a removal waits for what is here");
    this.#state.rememberRemoval(edgeName(key), key, tag);
  }

  #life() {
    const life = this.shape.number();
    if (life > 2) throw malformed("a life is none");
    return life === 0 ? null : { value: life === 2, stamp: this.#seenStamp() };
  }

  #fields(registers) {
    let last = -1;
    this.#each(2, () => {
      const number = this.shape.number();
      if (number <= last) throw malformed("fields are out of order");
      last = number;
      const name = this.#named(number);
      const stamp = this.#seenStamp();
      const value = this.#optional();
      registers.set(name, { value, stamp });
      this.#state.byteCount += registerBytes + (value === null ? 0 : utf8Length(value));
    });
  }

  #end() {
    const number = this.shape.number();
    if (number >= this.#nodes.length) throw malformed("an end is not listed");
    return this.#nodes[number];
  }

  #handle() {
    const number = this.shape.number();
    return number === 0 ? null : this.#named(number - 1);
  }

  #named(number) {
    if (number >= this.#names.length) throw malformed("a name is not listed");
    return this.#names[number];
  }

  /** Whoever holds a write has seen it. */
  #seenStamp() {
    const stamp = this.stamps.stamp();
    if (!this.#state.version.coversStamp(stamp)) throw malformed("a stamp is beyond the version");
    return stamp;
  }

  #string() {
    return this.text.string(this.shape.number());
  }

  #optional() {
    const length = this.shape.number();
    return length === 0 ? null : this.text.string(length - 1);
  }
}
