import { ClientError } from "./options.js";

/** Who cannot give a token now, or gave one that was not believed, is asked again after this. */
const askAgainMilliseconds = 5_000;
/** The server takes one token per second. */
const showAgainMilliseconds = 1_100;

/**
 * Tokens that end: asks the page for a fresh one in time, and shows it to the server without a reconnect; asks for another one when the server does not
 * take what there is [AC9].
 *
 * What was given last is what a reconnect shows.
 */
export class FreshToken {
  #timer = null;
  /** The page was asked and has not answered; it may take its time. */
  #isAsking = false;
  #isClosed = false;
  /** By the request's number. @type {Map<number, {token: string, resolve: Function, reject: Function}>} */
  #open = new Map();
  /** Errors say by their number what they answer: questions about the past are numbered from 2 ** 40. */
  #nextRequest = 2 ** 41;
  /** By the server's clock, in milliseconds since 1970; 0: never. */
  expiresAt = 0;

  /**
   * @param {import("./client.js").CollabClient} client
   * @param {(event: object) => void} handle what the machine is told
   * @param {() => number} serverNow
   */
  constructor(client, handle, serverNow) {
    this.client = client;
    this.handle = handle;
    this.serverNow = serverNow;
    const { token = "" } = client.options;
    this.present = token;
  }

  /** For the next hello. */
  token() { return typeof this.present === "function" ? this.present() : this.present; }

  /** Asks the page before the first connection. */
  async prepare() {
    const { getToken } = this.client.options;
    if (getToken) this.present = (await getToken({ reason: "first" })) ?? "";
  }

  /** Shows a fresh token of the same subject. @returns {Promise<{role: string, expiresAtMilliseconds: number}>} */
  async refresh(token) {
    await this.client.live();
    return this.#show(token);
  }

  #show(token) {
    return new Promise((resolve, reject) => {
      const request = this.#nextRequest++;
      this.#open.set(request, { token, resolve, reject });
      this.handle({ type: "ask", message: { token: { request, token } } });
    });
  }

  /** Hears what the machine tells. */
  take(notice) {
    switch (notice.type) {
      case "welcome": this.#endsAt(Number(notice.welcome.expiresAtMilliseconds)); break;
      case "role": if (notice.changed) this.#answered(notice.changed); break;
      case "error": this.#refused(notice.error); break;
      case "link": if (["offline", "waitingForToken", "stopped"].includes(notice.link.state)) this.#unlinked(notice.link); break;
      default: break;
    }
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

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

  #unlinked({ state, text }) {
    clearTimeout(this.#timer);
    for (const { reject } of this.#open.values()) reject(new ClientError("UNAVAILABLE", "the connection ended before the answer"));
    this.#open.clear();
    if (state === "waitingForToken") this.#ask({ reason: "refused", text });
    // The next hello should show one that is still good.
    else if (state === "offline" && this.client.options.getToken && this.expiresAt > 0 && this.#left() < askAgainMilliseconds) this.#askInTime();
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
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#again(), Math.min(2 ** 31 - 1, milliseconds));
    this.#timer.unref?.();
  }

  #again() {
    const { link } = this.client;
    if (link.state === "waitingForToken") this.#ask({ reason: "refused", text: link.text });
    else if (link.state !== "stopped" && this.#left() > 0) this.#askInTime();
  }

  #askInTime() {
    this.#ask({ reason: "ending", endsAtMilliseconds: this.expiresAt });
  }

  async #ask(need) {
    if (this.#isAsking || this.#isClosed) return;
    this.#isAsking = true;
    try {
      const token = await this.client.options.getToken(need);
      this.#isAsking = false;
      if (!this.#isClosed) await this.#given(token ?? null, need);
    } catch (error) {
      this.#isAsking = false;
      this.client.emit("token", { error });
      this.#wait(askAgainMilliseconds);
    }
  }

  async #given(token, need) {
    switch (this.client.link.state) {
      case "waitingForToken":
        // It ended while there was none to be had: what is asked now is another question.
        if (token === null && need.reason !== "refused") return this.#ask({ reason: "refused", text: this.client.link.text });
        // To show again what was refused would be answered the same.
        if (token === null || token === this.present) return this.handle({ type: "noToken" });
        this.present = token;
        this.expiresAt = 0; // of this one it is not known yet
        return this.handle({ type: "token" });
      case "live": case "catchingUp":
        return token === null ? undefined : this.#show(token);
      default:
        if (token !== null) this.present = token;
        return undefined;
    }
  }
}
