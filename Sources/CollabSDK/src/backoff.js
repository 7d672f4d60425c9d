/**
 * Pauses between attempts to connect: drawn evenly from 0 to a bound that doubles, so that a crowd cut off together does not come back together.
 * Source: Brooker, "Exponential Backoff And Jitter", AWS 2015 ("full jitter").
 */
export class Backoff {
  /** Attempts in vain since the last success. */
  attempts = 0;

  /** @param {number} first milliseconds @param {number} most milliseconds @param {() => number} random from 0 to 1 */
  constructor(first, most, random) {
    this.first = first;
    this.most = most;
    this.random = random;
  }

  succeeded() {
    this.attempts = 0;
  }

  /** @param {number} atLeast what the server asked for in its goodbye, in milliseconds. Drawn for this session alone: the first attempt keeps to it, then the jitter comes on top [GB1] */
  next(atLeast = 0) {
    const bound = Math.min(this.most, this.first * 2 ** Math.min(this.attempts, 20));
    this.attempts += 1;
    if (this.attempts === 1 && atLeast > 0) return atLeast;
    return atLeast + Math.floor(this.random() * (bound + 1));
  }
}
