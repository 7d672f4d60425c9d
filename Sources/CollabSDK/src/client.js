import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { equalBytes, toHex } from "./bytes.js";
import { Keeper } from "./keeper.js";
import { ReplicaMachine } from "./machine.js";
import { ClientError } from "./options.js";
import { listenToPage } from "./page.js";
import { FreshToken } from "./fresh-token.js";
import { Past } from "./past.js";
import { randomKey, RunHandle, RunRequests } from "./run-requests.js";
import { staleNodes, StaleMarks } from "./stale.js";
import { Version } from "./stamp.js";
import { Transaction } from "./transaction.js";

/** Milliseconds; a timer set for longer than 31 bits goes off at once. */
const timerMax = 2 ** 31 - 1;

/**
 * A replica of one workflow over a connection that comes back by itself.
 *
 * Edits are applied here at once and leave at the end of the turn; offline they wait, with a storage also over a reload. Ends with `close()` or when
 * the server forbids to come back.
 *
 * Events: `change` {nodes, edges, meta, comments, replaced} when the document differs; `changes` {changes} in the server's order; `link`, `save`,
 * `role`, `welcome`, `presence`, `issues`, `run`, `stale` {run, added, removed}, `refused` {change, refusal, isRestoredAgain}, `restore` {tries, error}, `error`, `hash`, `diverged`, `roundTrip`, `storage` {error}, `token` {error}, `fault` {error}.
 */
export class CollabClient extends Emitter {
  #machine;
  #connection;
  #keeper;
  #events = [];
  #isHandling = false;
  #isFlushScheduled = false;
  #timer = null;
  #timerAt = null;
  #waiters = new Set();
  #requests = new RunRequests();
  #nextRequest = 1;
  #past = new Past(this, (message) => this.#handle({ type: "ask", message }), () => this.#machine.options.snapshotBytesMax);
  #freshToken;
  #document = null;
  #ownPresence = {};
  /** The connection whose end was written down. */
  #joinsKept = 0;
  #closed = null;
  #unlisten = () => {};
  #stale = new StaleMarks(() => this.document, (change) => this.emit("stale", change));

  /**
   * @param {object} options see index.d.ts
   * @returns {Promise<CollabClient>} as soon as what was kept of an earlier visit is read; the connection is made meanwhile
   */
  static async open(options) {
    const { storage = null } = options;
    const room = `${options.url} ${options.workflow}`;
    const failures = [];
    let place = options.place ?? null;
    if (!place && storage) place = await storage.claim(room).catch((error) => { failures.push(error); return null; });
    const client = new CollabClient(options, place);
    const restored = client.#keeper ? await client.#keeper.load() : null;
    await client.#freshToken.prepare();
    client.#start(restored);
    for (const error of failures) client.emit("storage", { error });
    if (storage && !options.place) client.#rescue(options, room);
    return client;
  }

