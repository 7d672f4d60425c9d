import { Backoff } from "./backoff.js";
import { IssueBoard, PresenceBoard, RunBoard } from "./boards.js";
import { changeBytes } from "./change.js";
import { checkChange } from "./check.js";
import { WorkflowDocument } from "./document.js";
import { received } from "./intake.js";
import { connect, connected, disconnected, fault, giveUpConnection, nextDeadline, stopHere, timePassed, tokenGiven } from "./link.js";
import { allows, ClientError, defaultLimits, defaultOptions, isAtLeast } from "./options.js";
import { changeParts, documentAfter } from "./parts.js";
import { PendingChanges } from "./pending.js";
import { Repair } from "./repair.js";
import { endRestoring, isRestoreDue, restore, restoreAgain, watchRestoring } from "./restoring.js";
import { HybridClock } from "./stamp.js";
import { UndoStack } from "./undo.js";

/** Room for what surrounds the changes in a message. */
const batchOverheadBytes = 256;
/** Larger batches save nothing any more and make others wait behind them. */
const batchBytesAim = 128 * 2 ** 10;
/** While so many batches are unanswered the next one grows instead: many small ones cost more, and each would be one more to refuse. */
const batchesInFlightMax = 32;
/** Beyond it the server stops reading until half of them are durable [FC1]. */
const inFlightBytesMax = 4 * 2 ** 20;

/**
 * One replica of one workflow: the document, the own changes that are not acknowledged, the lease, the connection's state.
 *
 * Pure: time comes in with each event, chance as a function, and what is to be done goes out as actions, in order. The document holds everything
 * seen and all own pending changes. Nothing pending is lost by a refusal of another change, a lost connection or a lost lease: it takes new numbers
 * and goes out again [CR1, CR5, AK1, RF1, RS1, RS2].
 *
 * Events: `start`, `connected`, `disconnected` {code, reason}, `networkLost`, `received` {message}, `undecodable` {text}, `flush`, `timePassed`, `presence`
 * {state}, `run` {request}, `cancelRun` {request}, `ask` {message}, `token`, `noToken`, `verify`, `stop`. Actions: `connect`, `send` {message}, `disconnect` {code, reason}, `notify`
 * {notice}.
 *
 * `link.state`: `idle`, before `start`; `down` until `retryAt`; `waitingForToken`, until there is one; `connecting`, `greeting` until `giveUpAt`; `joined`; `closing`, given up here and
 * waiting for the end; `stopped` for good.
 */
export class ReplicaMachine {
  /**
   * @param {Partial<typeof defaultOptions>} options
   * @param {{random?: () => number, restored?: object | null}} world `restored`: what `kept()` of an earlier machine gave
   */
  constructor(options, { random = Math.random, restored = null } = {}) {
    this.options = { ...defaultOptions, ...options };
    this.document = new WorkflowDocument();
    /** Whose numbers own changes carry; 0 before the first welcome. */
    this.replica = 0;
    /** Of the last change applied in the server's order. */
    this.position = 0;
    this.presence = new PresenceBoard();
    this.runs = new RunBoard();
    this.issues = new IssueBoard();
    this.role = null;
    this.limits = { ...defaultLimits };
    /** This session's name, as others see it. */
    this.session = "";
    this.counters = {
      connects: 0, joins: 0, divergences: 0, snapshots: 0, refusals: 0, restamps: 0, changesReceived: 0, duplicatesReceived: 0, gaps: 0, batchesSent: 0,
    };
    this.link = { state: "idle" };
    /** @type {{replica: number, secret: Uint8Array} | null} */
    this.lease = null;
    this.clock = new HybridClock();
    /** The server's wall clock minus this program's uptime: this computer's own clock may jump, or be wrong [CR3]. */
    this.serverClockOffset = null;
    this.pending = new PendingChanges();
    this.nextSeq = 1;
    /**
     * Own changes up to this number are kept on disk, or need not be. None leaves before: who sent a change and forgot it would use its number again.
     */
    this.storedThrough = Infinity;
    /** The own `seq` known to be durable. */
    this.acknowledgedSeq = 0;
    /** The own `seq` that came back in the server's order: the document's version without what may never have arrived. */
    this.streamedSeq = 0;
    this.undoStack = new UndoStack();
    /** A restore of several changes that are not all durable yet, see restoring.js. */
    this.restoring = null;
    this.random = random;
    /** @type {Repair | null} */
    this.repair = null;
    /** The server asked to wait, or lost count: nothing leaves before `until`. @type {{resendFrom: number, until: number, answersThrough: number} | null} */
    this.hold = null;
    /** The server put off the snapshot that the repair needs. */
    this.askAgainAt = null;
    this.assembly = null;
    this.backoff = new Backoff(this.options.backoffFirstMilliseconds, this.options.backoffMaxMilliseconds, random);
    /** The server's word on the connection that is ending [GB1]. */
    this.farewell = null;
    this.ownPresence = null;
    this.saveStateTold = "";
    this.linkStateTold = "";
    this.faultsInARow = 0;
    this.actions = [];
    /** Whether the document was here once, from a server or from a storage. */
    this.hasDocument = restored !== null;
    if (restored) this.#restore(restored);
  }

