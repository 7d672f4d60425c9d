import { SnapshotAssembly } from "./assembly.js";
import { askForSnapshot, Repair } from "./repair.js";
import { restoreRefused } from "./restoring.js";

// The connection's life: connect, hello, welcome, loss, back-off, deadlines [WP1, CR5, RS1]. Functions of a ReplicaMachine.

const faultsMax = 5;

export function connect(machine, now) {
  machine.counters.connects += 1;
  machine.link = { state: "connecting", giveUpAt: now.uptime + machine.options.connectDeadlineMilliseconds };
  machine.actions.push({ type: "connect" });
}

export function connected(machine, now) {
  if (machine.link.state !== "connecting") return;
  const { options } = machine;
  machine.link = { state: "greeting", giveUpAt: now.uptime + options.welcomeDeadlineMilliseconds };
  machine.send({
    hello: {
      protocolMajor: 1, token: typeof options.token === "function" ? options.token() : options.token, name: options.name, colour: options.colour,
      kind: options.kind, lease: machine.lease, version: machine.streamedVersion().toMessage(), wants: options.wants,
      create: options.create && machine.counters.joins === 0, roleMax: options.roleMax, client: options.client,
    },
  });
}

export function disconnected(machine, code, reason, now) {
  const { farewell, repair } = machine;
  machine.hold = null;
  machine.askAgainAt = null;
  machine.farewell = null;
  machine.pending.rewindAll();
  if (repair) Object.assign(repair, { base: null, answersThrough: 0, isAsked: false });
  if ((farewell?.code ?? code) === 4401 && awaitToken(machine, farewell?.text || reason || "no token that the server takes")) return;
  if (farewell && farewell.reconnectAfterMilliseconds === 0) {
    stopHere(machine, { reason: "closedByServer", code: farewell.code, text: farewell.text }, null);
    return;
  }
  if ((code >= 4400 && code < 4500) || code === 1000) {
    stopHere(machine, { reason: "closedByServer", code, text: reason || farewell?.text || `closed with ${code}` }, null);
    return;
  }
  const { attemptsMax } = machine.options;
  if (attemptsMax !== null && machine.backoff.attempts + 1 >= attemptsMax) {
    stopHere(machine, { reason: "unreachable", code, text: `gave up after ${attemptsMax} attempts; the last one: ${code} ${reason}` }, null);
    return;
  }
  machine.link = {
    state: "down", retryAt: now.uptime + machine.backoff.next(farewell?.reconnectAfterMilliseconds ?? 0),
    text: reason || farewell?.text || (code === 1006 ? "the server does not answer" : `closed with ${code}`),
  };
}

/** Ended for want of a token: where somebody gives tokens it waits for another one, and takes edits meanwhile [AC9]. @returns {boolean} */
function awaitToken(machine, text) {
  const { asksForToken, attemptsMax } = machine.options;
  if (!asksForToken || (attemptsMax !== null && machine.backoff.attempts >= attemptsMax)) return false;
  machine.link = { state: "waitingForToken", text };
  return true;
}

/** There is another token: shown at once, or with a pause when the one before it was given for nothing. */
export function tokenGiven(machine, now) {
  const { link, backoff } = machine;
  if (link.state !== "waitingForToken") return;
  const isFirst = backoff.attempts === 0;
  const pause = backoff.next();
  machine.link = { state: "down", retryAt: now.uptime + (isFirst ? 0 : pause), text: link.text };
  timePassed(machine, now);
}

/** Gives the connection up; `disconnected` follows from the shell and starts the pause before the next attempt. */
export function giveUpConnection(machine, text) {
  if (machine.link.state === "closing") return;
  machine.link = { state: "closing" };
  machine.actions.push({ type: "disconnect", code: 1001, reason: text });
}

/** @param {number | null} code how to close the connection; null when it is closed already */
export function stopHere(machine, stop, code) {
  if (code !== null && ["connecting", "greeting", "joined"].includes(machine.link.state)) {
    machine.actions.push({ type: "disconnect", code, reason: stop.text });
  }
  machine.link = { state: "stopped", stop };
}