  /** Use `CollabClient.open`. */
  constructor(options, place = null) {
    super();
    this.options = options;
    this.#freshToken = new FreshToken(this, (event) => this.#handle(event), () => this.#machine.correctedWall(this.#now()));
    const WebSocketClass = options.WebSocket ?? globalThis.WebSocket;
    if (!WebSocketClass) throw new TypeError("there is no WebSocket here: give one as options.WebSocket");
    this.#connection = new Connection(WebSocketClass, options.url, options.workflow, (event) => this.#handle(event));
    this.#keeper = place && new Keeper(place, (error) => {
      this.emit("storage", { error });
    });
  }

  #start(restored) {
    const { random = Math.random } = this.options;
    this.#machine = new ReplicaMachine({ ...this.options, token: () => this.#freshToken.token(), asksForToken: Boolean(this.options.getToken) }, { random, restored });
    if (this.#keeper) this.#machine.storedThrough = restored ? this.#machine.nextSeq - 1 : 0;
    this.#document = this.#machine.document;
    this.#listen();
    this.#handle({ type: "start" });
  }

  /** Changes that other tabs left behind are sent by clients of their own, which end when everything is saved. */
  async #rescue(options, room) {
    try {
      for (const place of await options.storage.orphans(room)) {
        const helper = await CollabClient.open({ ...options, storage: null, place });
        this.on("closing", () => helper.close());
        helper.saved().then(() => helper.close(), () => {});
      }
    } catch (error) {
      this.emit("storage", { error });
    }
  }

  // ---- Reading

  /** Everything seen and everything done here. A `change` event with `replaced` means that it is another object now. */
  get document() { return this.#machine.document; }
  get position() { return this.#machine.position; }
  get replica() { return this.#machine.replica; }
  get role() { return this.#machine.role; }
  get limits() { return this.#machine.limits; }
  get session() { return this.#machine.session; }
  get presence() { return this.#machine.presence; }
  get runs() { return this.#machine.runs; }
  get issues() { return this.#machine.issues; }
  get counters() { return this.#machine.counters; }
  /** `{state: "saved" | "saving" | "offline" | "readonly" | "unsaved", waiting}`. */
  get saveState() { return this.#machine.saveState; }
  /** `{state: "offline" | "waitingForToken" | "connecting" | "catchingUp" | "live" | "closing" | "stopped", …}`. */
  get link() { return this.#machine.linkState(this.#now()); }
  get isLive() { return this.#machine.isLive; }
  get canEdit() { return this.#machine.canEdit && this.#machine.canWrite; }
  get canUndo() { return this.#machine.undoStack.undoDepth > 0; }
  get canRedo() { return this.#machine.undoStack.redoDepth > 0; }
  /** Everybody else with what they show. */
  get others() { return this.presence.others(this.session); }
  /** The server's clock as far as it is known here, milliseconds since 1970. */
  get serverMilliseconds() { return this.#machine.correctedWall(this.#now()); }

  // ---- Editing

  /**
   * Makes one change: applied here before this returns, sent at the end of the turn.
   * @param {import("./change.js").Op[]} ops see `op`
   * @param {{group?: string}} how changes with the same group, made one after the other, are undone as one step
   * @throws {ClientError}
   */
  edit(ops, how = {}) {
    if (ops.length === 0) return null;
    return this.#edited(this.#machine.edit(ops, how, this.#now()));
  }

  /** Several things as one change: `client.transact((t) => { t.addNode(…); t.connect(…); })`. */
  transact(make, how = {}) {
    const transaction = new Transaction(this.document);
    make(transaction);
    return this.edit(transaction.ops, how);
  }

  /**
   * Takes the last own step back, as far as nobody wrote over it.
   * @returns {{changes: object[], overwritten: object[]}} without changes when others wrote over all of it: the step is gone, the one before is next
   * @throws {ClientError} `NOTHING_TO_UNDO`
   */
  undo() { return this.#turnBack("undo"); }
  redo() { return this.#turnBack("redo"); }

  #turnBack(as) {
    const { changes, overwritten } = this.#machine.turnBack(as, this.#now());
    return { changes: this.#editedAll(changes), overwritten };
  }

  /** The next edit begins an undo step of its own, whatever its group: the end of a drag. */
  endGroup() { this.#machine.undoStack.close(); }

  #edited(change) { return this.#editedAll([change])[0]; }

  /** @param {object[]} changes the last ones that were made */
  #editedAll(changes) {
    for (const change of changes) this.#keep(change);
    if (changes.length === 0) return changes;
    this.#scheduleFlush();
    this.#machine.tellSaveState();
    this.#perform(this.#machine.actions.splice(0));
    this.#tellDocument(true);
    return changes;
  }

  #keep(change) {
    if (this.#keeper) {
      this.#keeper.append(this.#machine.pending.entry(change.seq), () => {
        // After a renumbering the number means another change; that save lets it go.
        if (this.#machine.pending.change(change.seq) === change) this.#machine.storedThrough = Math.max(this.#machine.storedThrough, change.seq);
        this.#handle({ type: "flush" });
      });
      this.#keeper.saveLater(this.#machine);
    }
  }

  /** What was edited in this turn leaves together at its end. */
  #scheduleFlush() {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => {
      this.#isFlushScheduled = false;
      this.#handle({ type: "flush" });
    });
  }

  // ---- Presence and runs

  /**
   * Changes what others see of this session: `cursor`, `selectedNodes`, `selectedEdges`, `viewport`, `dragging`, `editing`, `extra`. The newest state is sent, no
   * oftener than the server's tick.
   */
  showPresence(state) {
    this.#ownPresence = { ...this.#ownPresence, ...state };
    this.#handle({ type: "presence", state: this.#ownPresence });
  }

  /**
   * Runs what is here now: the run holds every change made here so far, also those that are not acknowledged yet [RU1].
   * @param {{key?: string, policy?: string, parked?: string}} how the same key gives the same run
   * @returns {RunHandle}
   */
  run({ key = randomKey(), policy = "COALESCE", parked = "REFUSE" } = {}) {
    const handle = new RunHandle(key);
    const request = {
      request: this.#nextRequest++, idempotencyKey: key, include: this.document.version.toMessage(), policy, parked,
    };
    this.#requests.add(request, handle, this.isLive ? this.#connection.generation : 0);
    if (this.isLive) {
      this.#handle({ type: "flush" });
      this.#handle({ type: "run", request });
    }
    return handle;
  }

  cancelRun(run) {
    this.#handle({ type: "cancelRun", request: { request: this.#nextRequest++, run } });
  }

  /** The newest run and the nodes whose results in it are stale, as last told by a `stale` event [RU6]. */
  get stale() { return { run: this.#stale.run, nodes: this.#stale.nodes }; }

  /** The nodes whose results in a run are stale now. O(events of the run). @returns {string[]} */
  staleNodes(run = this.runs.newest) { return staleNodes(this.document, this.runs.events.get(run) ?? []); }

  // ---- The past [HI1, HI3, HI4, HI6]

  history({ before = 0, count = 0 } = {}) { return this.#past.ask("history", { before, count }); }
  stateAt({ position = 0, version = "" }) { return this.#past.ask("stateAt", { position, version }); }
  /** Makes the workflow what it was at `{position}` or in `{version}`, or what `{document}` holds: an ordinary edit, one undo step. */
  async restore(where) {
    const old = where.document ?? (await this.stateAt(where)).document;
    return this.#editedAll(this.#machine.restore(old, this.#now()));
  }
  /** Whether a restore of several changes is not durable as a whole yet, or waits to be tried again. */
  get isRestoring() { return this.#machine.restoring !== null; }
  /** Named versions as the server told them last; null before `listVersions`, or somebody's change of them, told any. */
  get versions() { return this.#past.versions; }
  listVersions() { return this.#past.ask("listVersions", {}); }
  nameVersion(name, { note = "", position = 0 } = {}) { return this.#past.ask("nameVersion", { name, note, position }); }
  renameVersion(version, name, note = "") { return this.#past.ask("renameVersion", { version, name, note }); }
  dropVersion(version) { return this.#past.ask("dropVersion", { version }); }

  // ---- Tokens that end [AC9]

  /** When the token ends, in milliseconds since 1970 by the server's clock; 0: never, or it is not known yet. */
  get tokenExpiresAt() { return this.#freshToken.expiresAt; }

  /** Shows the server a fresh token of the same subject, without a reconnect. Rejects with a ClientError when it is not believed; nothing changes then. */
  refreshToken(token) { return this.#freshToken.refresh(token); }

  // ---- Waiting

  /** Waits until something is true; looked at after every event. Rejects with a ClientError when the client stops before. @returns {Promise<void>} */
  until(isOver) {
    if (isOver(this)) return Promise.resolve();
    const { stop } = this.#machine;
    if (stop) return Promise.reject(new ClientError("STOPPED", stop.text));
    return new Promise((resolve, reject) => this.#waiters.add({ isOver, resolve, reject }));
  }

  /** Until the document is here and edits are taken, or the role is known to allow none. */
  joined() { return this.until(() => this.#machine.canEdit || (this.isLive && this.#machine.replica === 0)); }
  /** Until nothing that the server had at the last welcome is missing here. */
  live() { return this.until(() => this.isLive); }
  /** Until every change made here is on the server's disk. */
  saved() { return this.until(() => this.#machine.pending.isEmpty); }

  /** Whether there is a storage in which what waits outlives the page. */
  get isKept() { return Boolean(this.#keeper); }

  /** Until what was done here so far outlives the page, as far as there is a storage that works. */
  async kept() { await this.#keeper?.settled(); }

  /**
   * Until the server's hashes are those here, at equal versions. A difference is healed by a snapshot.
   * @returns {Promise<{graphHash: string, documentHash: string}>} in hexadecimal
   */
  async verified() {
    for (;;) {
      await this.until(() => this.isLive && this.#machine.pending.isEmpty);
      const report = await this.#report();
      if (!report || !this.#machine.pending.isEmpty || !this.document.version.equals(Version.fromMessage(report.version))) continue;
      const hashes = { graphHash: this.document.graphHash(), documentHash: this.document.documentHash() };
      if (equalBytes(hashes.graphHash, report.graphHash) && equalBytes(hashes.documentHash, report.documentHash)) {
        return { graphHash: toHex(hashes.graphHash), documentHash: toHex(hashes.documentHash) };
      }
    }
  }

  /** Asks for the server's hashes; null when the connection's state changed first. */
  #report() {
    return new Promise((resolve, reject) => {
      const off = [
        this.on("hash", ({ report }) => done(() => resolve(report))),
        this.on("link", ({ link }) => done(() => (link.state === "stopped" ? reject(new ClientError("STOPPED", link.text)) : resolve(null)))),
      ];
      const done = (settle) => {
        for (const each of off) each();
        settle();
      };
      this.#handle({ type: "verify" });
    });
  }

  /** Ends it. What is not acknowledged stays in the storage, if there is one; `saved()` first where that matters. */
  async close() {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close() {
    this.emit("closing");
    this.#unlisten();
    this.#stale.close();
    const isSaved = this.#machine.pending.isEmpty;
    if (this.#keeper && !isSaved) this.#keeper.save(this.#machine);
    this.#handle({ type: "stop" });
    clearTimeout(this.#timer);
    this.#freshToken.close();
    await this.#keeper?.close(isSaved);
  }

  // ---- The machine's turn

  #now() {
    return { wall: Date.now(), uptime: Math.floor(performance.now()) };
  }

  /** Events that come up while one is handled wait their turn. */
  #handle(event) {
    this.#events.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    while (this.#events.length > 0) this.#perform(this.#step(this.#events.shift()));
    this.#isHandling = false;
    this.#tellDocument(false);
    this.#rearm();
    this.#settleWaiters();
  }

  /** A defect in here, or a message that no server sends, costs a connection and a snapshot, not the client. */
  #step(event) {
    try {
      return this.#machine.handle(event, this.#now());
    } catch (error) {
      this.emit("fault", { error });
      return this.#machine.recover(error.message, this.#now());
    }
  }

  #perform(actions) {
    for (const action of actions) {
      if (action.type === "connect") this.#connection.open();
      else if (action.type === "send") this.#connection.send(action.message);
      else if (action.type === "disconnect") this.#connection.close(action.code, action.reason);
      else this.#tell(action.notice);
    }
  }

  #rearm() {
    const due = this.#machine.nextDeadline;
    if (due === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = due;
    if (due === null) return;
    this.#timer = setTimeout(() => {
      this.#timerAt = null;
      this.#handle({ type: "timePassed" });
    }, Math.min(timerMax, Math.max(0, due - performance.now()) + 1));
  }

  #settleWaiters() {
    for (const waiter of this.#waiters) {
      if (waiter.isOver(this)) waiter.resolve();
      else if (this.#machine.stop) waiter.reject(new ClientError("STOPPED", this.#machine.stop.text));
      else continue;
      this.#waiters.delete(waiter);
    }
  }

  #tell(notice) {
    const { type } = notice;
    this.#freshToken.take(notice);
    if (type === "restoreDue") {
      // Not in the middle of the machine's turn.
      queueMicrotask(() => {
        this.#editedAll(this.#machine.restoreAgain(this.#now()));
        this.#perform(this.#machine.actions.splice(0));
      });
      return;
    }
    if (this.#past.take(notice)) return;
    if (type === "run") {
      this.#requests.take(notice.event);
      if (notice.event.run === this.runs.newest) this.#stale.take(notice.event);
    } else if (type === "runNamed") this.#requests.name(notice.run, notice.key, this.runs.events.get(notice.run) ?? []);
    else if (type === "error") this.#requests.refuse(notice.error);
    else if (type === "link" && notice.link.state === "live") {
      for (const request of this.#requests.again(this.#connection.generation, this.document.version.toMessage())) this.#handle({ type: "run", request });
      if (this.#keeper) this.#saveAll();
    } else if (type === "link" && (notice.link.state === "offline" || notice.link.state === "waitingForToken")) {
      // What was acknowledged lately is written down, so that a visit before the next connection counts right what waits.
      const { joins } = this.counters;
      if (joins !== this.#joinsKept) this.#keeper?.save(this.#machine);
      this.#joinsKept = joins;
    } else if (type === "link" && notice.link.state === "stopped") this.#requests.failAll(notice.link);
    else if (type === "replaced" && this.#keeper) this.#saveAll();
    else if (type === "changes") this.#keeper?.saveLater(this.#machine);
    this.emit(type, notice);
  }

  /** Numbers may mean other changes than before: nothing leaves until they are kept. */
  #saveAll() {
    const through = this.#machine.nextSeq - 1;
    const { replica } = this.#machine;
    this.#machine.storedThrough = 0;
    this.#keeper.save(this.#machine, () => {
      if (this.#machine.replica === replica) this.#machine.storedThrough = Math.max(this.#machine.storedThrough, through);
      this.#handle({ type: "flush" });
    });
  }

  #tellDocument(isLocal) {
    const { document } = this.#machine;
    const changed = document.takeChanges();
    if (changed || document !== this.#document) this.#stale.touch();
    if (document !== this.#document) {
      this.#document = document;
      this.emit("change", { nodes: [], edges: [], meta: [], comments: [], replaced: true, isLocal: false });
    } else if (changed) this.emit("change", { ...changed, replaced: false, isLocal });
  }

  // ---- The page

  #listen() {
    this.#unlisten = listenToPage({
      // A socket that nothing comes through any more says so only after minutes.
      away: () => this.#handle({ type: "networkLost" }),
      back: () => {
        if (this.#machine.link.state !== "down") return;
        this.#machine.link.retryAt = this.#now().uptime;
        this.#handle({ type: "timePassed" });
      },
      leaving: () => {
        if (this.#keeper && !this.#machine.pending.isEmpty) this.#keeper.save(this.#machine);
      },
    });
  }
}