  /** @returns {object[]} what is to be done, in order */
  handle(event, now) {
    if (this.link.state === "stopped") return [];
    switch (event.type) {
      case "start": if (this.link.state === "idle") connect(this, now); break;
      case "connected": connected(this, now); break;
      case "disconnected": disconnected(this, event.code, event.reason, now); break;
      case "networkLost": if (["connecting", "greeting", "joined"].includes(this.link.state)) giveUpConnection(this, "no network"); break;
      case "received": received(this, event.message, now); break;
      case "undecodable": fault(this, event.text); break;
      case "timePassed": timePassed(this, now); break;
      case "presence": this.#setPresence(event.state, now); break;
      case "run": case "cancelRun": this.#request({ [event.type]: event.request }); break;
      case "ask": this.#request(event.message); break;
      case "token": tokenGiven(this, now); break;
      case "noToken":
        if (this.link.state === "waitingForToken") stopHere(this, { reason: "closedByServer", code: 4401, text: this.link.text }, null);
        break;
      case "verify": this.#verify(now); break;
      // With 1000 the lease is given back; who leaves something behind comes back with it.
      case "stop": stopHere(this, { reason: "closedHere", code: 1000, text: "close() was called" }, this.pending.isEmpty ? 1000 : 1001); break;
      default: break;
    }
    this.hasDocument ||= this.isLive;
    watchRestoring(this, now);
    if (isRestoreDue(this, now)) this.notify({ type: "restoreDue" });
    this.#flush(now);
    this.#tellStates(now);
    const { actions } = this;
    this.actions = [];
    return actions;
  }

  /** After an event was handled by half: nothing of the document is believed until the server's is here. @returns {object[]} as `handle` */
  recover(text, now) {
    this.actions = [];
    this.repair ??= new Repair();
    Object.assign(this.repair, { base: null, isAsked: false });
    return this.handle({ type: "undecodable", text: `a message could not be taken: ${text}` }, now);
  }

  notify(notice) {
    this.actions.push({ type: "notify", notice });
  }

  send(message) {
    this.actions.push({ type: "send", message });
  }

  /** When `timePassed` is due, on the uptime clock; null: not before something else happens. */
  get nextDeadline() {
    return nextDeadline(this);
  }

  /** Joined, nothing missing, nothing in repair. */
  get isLive() {
    return this.link.state === "joined" && this.repair === null && this.position >= this.link.catchUpThrough;
  }

  get isJoined() {
    return this.link.state === "joined";
  }

  /** Why it stopped for good; null while it did not. */
  get stop() {
    return this.link.state === "stopped" ? this.link.stop : null;
  }

  /** Whether edits are taken: from the first catch-up on, also offline. The earlier changes of a replica id lent again must be here first. */
  get canEdit() {
    return this.hasDocument && this.replica !== 0 && this.document.version.get(this.replica) + 1 === this.nextSeq;
  }

  get canWrite() {
    return this.role !== null && this.lease !== null && isAtLeast(this.role, "COMMENTER");
  }

  /** The server's clock as far as it is known here, milliseconds since 1970 [CR3]. */
  correctedWall(now) {
    return this.serverClockOffset === null ? now.wall : now.uptime + this.serverClockOffset;
  }

  // ---- What the user does here

  /**
   * Makes one change, applies it here and queues it. It leaves with the next `flush`.
   * @param {import("./change.js").Op[]} ops
   * @param {{group?: string | null}} how changes with the same group, made one after the other, are undone as one step
   * @returns {import("./change.js").Change} a lost lease or a refusal before it may still give it other numbers
   * @throws {ClientError}
   */
  edit(ops, { group = null } = {}, now) {
    endRestoring(this);
    const change = this.#make(ops, now);
    this.undoStack.record(change, this.document, { group });
    this.#queue(change);
    return change;
  }

