/**
 * Own changes that are not acknowledged: applied here already, oldest first, `seq` without a gap [CR1, AK1]. The first `inFlightCount` of them are
 * on their way; the rest waits for room in the window or for a connection.
 */
export class PendingChanges {
  #entries = [];
  /** Entries before this are gone; the array is cut now and then, so that nothing moves per ack. */
  #start = 0;
  inFlightCount = 0;
  inFlightBytes = 0;
  byteCount = 0;

  get count() {
    return this.#entries.length - this.#start;
  }

  get isEmpty() {
    return this.count === 0;
  }

  get changes() {
    return this.#entries.slice(this.#start).map(({ change }) => change);
  }

  /** With size and the position that was seen, as they are kept on disk. */
  get entries() {
    return this.#entries.slice(this.#start);
  }

  get firstSeq() {
    return this.#entries[this.#start]?.change.seq ?? null;
  }

  /** @param {import("./change.js").Change} change @param {number} bytes on the wire, roughly @param {number} seen the position applied when it was made */
  append(change, bytes, seen) {
    const last = this.#entries.at(-1);
    if (this.count > 0 && last.change.seq + 1 !== change.seq) throw new RangeError("own changes are numbered without gaps");
    this.#entries.push({ change, bytes, seen });
    this.byteCount += bytes;
  }

  /** @returns {number} how many went */
  acknowledge(through) {
    let gone = 0;
    while (this.#start < this.#entries.length && this.#entries[this.#start].change.seq <= through) {
      const { bytes } = this.#entries[this.#start];
      this.byteCount -= bytes;
      if (gone < this.inFlightCount) this.inFlightBytes -= bytes;
      this.#start += 1;
      gone += 1;
    }
    this.inFlightCount = Math.max(0, this.inFlightCount - gone);
    if (this.#start > 64 && this.#start * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#start);
      this.#start = 0;
    }
    return gone;
  }

  #indexOf(seq) {
    const index = seq - (this.firstSeq ?? 0);
    return this.count > 0 && index >= 0 && index < this.count ? index : null;
  }

  isInFlight(seq) {
    const index = this.#indexOf(seq);
    return index !== null && index < this.inFlightCount;
  }

  change(seq) {
    return this.entry(seq)?.change ?? null;
  }

  /** As in `entries`. */
  entry(seq) {
    const index = this.#indexOf(seq);
    return index === null ? null : this.#entries[this.#start + index];
  }

  /** Everything from `seq` on is to be sent again. */
  rewind(seq) {
    const index = this.#indexOf(seq);
    if (index !== null) this.#setInFlight(Math.min(this.inFlightCount, index));
  }

  rewindAll() {
    this.#setInFlight(0);
  }

  #setInFlight(count) {
    this.inFlightCount = count;
    this.inFlightBytes = 0;
    for (let at = this.#start; at < this.#start + count; at += 1) this.inFlightBytes += this.#entries[at].bytes;
  }

  /** The next changes to send, up to `through`, within the bounds of one message and of the window; null when there are none. */
  nextBatch({ countMax, bytesMax, inFlightMax, inFlightBytesMax, through }) {
    const ready = Math.min(this.count, through - (this.firstSeq ?? 0) + 1);
    const room = Math.min(countMax, inFlightMax - this.inFlightCount, ready - this.inFlightCount);
    if (room <= 0) return null;
    const first = this.#start + this.inFlightCount;
    const batch = [];
    let bytes = 0;
    for (let at = first; batch.length < room; at += 1) {
      const entry = this.#entries[at];
      if (batch.length > 0 && bytes + entry.bytes > bytesMax) break;
      // One change goes out whatever its size, or nothing ever would.
      if (this.inFlightCount + batch.length > 0 && this.inFlightBytes + bytes + entry.bytes > inFlightBytesMax) break;
      batch.push(entry.change);
      bytes += entry.bytes;
    }
    if (batch.length === 0) return null;
    const { seen } = this.#entries[first];
    this.inFlightCount += batch.length;
    this.inFlightBytes += bytes;
    return { changes: batch, seen };
  }

  /** New numbers, and perhaps times and replica, for changes of which none may be in flight under the old ones any more. */
  replace(changes, keepingInFlight, seen, size) {
    const before = this.entries.slice(0, keepingInFlight).map((entry) => entry.seen);
    this.#entries = [];
    this.#start = 0;
    this.byteCount = 0;
    changes.forEach((change, index) => this.append(change, size(change), before[index] ?? seen));
    this.#setInFlight(Math.min(keepingInFlight, changes.length));
  }
}