/** The other side sent what cannot be used. Once may be an accident of the way; again and again it is a defect. */
export function fault(machine, text) {
  machine.faultsInARow += 1;
  // 1002 is not for programs in a browser to send: 4400 says the same.
  if (machine.faultsInARow >= faultsMax) stopHere(machine, { reason: "fault", code: 4400, text }, 4400);
  else giveUpConnection(machine, text);
}

export function welcomed(machine, welcome, now) {
  if (machine.link.state !== "greeting") {
    fault(machine, "a second welcome");
    return;
  }
  if (welcome.protocolMajor !== 1) {
    stopHere(machine, { reason: "fault", code: 4426, text: `the server speaks version ${welcome.protocolMajor} of the protocol` }, 1000);
    return;
  }
  machine.counters.joins += 1;
  machine.backoff.succeeded();
  machine.serverClockOffset = Number(welcome.serverMilliseconds) - now.uptime;
  machine.session = welcome.session;
  machine.role = welcome.role || "VIEWER";
  // A limit that a server leaves out is the default.
  for (const [name, value] of Object.entries(welcome.limits ?? {})) if (value > 0) machine.limits[name] = value;
  machine.presence.reset(welcome.participants);
  machine.issues.reset();
  machine.link = {
    state: "joined",
    /** The welcome's position: once it is reached nothing that was missed is missing. */
    catchUpThrough: Number(welcome.position), lastBatch: 0, answeredBatch: 0,
    /** A batch or resync waits for an answer; given up at this time. */
    answerBy: null, pingAt: now.uptime + machine.options.pingIntervalMilliseconds, pingID: 0, pingSentAt: null,
    presenceWaits: machine.ownPresence !== null, presenceAt: 0,
  };
  machine.assembly = new SnapshotAssembly(machine.options.snapshotBytesMax);
  takeLease(machine, welcome);
  catchUp(machine, welcome, now);
  machine.notify({ type: "welcome", welcome });
  machine.notify({ type: "role", role: machine.role });
}

function takeLease(machine, welcome) {
  // What waits for a repair under a newer lease was never sent under that one: what arrived of it was told by an earlier welcome.
  const isMoving = machine.repair?.newLease != null;
  if (!isMoving && machine.replica !== 0) machine.pending.acknowledge(Number(welcome.leaseThrough));
  const given = welcome.lease;
  if (!given) {
    // The role may not write: what waits will never be taken.
    for (const change of machine.pending.changes) {
      giveUp(machine, change, { seq: change.seq, code: "FORBIDDEN", text: `the role ${machine.role.toLowerCase()} may not write`, revert: [] });
    }
    return;
  }
  machine.lease = given;
  const through = Number(welcome.leaseThrough);
  if (given.replica === machine.replica && !welcome.restamp && !isMoving) {
    machine.nextSeq = Math.max(machine.nextSeq, through + 1);
    machine.acknowledgedSeq = through;
    // The server forgot what it had acknowledged: its store was put back. What waits takes the numbers that are free there.
    const first = machine.pending.firstSeq;
    if (first !== null && first !== through + 1) machine.repair ??= new Repair();
    return;
  }
  const first = versionOf(welcome.version, given.replica) + 1;
  // Changes of an earlier holder of the id may still be missing here; until they came, edits go on under the old one.
  const isKnown = machine.replica === 0 || machine.document.version.get(given.replica) + 1 === first;
  if (machine.pending.isEmpty && machine.repair === null && isKnown) {
    adopt(machine, given.replica, first);
  } else {
    machine.counters.restamps += 1;
    machine.repair ??= new Repair();
    machine.repair.newLease = { lease: given, firstSeq: first };
    machine.repair.freshTimes = true;
  }
}

function versionOf(version, replica) {
  const at = version ? version.replica.indexOf(replica) : -1;
  return at < 0 ? 0 : Number(version.seq[at] ?? 0);
}

/** From now on own changes are this replica's. */
export function adopt(machine, replica, firstSeq) {
  machine.replica = replica;
  machine.nextSeq = firstSeq;
  machine.streamedSeq = firstSeq - 1;
  machine.acknowledgedSeq = firstSeq - 1;
}