  /**
   * Makes the document what `old` holds: one undo step, of as many changes as the limits take [HI6, UN3].
   * @returns {import("./change.js").Change[]} none when nothing differs
   * @throws {ClientError} then nothing of it was done
   */
  restore(old, now) {
    return restore(this, old, now);
  }

  /** After the notice `restoreDue`: what is left of a restore that others came in between of. @returns {import("./change.js").Change[]} */
  restoreAgain(now) {
    return restoreAgain(this, now);
  }

  /**
   * Takes the last own step back ("undo"), or the last undo ("redo"), as far as nobody wrote over it [UN1, UN2, UN3].
   * @returns {{changes: import("./change.js").Change[], overwritten: import("./undo-step.js").Overwritten[]}} no changes: others wrote over all of it, and the
   *   step is gone
   * @throws {ClientError}
   */
  turnBack(as, now) {
    const before = this.undoStack.save();
    const ops = as === "undo" ? this.undoStack.undo(this.document) : this.undoStack.redo(this.document);
    if (!ops) throw new ClientError("NOTHING_TO_UNDO", `there is nothing to ${as}`);
    try {
      const { overwritten } = this.undoStack;
      const changes = this.makeParts(ops, { as }, now);
      this.restoring = null; // to go on with a restore would undo this
      return { changes, overwritten };
    } catch (error) {
      // Not taken now (too much waits, the role changed): the step stays.
      this.undoStack.restore(before);
      throw error;
    }
  }

  /** All of them or none: several are tried on a copy first. */
  makeParts(ops, how, now) {
    const parts = changeParts(ops, this.document, this.limits);
    if (parts.length > 1) {
      const { pendingChangesMax, pendingBytesMax } = this.options;
      const bytes = parts.reduce((sum, part) => sum + changeBytes({ ops: part }), 0);
      if (this.pending.count + parts.length > pendingChangesMax || this.pending.byteCount + bytes > pendingBytesMax) {
        throw new ClientError("PENDING_FULL", `${this.pending.count} changes wait already`);
      }
      documentAfter(parts, this.document, this.limits);
    }
    return parts.map((part) => {
      const change = this.#make(part, now);
      this.undoStack.record(change, this.document, how);
      this.#queue(change);
      return change;
    });
  }

