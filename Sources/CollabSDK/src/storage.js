// Where a client keeps what is not acknowledged yet, so that it outlives the page.

/**
 * The place of one client: a lease, the document as it was, and the changes that wait. Nobody else has it while it is claimed.
 *
 * - `load()`: `{kept, snapshot, pending}` or null for an empty place
 * - `append(entry)`: one more pending change; resolved once it is durable
 * - `save({kept, snapshot, pending})`: takes the place of everything, as a whole or not at all; resolved once it is durable
 * - `clear()`: empties it
 * - `release()`: others may claim it
 * @typedef {object} Place
 */

/**
 * - `claim(room)`: a place in this room that nobody has, one with something in it first
 * - `orphans(room)`: further places in which changes wait and that nobody has, claimed
 * @typedef {{claim: (room: string) => Promise<Place>, orphans: (room: string) => Promise<Place[]>}} Storage
 */

/** Keeps everything as long as the process lives: what Node.js programs and tests use. */
export class MemoryStorage {
  /** By room. @type {Map<string, MemoryPlace[]>} */
  #rooms = new Map();

  async claim(room) {
    const places = this.#rooms.get(room) ?? [];
    this.#rooms.set(room, places);
    const free = places.filter((place) => !place.isClaimed);
    let place = free.find((each) => each.pendingCount > 0) ?? free[0];
    if (!place) places.push((place = new MemoryPlace()));
    place.isClaimed = true;
    return place;
  }

  async orphans(room) {
    const found = (this.#rooms.get(room) ?? []).filter((place) => !place.isClaimed && place.pendingCount > 0);
    for (const place of found) place.isClaimed = true;
    return found;
  }
}

class MemoryPlace {
  #content = null;
  isClaimed = false;

  get pendingCount() {
    return this.#content?.pending.length ?? 0;
  }

  async load() {
    return this.#content ? structuredClone(this.#content) : null;
  }

  async append(entry) {
    this.#content?.pending.push(structuredClone(entry));
  }

  async save(content) {
    this.#content = structuredClone(content);
  }

  async clear() {
    this.#content = null;
  }

  release() {
    this.isClaimed = false;
  }
}
