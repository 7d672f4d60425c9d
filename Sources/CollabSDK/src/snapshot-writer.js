import { sha256 } from "./sha256.js";
import { checksumBytes, columnHeaderBytes, format, headerBytes, magic } from "./snapshot.js";
import { compareStamps, joinTime, zeroStamp } from "./stamp.js";
import { compareEdgeKeys, compareText } from "./text.js";

/**
 * The whole document as bytes, not compressed: what a client keeps to open a workflow while it is offline [SN2]. O(document).
 * @param {import("./document.js").WorkflowDocument} document
 * @returns {Uint8Array}
 */
export function encodeSnapshot(document) {
  const writer = new SnapshotWriter(document.state);
  writer.write(document.projection);
  return writer.finish();
}

const utf8 = new TextEncoder();

/** Bytes that grow. */
class Output {
  #bytes = new Uint8Array(1024);
  #count = 0;

  get bytes() {
    return this.#bytes.subarray(0, this.#count);
  }

  /** LEB128. @param {number | bigint} value */
  number(value) {
    this.#reserve(10);
    let rest = value;
    if (typeof rest === "bigint") {
      for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.#count++] = Number(rest & 0x7fn) | 0x80;
      this.#bytes[this.#count++] = Number(rest);
      return;
    }
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#bytes[this.#count++] = (rest % 128) | 0x80;
    this.#bytes[this.#count++] = rest;
  }

  /** @returns {number} bytes that it took */
  text(text) {
    this.#reserve(3 * text.length);
    const { written } = utf8.encodeInto(text, this.#bytes.subarray(this.#count));
    this.#count += written;
    return written;
  }

  #reserve(more) {
    if (this.#count + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#count + more));
    grown.set(this.bytes);
    this.#bytes = grown;
  }
}

/** A difference modulo 2^64 in its zigzag form. @param {bigint} difference */
function zigzag(difference) {
  const signed = BigInt.asIntN(64, difference);
  return BigInt.asUintN(64, (signed << 1n) ^ (signed >> 63n));
}

class SnapshotWriter {
  #shape = new Output();
  #stamps = new Output();
  #text = new Output();
  #last = zeroStamp;

  constructor(state) {
    this.state = state;
  }

  write(projection) {
    const { state } = this;
    const { replica, seq } = state.version.toMessage();
    this.#shape.number(replica.length);
    replica.forEach((id, index) => {
      this.#shape.number(id);
      this.#shape.number(seq[index]);
    });
    this.#shape.number(state.highestTime);
    this.#shape.number(state.names.size);
    for (const name of state.names.keys()) this.#string(name);
    this.#fields(state.meta);
    this.#nodes(projection);
    this.#edges(projection);
    const comments = [...state.comments.values()].sort((a, b) => compareText(a.id, b.id));
    this.#shape.number(comments.length);
    for (const comment of comments) this.#record(comment.id, comment);
    this.#removals();
  }

  finish() {
    const columns = [this.#shape.bytes, this.#stamps.bytes, this.#text.bytes];
    const bodyBytes = columns.reduce((sum, column) => sum + columnHeaderBytes + column.length, 0);
    const bytes = new Uint8Array(headerBytes + bodyBytes + checksumBytes);
    const view = new DataView(bytes.buffer);
    utf8.encodeInto(magic, bytes);
    bytes[4] = format;
    view.setBigUint64(5, BigInt(bodyBytes), true);
    let at = headerBytes;
    for (const column of columns) {
      view.setBigUint64(at, BigInt(column.length), true);
      bytes.set(column, at + columnHeaderBytes);
      at += columnHeaderBytes + column.length;
    }
    bytes.set(sha256(bytes.subarray(0, at)).subarray(0, checksumBytes), at);
    return bytes;
  }

  #nodes(projection) {
    const hidden = [...this.state.nodes.values()].filter((node) => !node.isShown).sort((a, b) => compareText(a.id, b.id));
    const order = [...projection.visibleNodes, ...hidden.filter((node) => !node.isEmpty)];
    const ends = hidden.filter((node) => node.isEmpty);
    let number = 0;
    this.#shape.number(order.length);
    for (const node of order) {
      node.number = number++;
      this.#record(node.id, node);
    }
    this.#shape.number(ends.length);
    for (const node of ends) {
      node.number = number++;
      this.#string(node.id);
    }
  }

  #edges(projection) {
    const gone = [...this.state.edges.values()].filter((edge) => edge.tags.length === 0);
    const order = [...projection.live, ...gone.sort((a, b) => compareEdgeKeys(a.key, b.key))];
    this.#shape.number(order.length);
    for (const edge of order) {
      this.#shape.number(edge.from.number);
      this.#shape.number(edge.to.number);
      for (const handle of [edge.key.sourceHandle, edge.key.targetHandle]) {
        this.#shape.number(handle === null ? 0 : this.state.names.get(handle) + 1);
      }
      this.#shape.number(edge.tags.length);
      for (const tag of edge.tags) this.#stamp(tag);
      this.#fields(edge.fields);
    }
  }

  #removals() {
    const waiting = [...this.state.removals.values()].flatMap((removals) => [...removals.values()]);
    waiting.sort((a, b) => compareStamps(a.tag, b.tag) || compareEdgeKeys(a.key, b.key));
    this.#shape.number(waiting.length);
    for (const { key, tag } of waiting) {
      this.#string(key.source);
      this.#optional(key.sourceHandle);
      this.#string(key.target);
      this.#optional(key.targetHandle);
      this.#stamp(tag);
    }
  }

  #record(id, { life, fields }) {
    this.#string(id);
    this.#shape.number(life === null ? 0 : life.value ? 2 : 1);
    if (life !== null) this.#stamp(life.stamp);
    this.#fields(fields);
  }

  #fields(fields) {
    const { names } = this.state;
    this.#shape.number(fields.size);
    const sorted = [...fields].sort((a, b) => names.get(a[0]) - names.get(b[0]));
    for (const [name, { value, stamp }] of sorted) {
      this.#shape.number(names.get(name));
      this.#stamp(stamp);
      this.#optional(value);
    }
  }

  /** An op of the same change, the usual neighbour, is one byte. */
  #stamp(stamp) {
    const last = this.#last;
    this.#last = stamp;
    if (stamp.ms === last.ms && stamp.counter === last.counter && stamp.seq === last.seq && stamp.replica === last.replica) {
      const difference = stamp.index - last.index;
      this.#stamps.number((difference >= 0 ? 2 * difference : -2 * difference - 1) * 2 + 1);
      return;
    }
    this.#stamps.number(stamp.replica * 2);
    this.#stamps.number(zigzag(joinTime(stamp.ms, stamp.counter) - joinTime(last.ms, last.counter)));
    this.#stamps.number(zigzag(BigInt(stamp.seq) - BigInt(last.seq)));
    this.#stamps.number(stamp.index);
  }

  #string(text) {
    this.#shape.number(this.#text.text(text));
  }

  #optional(text) {
    if (text === null || text === undefined) this.#shape.number(0);
    else this.#shape.number(this.#text.text(text) + 1);
  }
}
