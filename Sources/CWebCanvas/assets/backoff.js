/** Waiting times between attempts: exponential with full jitter, so that a crowd does not come back at once. */
export class Backoff {
  static firstMilliseconds = 500;
  static mostMilliseconds = 30_000;
  #attempts = 0;

  constructor(random = Math.random) {
    this.random = random;
  }

  reset() {
    this.#attempts = 0;
  }

  /** @param hint what the server asked for, in milliseconds; 0: nothing */
  next(hint = 0) {
    const ceiling = Math.min(Backoff.mostMilliseconds, Backoff.firstMilliseconds * 2 ** Math.min(this.#attempts, 10));
    this.#attempts += 1;
    return hint > 0 ? hint : Math.round(ceiling * (0.2 + 0.8 * this.random()));
  }
}
