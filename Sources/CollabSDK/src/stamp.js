// Stamps, the hybrid clock and versions [CR2, CR3, CR4].

/**
 * Names one op and orders it among all others: (time, replica, seq, index). Time is split in two numbers, since 64 bits are too many for one.
 * @typedef {{ms: number, counter: number, replica: number, seq: number, index: number}} Stamp
 */

/** @param {number} ms @param {number} counter @param {number} replica @param {number} seq @param {number} index @returns {Stamp} */
export function makeStamp(ms, counter, replica, seq, index) {
  return { ms, counter, replica, seq, index };
}

/** Before every stamp that an op can have. */
export const zeroStamp = Object.freeze(makeStamp(0, 0, 0, 0, 0));

/** @param {Stamp} a @param {Stamp} b */
export function compareStamps(a, b) {
  return a.ms - b.ms || a.counter - b.counter || a.replica - b.replica || a.seq - b.seq || a.index - b.index;
}

/** A stamp as one string, for maps. @param {Stamp} stamp */
export function stampName(stamp) {
  return `${stamp.ms}.${stamp.counter}.${stamp.replica}.${stamp.seq}.${stamp.index}`;
}

/** @param {bigint} hlc 64 bits @returns {[number, number]} milliseconds and counter */
export function splitTime(hlc) {
  return [Number(hlc >> 16n), Number(hlc & 0xffffn)];
}

/** @param {number} ms @param {number} counter @returns {bigint} */
export function joinTime(ms, counter) {
  return (BigInt(ms) << 16n) | BigInt(counter);
}

/** The stamp of the first op of a change; the others differ in their index only. @returns {Stamp} */
export function firstStamp(change) {
  const [ms, counter] = splitTime(change.hlc);
  return makeStamp(ms, counter, change.replica, change.seq, 0);
}

/** @returns {Stamp} */
export function stampOf(change, index) {
  const stamp = firstStamp(change);
  stamp.index = index;
  return stamp;
}

/** From the protocol's message. @returns {Stamp} */
export function stampFromMessage(message) {
  const [ms, counter] = splitTime(message.hlc);
  return makeStamp(ms, counter, message.replica, Number(message.seq), message.index);
}

/** @param {Stamp} stamp */
export function stampToMessage(stamp) {
  return { hlc: joinTime(stamp.ms, stamp.counter), replica: stamp.replica, seq: stamp.seq, index: stamp.index };
}

const millisecondsMax = 2 ** 48 - 1;

/** Every reading is later than every reading it gave and every time it was shown [CR3]. */
export class HybridClock {
  constructor(ms = 0, counter = 0) {
    this.ms = ms;
    this.counter = counter;
  }

  /** @param {number} now milliseconds since 1970; a wall clock that goes back has no effect @returns {bigint} */
  tick(now) {
    const wall = Math.min(Math.max(0, Math.floor(now)), millisecondsMax);
    if (wall > this.ms) {
      this.ms = wall;
      this.counter = 0;
    } else if (this.counter < 0xffff) {
      this.counter += 1;
    } else if (this.ms < millisecondsMax) {
      // 65 536 readings within a millisecond carry into the next one.
      this.ms += 1;
      this.counter = 0;
    }
    return joinTime(this.ms, this.counter);
  }

  /** @param {bigint} hlc every later reading is later than this */
  observe(hlc) {
    const [ms, counter] = splitTime(hlc);
    if (ms > this.ms || (ms === this.ms && counter > this.counter)) {
      this.ms = ms;
      this.counter = counter;
    }
  }

  copy() {
    return new HybridClock(this.ms, this.counter);
  }
}

/** For each replica the highest contiguous seq seen; one that is not named counts as 0 [CR4]. */
export class Version {
  /** @param {Iterable<[number, number]>} entries */
  constructor(entries = []) {
    this.entries = new Map(entries);
  }

  /** @param {{replica: number[], seq: number[]}} message two columns */
  static fromMessage(message) {
    return new Version((message?.replica ?? []).map((replica, index) => [replica, Number(message.seq[index] ?? 0)]));
  }

  get(replica) {
    return this.entries.get(replica) ?? 0;
  }

  raise(replica, seq) {
    if (seq > this.get(replica)) this.entries.set(replica, seq);
  }

  /** Whether the op or change was seen. */
  coversStamp(stamp) {
    return this.get(stamp.replica) >= stamp.seq;
  }

  covers(other) {
    for (const [replica, seq] of other.entries) if (this.get(replica) < seq) return false;
    return true;
  }

  equals(other) {
    return this.covers(other) && other.covers(this);
  }

  copy() {
    return new Version(this.entries);
  }

  /** Two columns, replicas ascending, no zeros. */
  toMessage() {
    const sorted = [...this.entries].filter(([, seq]) => seq > 0).sort((a, b) => a[0] - b[0]);
    return { replica: sorted.map(([replica]) => replica), seq: sorted.map(([, seq]) => seq) };
  }
}
