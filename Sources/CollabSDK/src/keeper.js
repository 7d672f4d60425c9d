import { decodeSnapshot } from "./snapshot.js";
import { encodeSnapshot } from "./snapshot-writer.js";

/** Pause between two saves of the whole document. */
const saveMilliseconds = 2000;
/** A save takes at most one part in so many of the time. */
const saveShare = 50;

/**
 * Keeps a machine's state in a place, so that a later one can go on: each own change before it leaves, the document now and then.
 *
 * When the place fails (full, forbidden), the client goes on without: what waits is then lost with the page, and `failed` is told.
 */
export class Keeper {
  #place;
  /** Writes go one after the other. */
  #work = Promise.resolve();
  #timer = null;
  #savedAt = 0;
  #saveTook = 0;
  #isOver = false;

  /** @param {import("./storage.js").Place} place @param {(error: Error) => void} failed */
  constructor(place, failed) {
    this.#place = place;
    this.failed = failed;
  }

  /** @returns {Promise<object | null>} what a machine is restored from; null when nothing readable is there */
  async load() {
    try {
      const content = await this.#place.load();
      return content && { ...content.kept, document: decodeSnapshot(content.snapshot), pending: content.pending };
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  /** @param {() => void} stored called once the change may leave */
  append(entry, stored) {
    this.#do(() => this.#place.append(entry), stored);
  }

  /** Saves everything as it is now. @param {() => void} stored */
  save(machine, stored = () => {}) {
    clearTimeout(this.#timer);
    this.#timer = null;
    const started = performance.now();
    const content = { kept: machine.kept(), snapshot: encodeSnapshot(machine.document), pending: machine.pending.entries };
    this.#savedAt = performance.now();
    this.#saveTook = this.#savedAt - started;
    this.#do(() => this.#place.save(content), stored);
  }

  /** Saves everything soon, the sooner the less it costs. */
  saveLater(machine) {
    if (this.#timer !== null || this.#isOver) return;
    const pause = Math.max(saveMilliseconds, saveShare * this.#saveTook) - (performance.now() - this.#savedAt);
    this.#timer = setTimeout(() => this.save(machine), Math.max(0, pause));
    this.#timer.unref?.();
  }

  /** Resolved once all that was written so far is durable, or has failed. */
  settled() {
    return this.#work;
  }

  /** Ends it. @param {boolean} isEmpty whether nothing is worth keeping */
  async close(isEmpty) {
    clearTimeout(this.#timer);
    this.#isOver = true;
    if (isEmpty) this.#do(() => this.#place.clear(), () => {});
    await this.#work;
    this.#place.release();
  }

  #do(write, stored) {
    this.#work = this.#work.then(write).catch((error) => this.failed(error)).then(stored);
  }
}
