// Inflates zlib streams (RFC 1950, RFC 1951), synchronous and bounded by the size that was announced: a snapshot is taken in within one turn.

export class InflateError extends RangeError {}

const lengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const distanceExtra = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/**
 * @param {Uint8Array} bytes a whole zlib stream
 * @param {number} rawBytes how many bytes it must inflate to
 * @returns {Uint8Array}
 * @throws {InflateError} when it is damaged, or holds more or fewer bytes
 */
export function inflate(bytes, rawBytes) {
  if (bytes.length < 6 || (bytes[0] & 0x0f) !== 8 || ((bytes[0] << 8) | bytes[1]) % 31 !== 0 || bytes[1] & 0x20) {
    throw new InflateError("no zlib stream");
  }
  const inflater = new Inflater(bytes, rawBytes);
  inflater.run();
  const sum = inflater.trailer();
  if (sum !== adler32(inflater.out)) throw new InflateError("the stream's checksum differs");
  return inflater.out;
}

function adler32(bytes) {
  let a = 1;
  let b = 0;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 3800);
    for (; at < end; at += 1) b += a += bytes[at];
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** A canonical code as a table over its longest length: entry = symbol << 4 | length. */
class Code {
  constructor(lengths) {
    const counts = new Uint16Array(16);
    for (const length of lengths) counts[length] += 1;
    counts[0] = 0;
    this.bits = 15;
    while (this.bits > 1 && counts[this.bits] === 0) this.bits -= 1;
    this.table = new Uint16Array(1 << this.bits);
    const next = new Uint16Array(16);
    let code = 0;
    for (let length = 1; length <= 15; length += 1) {
      code = (code + counts[length - 1]) << 1;
      next[length] = code;
      if (code + counts[length] > 1 << length) throw new InflateError("a code that is too full");
    }
    lengths.forEach((length, symbol) => {
      if (length === 0) return;
      let reversed = 0;
      for (let bit = 0, value = next[length]++; bit < length; bit += 1, value >>= 1) reversed = (reversed << 1) | (value & 1);
      for (let at = reversed; at < this.table.length; at += 1 << length) this.table[at] = (symbol << 4) | length;
    });
  }
}

const fixedLengths = Array.from({ length: 288 }, (_, at) => (at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8));
let fixedCodes = null;

class Inflater {
  constructor(bytes, rawBytes) {
    this.bytes = bytes;
    this.at = 2;
    this.hold = 0;
    this.held = 0;
    this.out = new Uint8Array(rawBytes);
    this.filled = 0;
  }

  run() {
    let isLast = false;
    while (!isLast) {
      isLast = this.take(1) === 1;
      const kind = this.take(2);
      if (kind === 0) this.stored();
      else if (kind === 1) this.block((fixedCodes ??= { literals: new Code(fixedLengths), distances: new Code(Array(30).fill(5)) }));
      else if (kind === 2) this.block(this.codes());
      else throw new InflateError("a block of no kind");
    }
    if (this.filled !== this.out.length) throw new InflateError("the stream is shorter than announced");
  }

  trailer() {
    this.at -= this.held >> 3;
    if (this.bytes.length - this.at !== 4) throw new InflateError("the stream ends elsewhere than its bytes");
    return new DataView(this.bytes.buffer, this.bytes.byteOffset).getUint32(this.at);
  }

  need(bits) {
    while (this.held < bits) {
      // Past the end zeros come in; `at` says so where it matters.
      this.hold |= (this.at < this.bytes.length ? this.bytes[this.at] : 0) << this.held;
      this.at += 1;
      this.held += 8;
      if (this.at > this.bytes.length + 4) throw new InflateError("the stream ends too soon");
    }
  }

  take(bits) {
    if (bits === 0) return 0;
    this.need(bits);
    const value = this.hold & ((1 << bits) - 1);
    this.hold >>>= bits;
    this.held -= bits;
    return value;
  }

  symbol(code) {
    this.need(code.bits);
    const entry = code.table[this.hold & ((1 << code.bits) - 1)];
    const length = entry & 15;
    if (length === 0) throw new InflateError("a code that is none");
    this.hold >>>= length;
    this.held -= length;
    return entry >> 4;
  }

  stored() {
    this.at -= this.held >> 3;
    this.hold = this.held = 0;
    const { bytes, at } = this;
    if (bytes.length - at < 4) throw new InflateError("the stream ends too soon");
    const length = bytes[at] | (bytes[at + 1] << 8);
    if ((length ^ 0xffff) !== (bytes[at + 2] | (bytes[at + 3] << 8))) throw new InflateError("a block's length differs");
    if (at + 4 + length > bytes.length) throw new InflateError("the stream ends too soon");
    this.room(length);
    this.out.set(bytes.subarray(at + 4, at + 4 + length), this.filled);
    this.filled += length;
    this.at = at + 4 + length;
  }

  codes() {
    const literalCount = this.take(5) + 257;
    const distanceCount = this.take(5) + 1;
    const lengthCount = this.take(4) + 4;
    const codeLengths = Array(19).fill(0);
    for (let at = 0; at < lengthCount; at += 1) codeLengths[lengthOrder[at]] = this.take(3);
    const code = new Code(codeLengths);
    const lengths = [];
    while (lengths.length < literalCount + distanceCount) {
      const symbol = this.symbol(code);
      if (symbol < 16) lengths.push(symbol);
      else {
        if (symbol === 16 && lengths.length === 0) throw new InflateError("nothing to repeat");
        const [value, count] = symbol === 16 ? [lengths.at(-1), 3 + this.take(2)] : [0, symbol === 17 ? 3 + this.take(3) : 11 + this.take(7)];
        for (let left = count; left > 0; left -= 1) lengths.push(value);
      }
    }
    if (lengths.length > literalCount + distanceCount) throw new InflateError("too many lengths");
    return { literals: new Code(lengths.slice(0, literalCount)), distances: new Code(lengths.slice(literalCount)) };
  }

  block({ literals, distances }) {
    const { out } = this;
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol < 256) {
        this.room(1);
        out[this.filled++] = symbol;
        continue;
      }
      if (symbol === 256) return;
      if (symbol > 285) throw new InflateError("a length that is none");
      const length = lengthBase[symbol - 257] + this.take(lengthExtra[symbol - 257]);
      const far = this.symbol(distances);
      if (far > 29) throw new InflateError("a distance that is none");
      const distance = distanceBase[far] + this.take(distanceExtra[far]);
      if (distance > this.filled) throw new InflateError("a distance before the start");
      this.room(length);
      let to = this.filled;
      for (let from = to - distance, end = to + length; to < end;) out[to++] = out[from++];
      this.filled = to;
    }
  }

  room(more) {
    if (this.filled + more > this.out.length) throw new InflateError("the stream is longer than announced");
  }
}