  #make(ops, now) {
    if (this.stop) throw new ClientError("STOPPED", this.stop.text);
    if (this.role === null) throw new ClientError("NOT_JOINED", "nothing was heard from the server yet");
    if (!allows(this.role, ops) || this.lease === null) throw new ClientError("READ_ONLY", `the role ${this.role} allows no such change`);
    if (!this.canEdit) throw new ClientError("NOT_JOINED", "the document is not here yet");
    const hlc = this.clock.copy().tick(this.correctedWall(now));
    const change = { replica: this.replica, seq: this.nextSeq, hlc, ops };
    const bytes = changeBytes(change);
    if (bytes > this.limits.messageBytesMax - batchOverheadBytes) {
      throw new ClientError("TOO_LARGE", `a change of about ${bytes} bytes, the server takes ${this.limits.messageBytesMax}`);
    }
    const { pendingChangesMax, pendingBytesMax } = this.options;
    if (this.pending.count >= pendingChangesMax || this.pending.byteCount + bytes > pendingBytesMax) {
      throw new ClientError("PENDING_FULL", `${this.pending.count} changes wait already`);
    }
    const found = checkChange(this.document, change, this.limits);
    if (found) throw new ClientError(found.code, found.message);
    return change;
  }

  #queue(change) {
    if (this.document.apply(change) !== "applied") throw new ClientError("INVALID", "the change does not follow the one before");
    this.clock.observe(change.hlc);
    this.nextSeq = change.seq + 1;
    this.pending.append(change, changeBytes(change), this.position);
  }

  // ---- Sending

  /** Sends what may leave now: joined, nothing in repair, nobody asked to wait, room in the window. */
  #flush(now) {
    const { link, pending } = this;
    if (link.state !== "joined" || this.repair !== null || this.lease === null) return;
    if (this.hold) {
      if (link.answeredBatch < this.hold.answersThrough || now.uptime < this.hold.until) return;
      pending.rewind(this.hold.resendFrom);
      this.hold = null;
    }
    const room = {
      countMax: this.limits.changesPerBatchMax, inFlightMax: this.limits.changesInFlightMax, inFlightBytesMax,
      bytesMax: Math.min(this.limits.messageBytesMax - batchOverheadBytes, batchBytesAim), through: this.storedThrough,
    };
    while (link.lastBatch - link.answeredBatch < batchesInFlightMax) {
      const batch = pending.nextBatch(room);
      if (!batch) break;
      link.lastBatch += 1;
      this.counters.batchesSent += 1;
      link.answerBy ??= now.uptime + this.options.answerDeadlineMilliseconds;
      this.send({ change: { batch: link.lastBatch, ...batch } });
    }
  }

  /** @param {object} message of a kind that carries the number of a request */
  #request(message) {
    if (this.isJoined) this.send(message);
    else this.notify({ type: "error", error: { request: Object.values(message)[0].request, code: "UNAVAILABLE", text: "not connected" } });
  }

  #setPresence(state, now) {
    this.ownPresence = state;
    if (this.link.state === "joined") this.link.presenceWaits = true;
    timePassed(this, now);
  }

  /** Compares hashes with the server; with changes on their way there is nothing to compare [RS2]. */
  #verify(now) {
    if (!this.isJoined || this.repair !== null || !this.pending.isEmpty) return;
    const { document } = this;
    this.send({ resync: { version: this.streamedVersion().toMessage(), graphHash: document.graphHash(), documentHash: document.documentHash() } });
    this.awaitAnswer(now);
  }

  /** Something was asked; if no answer comes in time the connection is given up. */
  awaitAnswer(now) {
    if (this.link.state === "joined") this.link.answerBy = now.uptime + this.options.answerDeadlineMilliseconds;
  }

  /** What the server is known to hold of what is here: always a beginning of its order. */
  streamedVersion() {
    const version = this.document.version.copy();
    if (this.repair !== null && this.position === 0) version.entries.clear();
    const own = Math.min(version.get(this.replica), this.streamedSeq);
    if (own > 0) version.entries.set(this.replica, own);
    else version.entries.delete(this.replica);
    return version;
  }

  // ---- States told

  /** `saved` only when everything done here is on the server's disk. `waiting` counts the changes that are not. */
  get saveState() {
    const waiting = this.pending.count;
    if (waiting > 0) return { state: this.stop ? "unsaved" : this.isJoined ? "saving" : "offline", waiting };
    return { state: this.role !== null && !this.canWrite ? "readonly" : "saved", waiting };
  }

  linkState(now) {
    switch (this.link.state) {
      case "idle": return { state: "offline", retryInMilliseconds: 0, text: "" };
      case "down": return { state: "offline", retryInMilliseconds: Math.max(0, this.link.retryAt - now.uptime), text: this.link.text };
      case "waitingForToken": return { state: "waitingForToken", text: this.link.text };
      case "connecting": case "greeting": return { state: "connecting" };
      case "joined": return { state: this.isLive ? "live" : "catchingUp" };
      case "closing": return { state: "closing" };
      default: return { state: "stopped", ...this.link.stop };
    }
  }

  /** Tells the states that changed, each once. */
  #tellStates(now) {
    const link = this.linkState(now);
    if (link.state !== "closing" && link.state !== this.linkStateTold) {
      this.linkStateTold = link.state;
      this.notify({ type: "link", link });
    }
    this.tellSaveState();
  }

  tellSaveState() {
    const save = this.saveState;
    const name = `${save.state} ${save.waiting}`;
    if (name === this.saveStateTold) return;
    this.saveStateTold = name;
    this.notify({ type: "save", save });
  }

  // ---- Kept on disk

  /** Everything but the document and the pending changes that a later machine needs to go on where this one is. */
  kept() {
    const { replica, position, lease, role, limits, nextSeq, acknowledgedSeq, streamedSeq } = this;
    return { replica, position, lease, role, limits, nextSeq, acknowledgedSeq, streamedSeq };
  }

  #restore({ document, pending, replica, position, lease, role, limits, nextSeq, acknowledgedSeq, streamedSeq }) {
    Object.assign(this, { document, replica, position, lease, role, limits, nextSeq, acknowledgedSeq, streamedSeq });
    this.clock.observe(document.highestTime);
    for (const { change, bytes, seen } of pending) {
      if (change.replica !== replica || change.seq <= acknowledgedSeq) continue;
      this.pending.append(change, bytes, seen);
      this.clock.observe(change.hlc);
      // What was kept of the document is older than the changes before this one: a snapshot of the server's is needed first.
      if (document.apply(change) === "gap") this.repair ??= new Repair();
      this.nextSeq = Math.max(this.nextSeq, change.seq + 1);
    }
    document.takeChanges();
  }
}
