import { Backoff } from "./backoff.js";
import { SnapshotAssembly } from "./catchup.js";
import { Replica } from "./replica.js";
import { count } from "./stamp.js";

const pingMilliseconds = 20_000;
const silenceMilliseconds = 45_000;
const presenceMilliseconds = 50;
/** 44xx and a bad request mean: the same again would end the same way. */
const isFinal = (code) => code >= 4400 && code < 4500;

/**
 * A replica kept up to date over a WebSocket: reconnects with back-off, resumes from its version, heals gaps by a resync.
 *
 * Events (CustomEvent, `detail`): `state` { state, text, code }, `replica` { replica } when the document was replaced,
 * `changes` { changes }, `welcome`, `presence`, `run`, `issues` with the message.
 */
export class Connection extends EventTarget {
  #socket = null;
  #backoff = new Backoff();
  #assembly = new SnapshotAssembly();
  /** Messages are handled one after the other: a snapshot takes several turns of the event loop to decode. */
  #work = Promise.resolve();
  #timers = { retry: 0, ping: 0, presence: 0 };
  #goodbye = null;
  #lastHeard = 0;
  #presence = null;
  #create = false;
  #resyncing = false;

  constructor(url, hello) {
    super();
    this.url = url;
    this.hello = hello;
    this.replica = new Replica();
    addEventListener("online", () => { if (this.#timers.retry) this.#open(); });
    addEventListener("pagehide", () => this.#socket?.close(1000));
    // A page that comes back from the browser's back-forward cache finds its socket closed.
    addEventListener("pageshow", (event) => { if (event.persisted) this.#open(); });
  }

  /** @param create make the workflow when there is none */
  open({ create = false } = {}) {
    this.#create = create;
    this.#backoff.reset();
    this.#open();
  }

  /** What others see of this session; the newest state wins, sent at most every 50 ms. */
  setPresence(state) {
    this.#presence = state;
    this.#timers.presence ||= setTimeout(() => {
      this.#timers.presence = 0;
      if (document.body.dataset.state === "live") this.#send({ presence: { state: this.#presence } });
    }, presenceMilliseconds);
  }

  #open() {
    this.#stopTimers();
    if (this.#socket) this.#socket.onclose = this.#socket.onmessage = null, this.#socket.close(1000);
    this.#goodbye = null;
    this.#resyncing = false;
    this.#say("connecting", "connecting");
    const socket = new WebSocket(this.url, ["thaiyyal.v1.json"]);
    this.#socket = socket;
    socket.onopen = () => this.#greet();
    socket.onmessage = ({ data }) => {
      this.#lastHeard = performance.now();
      this.#work = this.#work.then(() => { if (socket === this.#socket) return this.#handle(JSON.parse(data)); }).catch((error) => this.#fail(error));
    };
    socket.onclose = ({ code, reason }) => { if (socket === this.#socket) this.#closed(code, reason); };
  }

  #greet() {
    this.#lastHeard = performance.now();
    this.#timers.ping = setInterval(() => this.#checkLife(), pingMilliseconds / 4);
    const { name, colour, token } = this.hello();
    this.#send({
      hello: {
        protocolMajor: 1, name, colour, token, kind: "PERSON", client: "web-canvas/1", version: this.replica.versionMessage(),
        ...(this.#create ? { create: true } : { roleMax: "VIEWER" }),
      },
    });
    this.#create = false;
  }

  #checkLife() {
    const silence = performance.now() - this.#lastHeard;
    if (silence > silenceMilliseconds) {
      // The peer is gone without a word; waiting for its close frame would take as long as TCP does.
      const socket = this.#socket;
      this.#closed(1006, "no answer");
      socket.onclose = null;
      socket.close();
    } else if (silence > pingMilliseconds) {
      this.#send({ ping: { id: "1", seen: String(this.replica.position) } });
    }
  }

  async #handle(message) {
    if (message.welcome) this.#welcome(message.welcome);
    else if (message.snapshot) await this.#snapshot(message.snapshot);
    else if (message.changes) this.#changes(message.changes);
    else if (message.presence) this.#emit("presence", message.presence);
    else if (message.runEvent) this.#emit("run", message.runEvent);
    else if (message.issues) this.#emit("issues", message.issues);
    else if (message.goodbye) this.#goodbye = message.goodbye;
  }

  #welcome(welcome) {
    this.#backoff.reset();
    this.#emit("welcome", welcome);
    if (welcome.catchup !== "SNAPSHOT") {
      this.replica.position = Math.max(this.replica.position, welcome.catchup === "CHANGES" ? 0 : count(welcome.position));
      this.#emit("replica", { replica: this.replica });
      this.#live();
    }
  }

  async #snapshot(chunk) {
    const decoded = this.#assembly.add(chunk);
    if (!decoded) return;
    this.replica = await decoded;
    this.#resyncing = false;
    this.#emit("replica", { replica: this.replica });
    this.#live();
  }

  #changes({ authors = [], changes = [] }) {
    const applied = [];
    for (const logged of changes) {
      const outcome = this.replica.apply(logged.change ?? {});
      if (outcome === "gap") return this.#resync();
      this.replica.position = Math.max(this.replica.position, count(logged.position));
      if (outcome === "applied") applied.push({ author: authors[logged.author ?? 0] ?? {}, change: logged.change });
    }
    if (applied.length > 0) this.#emit("changes", { changes: applied });
  }

  /** Something was missed: without hashes the answer is a snapshot [RS2]. */
  #resync() {
    if (this.#resyncing) return;
    this.#resyncing = true;
    this.#send({ resync: { version: this.replica.versionMessage() } });
  }

  #live() {
    this.#say("live", "live");
    if (this.#presence) this.setPresence(this.#presence);
  }

  #fail(error) {
    console.error(error);
    this.replica = new Replica();
    this.#socket?.close(1000, "cannot read");
  }

  #closed(code, reason) {
    this.#stopTimers();
    this.#socket = null;
    const text = reason || this.#goodbye?.text || (code === 1006 ? "the server does not answer" : `closed with ${code}`);
    if (isFinal(code)) return this.#say("ended", text, code);
    const wait = this.#backoff.next(this.#goodbye?.reconnectAfterMilliseconds ?? 0);
    this.#say("waiting", `${text}; again in ${Math.max(1, Math.round(wait / 1000))} s`, code);
    this.#timers.retry = setTimeout(() => this.#open(), wait);
  }

  #stopTimers() {
    clearTimeout(this.#timers.retry);
    clearInterval(this.#timers.ping);
    this.#timers.retry = this.#timers.ping = 0;
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #say(state, text, code = 0) {
    this.#emit("state", { state, text, code });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
