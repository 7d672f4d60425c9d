import { deflateSync } from "node:zlib";
import { WorkflowDocument, encodeSnapshot, Version } from "../../../Sources/CollabSDK/src/index.js";
import { crc32 } from "../../../Sources/CollabSDK/src/bytes.js";
import { decodeMessage, encodeMessage } from "../../../Sources/CollabSDK/src/codec.js";

/**
 * A room without a network: takes the protocol's texts, keeps one document and one order, and does on demand what real servers do seldom.
 * `FakeServer.socketClass` is given to clients as their WebSocket.
 */
export class FakeServer {
  constructor({ limits = {}, role = "OWNER", chunkBytes = 64 } = {}) {
    this.document = new WorkflowDocument();
    /** @type {{position: number, change: object, by: string}[]} */
    this.log = [];
    this.sessions = new Set();
    this.leases = new Map();
    this.nextReplica = 1;
    this.nextSession = 1;
    this.role = role;
    this.limits = limits;
    this.chunkBytes = chunkBytes;
    this.isUp = true;
    /** Asked for each change: a refusal without its seq, or null. @type {(change: object) => object | null} */
    this.refuse = () => null;
    /** Clients' messages, decoded. */
    this.heard = [];
    /** Whether acks are kept back until `release`. */
    this.keepsAcks = false;
    this.kept = [];
    /** How many times each change was taken that a client may believe lost. */
    const server = this;
    this.socketClass = class FakeSocket {
      constructor(url) {
        Object.assign(this, { url, readyState: 0, onopen: null, onmessage: null, onclose: null });
        setImmediate(() => {
          if (this.readyState !== 0) return;
          if (!server.isUp) return this.end(1006, "refused");
          this.readyState = 1;
          this.onopen?.();
          return undefined;
        });
      }

      send(text) { setImmediate(() => { if (this.readyState === 1) server.hear(this, decodeMessage("ClientMessage", text)); }); }
      close(code) {
        server.leave(this, code);
        this.readyState = 3;
      }

      end(code, reason) {
        if (this.readyState === 3) return;
        this.readyState = 3;
        this.onclose?.({ code, reason });
      }
    };
  }

  say(socket, message) {
    const text = encodeMessage("ServerMessage", message);
    setImmediate(() => { if (socket.readyState === 1) socket.onmessage?.({ data: text }); });
  }

  hear(socket, message) {
    this.heard.push(message);
    if (message.hello) this.welcome(socket, message.hello);
    else if (message.change) this.take(socket, message.change);
    else if (message.resync) this.resync(socket, message.resync);
    else if (message.ping) this.say(socket, { pong: { id: message.ping.id, serverMilliseconds: Date.now() } });
  }

  welcome(socket, hello) {
    const known = hello.lease ? this.leases.get(hello.lease.replica) : null;
    const lease = known ?? { replica: this.nextReplica++, secret: new Uint8Array(16).fill(7) };
    this.leases.set(lease.replica, lease);
    const session = { socket, lease, batch: 0, name: hello.name };
    socket.session = session;
    this.sessions.add(session);
    const version = Version.fromMessage(hello.version ?? { replica: [], seq: [] });
    const catchup = this.catchupFor(version);
    const canWrite = this.role !== "VIEWER";
    this.say(socket, {
      welcome: {
        protocolMajor: 1, session: `s${this.nextSession++}`, lease: canWrite ? lease : null, role: this.role, limits: this.limits,
        leaseThrough: hello.lease ? this.document.version.get(hello.lease.replica) : 0, restamp: Boolean(hello.lease) && !known,
        serverMilliseconds: Date.now(), version: this.document.version.toMessage(), position: this.log.length, participants: [], catchup: catchup.name,
      },
    });
    if (catchup.name === "CHANGES") this.say(socket, this.changesMessage(catchup.missing));
    if (catchup.name === "SNAPSHOT") this.sendSnapshot(socket);
  }

  catchupFor(version) {
    if (version.covers(this.document.version)) return { name: "NOTHING" };
    if (version.entries.size === 0 && this.log.length > 3) return { name: "SNAPSHOT" };
    // As a real server: a beginning of the order, so one suffix.
    const first = this.log.findIndex(({ change }) => version.get(change.replica) < change.seq);
    return { name: "CHANGES", missing: this.log.slice(first) };
  }

  changesMessage(entries) {
    return { changes: { authors: [{ name: "x", kind: "PERSON" }], changes: entries.map(({ position, change }) => ({ position, author: 0, change })) } };
  }

  sendSnapshot(socket) {
    const raw = encodeSnapshot(this.document);
    const packed = deflateSync(raw);
    const count = Math.ceil(packed.length / this.chunkBytes);
    for (let index = 0; index < count; index += 1) {
      const data = packed.subarray(index * this.chunkBytes, (index + 1) * this.chunkBytes);
      this.say(socket, { snapshot: { index, count, data, crc32: crc32(data), position: this.log.length, rawBytes: raw.length } });
    }
  }

  take(socket, { batch, changes }) {
    const { session } = socket;
    session.batch = batch;
    const refused = [];
    const taken = [];
    for (const change of changes) {
      const held = this.document.version.get(change.replica);
      if (change.seq <= held) continue;
      const refusal = change.replica !== session.lease.replica || !this.leases.has(change.replica) ? { code: "STALE_LEASE" }
        : change.seq !== held + 1 ? { code: "CONFLICT" } : this.refuse(change);
      if (refusal) {
        refused.push({ text: "no", revert: [], retryAfterMilliseconds: 0, ...refusal, seq: change.seq });
        continue;
      }
      this.document.apply(change);
      taken.push({ position: this.log.length + 1, change, by: session.name });
      this.log.push(taken.at(-1));
    }
    if (taken.length > 0) for (const other of this.sessions) this.say(other.socket, this.changesMessage(taken));
    const ack = () => this.say(socket, {
      ack: { batch, replica: session.lease.replica, seq: this.document.version.get(session.lease.replica), position: this.log.length, refused },
    });
    if (this.keepsAcks) this.kept.push(ack);
    else ack();
  }

  resync(socket, { graphHash, documentHash }) {
    const hash = { version: this.document.version.toMessage(), position: this.log.length, graphHash: this.document.graphHash(), documentHash: this.document.documentHash() };
    if (documentHash.length === 0) this.sendSnapshot(socket);
    else this.say(socket, { hash });
    return graphHash;
  }

  broadcastHash(change = {}) {
    const hash = {
      version: this.document.version.toMessage(), position: this.log.length, graphHash: this.document.graphHash(),
      documentHash: this.document.documentHash(), ...change,
    };
    for (const { socket } of this.sessions) this.say(socket, { hash });
  }

  leave(socket, code) {
    if (!socket.session) return;
    this.sessions.delete(socket.session);
    if (code === 1000) this.leases.delete(socket.session.lease.replica);
  }

  /** Cuts all connections, as a network does. */
  cut(code = 1006, reason = "cut") {
    for (const session of [...this.sessions]) {
      this.sessions.delete(session);
      session.socket.end(code, reason);
    }
  }

  release() {
    this.keepsAcks = false;
    for (const ack of this.kept.splice(0)) ack();
  }
}
