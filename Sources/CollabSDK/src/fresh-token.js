import { ClientError } from "./options.js";

/** A page that cannot give a token now is asked again after this. */
const askAgainMilliseconds = 5_000;
/** The server takes one token per second. */
const showAgainMilliseconds = 1_100;

/**
 * Tokens that end: asks the page for a fresh one in time, and shows it to the server without a reconnect [AC9].
 *
 * What was given last is what a reconnect shows.
 */
export class FreshToken {
  #timer = null;
  /** By the request's number. @type {Map<number, {token: string, resolve: Function, reject: Function}>} */
  #open = new Map();
  /** Errors say by their number what they answer: questions about the past are numbered from 2 ** 40. */
  #nextRequest = 2 ** 41;
  /** By the server's clock, in milliseconds since 1970; 0: never. */
  expiresAt = 0;

  /**
   * @param {import("./client.js").CollabClient} client
   * @param {(message: object) => void} send
   * @param {() => number} serverNow
   */
  constructor(client, send, serverNow) {
    this.client = client;
    this.send = send;
    this.serverNow = serverNow;
    const { token = "" } = client.options;
    this.present = token;
  }

  /** For the next hello. */
  token() { return typeof this.present === "function" ? this.present() : this.present; }

  /** Asks the page before the first connection. */
  async prepare() {
    const { getToken } = this.client.options;
    if (getToken) this.present = await getToken();
  }

  /** Shows a fresh token of the same subject. @returns {Promise<{role: string, expiresAtMilliseconds: number}>} */
  async refresh(token) {
    await this.client.live();
    return new Promise((resolve, reject) => {
      const request = this.#nextRequest++;
      this.#open.set(request, { token, resolve, reject });
      this.send({ token: { request, token } });
    });
  }

  /** Hears what the machine tells. */
  take(notice) {
    switch (notice.type) {
      case "welcome": this.#endsAt(Number(notice.welcome.expiresAtMilliseconds)); break;
      case "role": if (notice.changed) this.#answered(notice.changed); break;
      case "error": this.#refused(notice.error); break;
      case "link": if (notice.link.state === "offline" || notice.link.state === "stopped") this.#offline(notice.link); break;
      default: break;
    }
  }

  close() { clearTimeout(this.#timer); }

  #answered({ role, request, expiresAtMilliseconds }) {
    this.#endsAt(Number(expiresAtMilliseconds));
    const entry = this.#open.get(Number(request));
    if (!entry) return;
    this.#open.delete(Number(request));
    this.present = entry.token;
    entry.resolve({ role: role || "VIEWER", expiresAtMilliseconds: this.expiresAt });
  }

  #refused({ request, code, text }) {
    const entry = this.#open.get(Number(request));
    if (!entry) return;
    this.#open.delete(Number(request));
    entry.reject(new ClientError(code, text));
  }

  #offline(link) {
    clearTimeout(this.#timer);
    for (const { reject } of this.#open.values()) reject(new ClientError("UNAVAILABLE", "the connection ended before the answer"));
    this.#open.clear();
    // The next hello should show one that is still good.
    if (link.state === "offline" && this.client.options.getToken && this.expiresAt > 0 && this.#left() < askAgainMilliseconds) this.#fetch(false);
  }

  #left() { return this.expiresAt - this.serverNow(); }

  #endsAt(milliseconds) {
    this.expiresAt = milliseconds;
    clearTimeout(this.#timer);
    if (milliseconds === 0 || !this.client.options.getToken) return;
    // A quarter of its life is left for trouble, at most a minute.
    const left = this.#left();
    this.#wait(Math.max(showAgainMilliseconds, left - Math.min(60_000, left / 4)));
  }

  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(true), Math.min(2 ** 31 - 1, milliseconds));
    this.#timer.unref?.();
  }

  async #fetch(shows) {
    try {
      const token = await this.client.options.getToken();
      if (shows) await this.refresh(token);
      else this.present = token;
    } catch (error) {
      this.client.emit("token", { error });
      if (shows && this.#left() > 0) this.#wait(askAgainMilliseconds);
    }
  }
}
