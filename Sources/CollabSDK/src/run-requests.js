import { isLastRunEvent } from "./boards.js";
import { ClientError } from "./options.js";

/** A run as who asked for it sees it: an async iterable of its events, ending after the last; `finished` for the last one alone. */
export class RunHandle {
  #events = [];
  #wake = [];
  #isOver = false;
  #error = null;
  #settle;

  constructor(key) {
    this.key = key;
    /** Known once an event of it came. @type {string | null} */
    this.run = null;
    this.finished = new Promise((resolve, reject) => { this.#settle = { resolve, reject }; });
    // Who reads the events instead hears of the refusal there.
    this.finished.catch(() => {});
  }

  push(event) {
    this.#events.push(event);
    if (isLastRunEvent(event)) {
      this.#isOver = true;
      this.#settle.resolve(event);
    }
    this.#wakeAll();
    return this.#isOver;
  }

  fail(error) {
    this.#error = error;
    this.#settle.reject(error);
    this.#wakeAll();
  }

  async *[Symbol.asyncIterator]() {
    for (let at = 0; ; at += 1) {
      while (at >= this.#events.length) {
        if (this.#isOver) return;
        if (this.#error) throw this.#error;
        await new Promise((resolve) => this.#wake.push(resolve));
      }
      yield this.#events[at];
    }
  }

  #wakeAll() {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Runs asked for here, until each is over or refused [RU1, RU2, RU3]. */
export class RunRequests {
  /** By the request's number. @type {Map<number, {request: object, handle: RunHandle, connection: number}>} */
  #entries = new Map();

  /** @param {number} connection on which it was asked for; 0 for none yet */
  add(request, handle, connection) {
    this.#entries.set(request.request, { request, handle, connection });
  }

  take(event) {
    for (const [number, { request, handle }] of this.#entries) {
      if (handle.run === null && event.kind === "RUN_STARTED" && event.info?.idempotencyKey === request.idempotencyKey) handle.run = event.run;
      if (handle.run === event.run && handle.push(event)) this.#entries.delete(number);
    }
  }

  /** The run of a key was begun before: what is known of it so far comes at once. */
  name(run, key, events) {
    for (const [number, { request, handle }] of this.#entries) {
      if (handle.run !== null || request.idempotencyKey !== key) continue;
      handle.run = run;
      for (const event of events) if (handle.push(event)) this.#entries.delete(number);
    }
  }

  refuse({ request, code, text }) {
    const entry = this.#entries.get(request);
    // Not connected: it is asked again on the next connection, with the same key.
    if (!entry || (code === "UNAVAILABLE" && entry.connection === 0)) return;
    this.#entries.delete(request);
    entry.handle.fail(new ClientError(code, text));
  }

  /** What an earlier connection was asked and did not start; the key makes asking twice harmless. `include`: what is here now. */
  again(connection, include) {
    const due = [...this.#entries.values()].filter((entry) => entry.handle.run === null && entry.connection !== connection);
    for (const entry of due) {
      entry.connection = connection;
      entry.request.include = include;
    }
    return due.map(({ request }) => request);
  }

  failAll(stop) {
    for (const { handle } of this.#entries.values()) handle.fail(new ClientError("STOPPED", stop.text));
    this.#entries.clear();
  }
}

/** A key that nobody else uses, for a run that is new [RU3]. */
export function randomKey() {
  const digits = () => Math.floor(Math.random() * 2 ** 32).toString(36);
  return `${Date.now().toString(36)}-${digits()}${digits()}`;
}
