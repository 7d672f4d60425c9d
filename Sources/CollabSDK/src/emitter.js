/** Listeners by the name of what happened. */
export class Emitter {
  #listeners = new Map();

  /**
   * @param {string} type
   * @param {(detail: any) => void} listener
   * @returns {() => void} takes the listener off again
   */
  on(type, listener) {
    const list = this.#listeners.get(type) ?? new Set();
    list.add(listener);
    this.#listeners.set(type, list);
    return () => list.delete(listener);
  }

  /** One listener's error does not keep the others from hearing. */
  emit(type, detail) {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        queueMicrotask(() => { throw error; });
      }
    }
  }
}
