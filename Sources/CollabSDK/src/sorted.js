/**
 * Items in the order of their keys, in chunks: an insert anywhere moves little, one at the end, the usual place, moves nothing.
 *
 * Lookup O(log n), insert and remove O(log n + chunk). The key is kept as it was when the item came in.
 * @template Key, Item
 */
export class SortedList {
  static chunkMax = 128;

  /** @param {(a: Key, b: Key) => number} compare @param {(a: Item, b: Item) => number} tie for equal keys */
  constructor(compare, tie = () => 0) {
    this.compare = compare;
    this.tie = tie;
    /** None empty. @type {{key: Key, item: Item}[][]} */
    this.chunks = [];
    this.count = 0;
  }

  /** Takes over items in any order, in the place of all that were there. O(n log n). @param {{key: Key, item: Item}[]} entries */
  fill(entries) {
    entries.sort((a, b) => this.#order(a, b));
    this.count = entries.length;
    this.chunks = [];
    const part = SortedList.chunkMax / 2;
    for (let start = 0; start < entries.length; start += part) this.chunks.push(entries.slice(start, start + part));
  }

  insert(item, key) {
    const entry = { key, item };
    this.count += 1;
    const last = this.chunks.at(-1);
    if (last === undefined) {
      this.chunks.push([entry]);
      return;
    }
    if (this.#order(last[last.length - 1], entry) < 0) {
      if (last.length < SortedList.chunkMax) last.push(entry);
      else this.chunks.push([entry]);
      return;
    }
    const at = this.#chunkFor(entry);
    const chunk = this.chunks[at];
    chunk.splice(this.#place(entry, chunk), 0, entry);
    if (chunk.length > SortedList.chunkMax) this.chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
  }

  /** An item that is not there is left alone. */
  remove(item, key) {
    if (this.count === 0) return;
    const entry = { key, item };
    const at = this.#chunkFor(entry);
    const chunk = this.chunks[at];
    const place = this.#place(entry, chunk);
    if (place >= chunk.length || chunk[place].item !== item) return;
    chunk.splice(place, 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
    this.count -= 1;
  }

  /** @returns {Item | undefined} */
  popFirst() {
    if (this.count === 0) return undefined;
    const chunk = this.chunks[0];
    const { item } = chunk.shift();
    if (chunk.length === 0) this.chunks.shift();
    this.count -= 1;
    return item;
  }

  *[Symbol.iterator]() {
    for (const chunk of this.chunks) for (const entry of chunk) yield entry.item;
  }

  /** Items whose key comes after this one, in order. @param {Key} key @returns {Item[]} */
  after(key) {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(this.chunks[middle].at(-1).key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (let at = low; at < this.chunks.length; at += 1) {
      for (const entry of this.chunks[at]) if (this.compare(key, entry.key) < 0) found.push(entry.item);
    }
    return found;
  }

  #order(a, b) {
    return this.compare(a.key, b.key) || this.tie(a.item, b.item);
  }

  /** The first chunk whose last entry does not come before `entry`, or the last chunk. */
  #chunkFor(entry) {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#order(this.chunks[middle].at(-1), entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #place(entry, chunk) {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#order(chunk[middle], entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