function catchUp(machine, welcome, now) {
  if (welcome.catchup === "SNAPSHOT") {
    machine.repair ??= new Repair();
    machine.repair.isAsked = true;
    machine.awaitAnswer(now);
    return;
  }
  const position = Number(welcome.position);
  // The server holds less than was seen here: its store was put back. Start from what it has.
  if (position < machine.position) machine.repair ??= new Repair();
  if (welcome.catchup === "NOTHING" && machine.repair === null) machine.position = position;
  if (machine.repair !== null) askForSnapshot(machine, now);
}

/** The change will never be taken: it goes, with the next snapshot, from the document as well. */
export function giveUp(machine, change, refusal) {
  machine.repair ??= new Repair();
  const { repair } = machine;
  if (repair.dropped.has(change.seq)) return;
  repair.dropped.add(change.seq);
  repair.renumberFrom = Math.min(repair.renumberFrom ?? change.seq, change.seq);
  machine.undoStack.forget(change);
  machine.notify({ type: "refused", change, refusal, isRestoredAgain: restoreRefused(machine, refusal) });
}

// ---- Time

export function timePassed(machine, now) {
  const { link, options } = machine;
  const { uptime } = now;
  switch (link.state) {
    case "down": if (uptime >= link.retryAt) connect(machine, now); break;
    case "connecting": if (uptime >= link.giveUpAt) giveUpConnection(machine, "no connection in time"); break;
    case "greeting": if (uptime >= link.giveUpAt) giveUpConnection(machine, "no welcome in time"); break;
    case "joined":
      if (link.answerBy !== null && uptime >= link.answerBy) giveUpConnection(machine, "no answer in time");
      else if (link.pingSentAt !== null && uptime >= link.pingSentAt + options.pongDeadlineMilliseconds) giveUpConnection(machine, "no pong in time");
      else {
        if (machine.askAgainAt !== null && uptime >= machine.askAgainAt) askForSnapshot(machine, now);
        if (link.pingSentAt === null && uptime >= link.pingAt) ping(machine, now);
        sendPresence(machine, now);
      }
      break;
    default: break;
  }
}

export function nextDeadline(machine) {
  const { link, hold, askAgainAt, options, restoring } = machine;
  switch (link.state) {
    case "down": return link.retryAt;
    case "connecting": case "greeting": return link.giveUpAt;
    case "joined": {
      let next = link.pingSentAt === null ? link.pingAt : link.pingSentAt + options.pongDeadlineMilliseconds;
      if (link.answerBy !== null) next = Math.min(next, link.answerBy);
      if (hold && link.answeredBatch >= hold.answersThrough) next = Math.min(next, hold.until);
      if (askAgainAt !== null) next = Math.min(next, askAgainAt);
      if (restoring?.againAt != null && machine.isLive) next = Math.min(next, restoring.againAt);
      return link.presenceWaits ? Math.min(next, link.presenceAt) : next;
    }
    default: return null;
  }
}

function ping(machine, now) {
  const { link } = machine;
  link.pingID += 1;
  link.pingSentAt = now.uptime;
  link.pingAt = now.uptime + machine.options.pingIntervalMilliseconds;
  // What was seen counts only once all that was written before was sent [ME5].
  machine.send({ ping: { id: link.pingID, seen: machine.pending.isEmpty && machine.repair === null ? machine.position : 0 } });
}

export function ponged(machine, pong, now) {
  const { link } = machine;
  if (link.state !== "joined" || pong.id !== link.pingID || link.pingSentAt === null) return;
  const milliseconds = now.uptime - link.pingSentAt;
  link.pingSentAt = null;
  machine.serverClockOffset = Number(pong.serverMilliseconds) + Math.floor(milliseconds / 2) - now.uptime;
  machine.notify({ type: "roundTrip", milliseconds });
}

/** The newest state only, no oftener than the server's tick: more would be thrown away there [PR1]. */
function sendPresence(machine, now) {
  const { link } = machine;
  if (!link.presenceWaits || now.uptime < link.presenceAt || machine.ownPresence === null) return;
  link.presenceWaits = false;
  link.presenceAt = now.uptime + machine.limits.presenceIntervalMilliseconds;
  machine.send({ presence: { state: machine.ownPresence } });
}
