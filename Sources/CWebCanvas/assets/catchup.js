import { inflate } from "./inflate.js";
import { decodeSnapshot } from "./snapshot.js";
import { count } from "./stamp.js";

const rawBytesMax = 512 << 20;

/** Collects the chunks of a snapshot and turns them into a replica [ME4, SN1]. */
export class SnapshotAssembly {
  #chunks = [];
  #bytes = 0;

  /**
   * @returns a promise of the replica with the last chunk, else null
   * @throws when a chunk is out of place
   */
  add(chunk) {
    const index = chunk.index ?? 0;
    if (index === 0) this.#chunks = [], this.#bytes = 0;
    if (index !== this.#chunks.length) throw new RangeError("a snapshot chunk is missing");
    const data = Uint8Array.from(atob(chunk.data ?? ""), (unit) => unit.charCodeAt(0));
    this.#chunks.push(data);
    this.#bytes += data.length;
    if (this.#chunks.length < (chunk.count ?? 1)) return null;
    return this.#finish(chunk);
  }

  async #finish({ rawBytes = 0, position }) {
    if (rawBytes > rawBytesMax) throw new RangeError("the snapshot is too large for a browser");
    const joined = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks.splice(0)) joined.set(chunk, at), (at += chunk.length);
    const replica = await decodeSnapshot(await inflate(joined, rawBytes));
    replica.position = count(position);
    return replica;
  }
}
