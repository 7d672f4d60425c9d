import { Replica } from "./replica.js";
import { opName } from "./stamp.js";

// The snapshot format, version 1 [ME4]: "THYS", format, length, three columns (shape, stamps, text), checksum.

const magic = "THYS";
const format = 1;
const headerBytes = 13;
const checksumBytes = 8;
const columnHeaderBytes = 8;

const malformed = (what) => new RangeError(`the snapshot is malformed: ${what}`);

/**
 * Reads a snapshot into a replica.
 * @param bytes a Uint8Array, inflated
 * @throws RangeError for anything that is no whole snapshot of this format
 */
export async function decodeSnapshot(bytes) {
  await checkSum(bytes);
  return new SnapshotReader(columnsOf(bytes)).read();
}

/** A page on a plain port of another machine has no SHA-256; zlib's own sum holds there. */
async function checkSum(bytes) {
  if (!globalThis.crypto?.subtle || bytes.length < headerBytes + checksumBytes) return;
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, -checksumBytes)));
  if (bytes.subarray(-checksumBytes).some((byte, index) => byte !== sum[index])) throw malformed("its checksum differs");
}

function columnsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerBytes + checksumBytes) throw malformed("it is too short");
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== magic) throw malformed("it is none");
  if (bytes[4] !== format) throw malformed(`format ${bytes[4]} is not known`);
  if (Number(view.getBigUint64(5, true)) !== bytes.length - headerBytes - checksumBytes) throw malformed("its length differs");
  const columns = [];
  let at = headerBytes;
  const end = bytes.length - checksumBytes;
  while (columns.length < 3) {
    if (end - at < columnHeaderBytes) throw malformed("a column is missing");
    const length = Number(view.getBigUint64(at, true));
    at += columnHeaderBytes;
    if (length > end - at) throw malformed("a column goes beyond the end");
    columns.push(new Column(bytes.subarray(at, at + length)));
    at += length;
  }
  if (at !== end) throw malformed("something follows the columns");
  return columns;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const unzigzag = (value) => (value >> 1n) ^ -(value & 1n);

class Column {
  #at = 0;
  #stamp = { hlc: 0n, replica: 0, seq: 0n, index: 0 };

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

  big() {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed("a number does not end");
  }

  string(length) {
    if (length > this.left) throw malformed("a text goes beyond the end");
    const text = utf8.decode(this.bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return text;
  }

  /** Each stamp is written against the one before. */
  stamp() {
    const first = this.number();
    const last = this.#stamp;
    if (first % 2 === 1) {
      this.#stamp = { ...last, index: last.index + Number(unzigzag(BigInt((first - 1) / 2))) };
    } else {
      this.#stamp = {
        hlc: BigInt.asUintN(64, last.hlc + unzigzag(this.big())), replica: first / 2,
        seq: BigInt.asUintN(64, last.seq + unzigzag(this.big())), index: this.number(),
      };
    }
    const { hlc, replica, seq, index } = this.#stamp;
    return { hlc, replica, seq: Number(seq), index };
  }

  #byte() {
    if (this.#at >= this.bytes.length) throw malformed("a column ends too soon");
    return this.bytes[this.#at++];
  }
}

class SnapshotReader {
  #replica = new Replica();
  #names = [];
  #nodes = [];

  constructor([shape, stamps, text]) {
    this.shape = shape;
    this.stamps = stamps;
    this.text = text;
  }

  read() {
    const replica = this.#replica;
    this.#each(() => {
      const id = this.shape.number();
      replica.version.set(id, this.shape.number());
    });
    this.shape.big(); // the highest time seen: only writers need it
    this.#each(() => this.#names.push(this.#string()));
    replica.meta = this.#fields();
    this.#each(() => {
      const id = this.#string();
      const node = replica.node(id);
      this.#life(node.life);
      node.fields = this.#fields();
      this.#nodes.push(id);
    });
    this.#each(() => this.#nodes.push(this.#string()));
    this.#each(() => this.#edge());
    // Comments are read over: this page does not show them.
    this.#each(() => { this.#string(); this.#life(new Map()); this.#fields(); });
    this.#each(() => this.#waitingRemoval());
    if (this.shape.left + this.stamps.left + this.text.left > 0) throw malformed("something is left over");
    return replica;
  }

  /** Every counted thing takes at least a byte of shape, so a count beyond the end shows before anything is made for it. */
  #each(readOne) {
    const count = this.shape.number();
    if (count > this.shape.left) throw malformed("a count goes beyond the end");
    for (let index = 0; index < count; index += 1) readOne();
  }

  #edge() {
    const source = this.#node();
    const target = this.#node();
    const edge = this.#replica.edge({ source, sourceHandle: this.#handle(), target, targetHandle: this.#handle() });
    const tagCount = this.shape.number();
    if (tagCount > this.stamps.left) throw malformed("a count goes beyond the end");
    for (let index = 0; index < tagCount; index += 1) {
      const tag = this.stamps.stamp();
      edge.tags.set(opName(tag), tag);
    }
    edge.fields = this.#fields();
  }

  #waitingRemoval() {
    this.#string();
    this.#optional();
    this.#string();
    this.#optional();
    this.#replica.removedBefore.add(opName(this.stamps.stamp()));
  }

  #life(registers) {
    const state = this.shape.number();
    if (state > 2) throw malformed("a life is none");
    if (state > 0) registers.set("alive", { value: state === 2, stamp: this.stamps.stamp() });
  }

  #fields() {
    const registers = new Map();
    this.#each(() => {
      const name = this.#named(this.shape.number());
      const stamp = this.stamps.stamp();
      registers.set(name, { value: this.#optional(), stamp });
    });
    return registers;
  }

  #node() {
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

  #string() {
    return this.text.string(this.shape.number());
  }

  #optional() {
    const length = this.shape.number();
    return length === 0 ? null : this.text.string(length - 1);
  }
}
