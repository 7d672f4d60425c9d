import { crc32 } from "./bytes.js";
import { inflate } from "./inflate.js";
import { decodeSnapshot } from "./snapshot.js";

/** A snapshot coming in pieces [SN1, ME4]. A chunk 0 begins anew: the server may start over at a newer position. */
export class SnapshotAssembly {
  #chunks = [];
  #bytes = 0;
  #first = null;

  /** @param {number} bytesMax deflated or inflated */
  constructor(bytesMax) {
    this.bytesMax = bytesMax;
  }

  /**
   * @returns {{document: import("./document.js").WorkflowDocument, position: number} | null} after the last chunk; null before
   * @throws {RangeError} when a chunk is out of turn or damaged, or the whole is too large or no snapshot
   */
  add(chunk) {
    if (chunk.index === 0) {
      this.#chunks = [];
      this.#bytes = 0;
      this.#first = chunk;
    }
    const first = this.#first;
    const isInTurn = first !== null && chunk.index === this.#chunks.length && chunk.count === first.count && chunk.position === first.position
      && chunk.index < chunk.count;
    if (!isInTurn) throw new RangeError(`snapshot chunk ${chunk.index} came where ${this.#chunks.length} was due`);
    if (crc32(chunk.data) !== chunk.crc32) throw new RangeError(`snapshot chunk ${chunk.index} is damaged`);
    this.#bytes += chunk.data.length;
    if (first.rawBytes > this.bytesMax || this.#bytes > this.bytesMax) throw new RangeError("the snapshot is larger than this client takes");
    this.#chunks.push(chunk.data);
    if (this.#chunks.length < first.count) return null;

    const joined = new Uint8Array(this.#bytes);
    let at = 0;
    for (const data of this.#chunks) {
      joined.set(data, at);
      at += data.length;
    }
    this.#chunks = [];
    this.#first = null;
    return { document: decodeSnapshot(inflate(joined, first.rawBytes)), position: Number(first.position) };
  }
}
