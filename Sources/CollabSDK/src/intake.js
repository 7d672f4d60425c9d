import { equalBytes } from "./bytes.js";
import { fault, giveUp, giveUpConnection, ponged, welcomed } from "./link.js";
import { allows, isAtLeast } from "./options.js";
import { askForSnapshot, finishRepair, followInRepair, Repair, takeChunk } from "./repair.js";
import { Version } from "./stamp.js";

// What the server says [OR1, AK1, RF1, SN1, GV5]. Functions of a ReplicaMachine.

/** A snapshot was asked for too often, or the store is away: asked again after this, when the server names no time. */
const askAgainMilliseconds = 500;
const conflictPauseMilliseconds = 50;
const faultsMax = 5;

export function received(machine, message, now) {
  if (message.welcome) {
    welcomed(machine, message.welcome, now);
    return;
  }
  if (message.goodbye) {
    machine.farewell = message.goodbye;
    return;
  }
  if (machine.link.state !== "joined") {
    // Between giving a connection up and its end, late messages are of no use; before the welcome they are a defect.
    if (machine.link.state === "greeting") fault(machine, "a message before the welcome");
    return;
  }
  if (message.changes) takeChanges(machine, message.changes, now);
  else if (message.ack) acknowledged(machine, message.ack, now);
  else if (message.snapshot) takeChunk(machine, message.snapshot, now);
  else if (message.hash) compare(machine, message.hash, now);
  else if (message.presence) {
    machine.presence.take(message.presence, machine.session);
    machine.notify({ type: "presence", frame: message.presence });
  } else if (message.runEvent) takeRunEvent(machine, message.runEvent);
  else if (message.issues) {
    machine.issues.take(message.issues);
    machine.notify({ type: "issues", ...message.issues });
  } else if (message.role) {
    machine.role = message.role.role || "VIEWER";
    machine.notify({ type: "role", role: machine.role, changed: message.role });
  } else if (message.error) takeError(machine, message.error, now);
  else if (message.pong) ponged(machine, message.pong, now);
  else if (message.history) machine.notify({ type: "history", page: message.history });
  else if (message.versions) machine.notify({ type: "versions", list: message.versions });
  else if (message.state) machine.notify({ type: "state", chunk: message.state });
  // A kind of message that is newer than this is passed over [WP2].
}

function takeRunEvent(machine, event) {
  // A kind that is not known is passed over [WP2].
  if (event.kind === "") return;
  if (machine.runs.take(event)) machine.notify({ type: "run", event });
  else if (event.kind === "RUN_STARTED" && event.info?.idempotencyKey) machine.notify({ type: "runNamed", run: event.run, key: event.info.idempotencyKey });
}

function takeError(machine, error, now) {
  const { repair } = machine;
  const isPutOff = error.code === "RATE_LIMITED" || error.code === "UNAVAILABLE";
  if (error.request === 0 && isPutOff && repair?.isAsked && repair.base === null) {
    machine.askAgainAt = now.uptime + (error.retryAfterMilliseconds || askAgainMilliseconds);
  }
  machine.notify({ type: "error", error });
}

// ---- Changes

function takeChanges(machine, { authors, changes }, now) {
  const fresh = [];
  for (const logged of changes) {
    const whole = { ...logged, position: Number(logged.position), author: authors[logged.author] ?? null };
    if (machine.repair !== null) followInRepair(machine, whole);
    else if (takeChange(machine, whole)) fresh.push(whole);
  }
  if (fresh.length > 0) machine.notify({ type: "changes", changes: fresh });
  if (machine.repair === null) return;
  if (machine.repair.isAsked) finishRepair(machine, now);
  else askForSnapshot(machine, now);
}

/** @returns {boolean} whether it was new; when it does not fit, `repair` is set */
function takeChange(machine, { position, change }) {
  if (position <= machine.position) {
    machine.counters.duplicatesReceived += 1;
    return false;
  }
  // Why a change does not fit is of no interest: what helps is a snapshot.
  if (position !== machine.position + 1 || machine.document.apply(change) === "gap") {
    machine.counters.gaps += 1;
    machine.repair = new Repair();
    return false;
  }
  machine.counters.changesReceived += 1;
  machine.position = position;
  machine.clock.observe(change.hlc);
  if (change.replica === machine.replica) {
    machine.streamedSeq = Math.max(machine.streamedSeq, change.seq);
    // Only what is durable is told [RM1], so this says as much as an ack.
    acknowledge(machine, change.seq);
  }
  return true;
}

/** @returns {number} how many pending changes went */
export function acknowledge(machine, seq) {
  machine.acknowledgedSeq = Math.max(machine.acknowledgedSeq, seq);
  machine.nextSeq = Math.max(machine.nextSeq, seq + 1);
  return machine.pending.acknowledge(seq);
}

// ---- Acknowledgement and refusal

function acknowledged(machine, ack, now) {
  const { link } = machine;
  link.answeredBatch = Math.max(link.answeredBatch, Math.min(Number(ack.batch), link.lastBatch));
  const isOwn = ack.replica === machine.replica;
  if (isOwn && acknowledge(machine, Number(ack.seq)) > 0) machine.faultsInARow = 0;
  if (machine.pending.inFlightCount > 0 || machine.repair !== null) machine.awaitAnswer(now);
  else link.answerBy = null;
  if (isOwn && ack.refused.length > 0) {
    refused(machine, ack.refused.reduce((lowest, each) => (each.seq < lowest.seq ? each : lowest)), now);
  }
  if (machine.link.state === "joined") finishRepair(machine, now);
}

/** The lowest refused number of an ack counts; those after it were refused because of it and go out again. */
function refused(machine, refusal, now) {
  const change = machine.pending.change(refusal.seq);
  if (!change || !machine.pending.isInFlight(refusal.seq)) return;
  if (machine.repair !== null) {
    refusedInRepair(machine, change, refusal);
    return;
  }
  if (machine.hold) {
    // Those that were told to wait are told again for each batch on its way. A lower number says why: it comes first.
    if (refusal.seq >= machine.hold.resendFrom) return;
    machine.hold = null;
  }
  machine.counters.refusals += 1;
  switch (refusal.code) {
    case "RATE_LIMITED": case "UNAVAILABLE":
      wait(machine, refusal.seq, Math.max(refusal.retryAfterMilliseconds, 1), now);
      break;
    case "CONFLICT":
      machine.faultsInARow += 1;
      if (machine.faultsInARow >= faultsMax) giveUpConnection(machine, `the server and this client count differently: ${refusal.text}`);
      else wait(machine, refusal.seq, conflictPauseMilliseconds, now);
      break;
    case "STALE_LEASE":
      // The next welcome says what arrived and lends another replica id.
      giveUpConnection(machine, "the lease is gone");
      break;
    case "CLOCK_SKEW":
      // The change stays, whatever it takes: after some tries the next welcome tells the server's clock anew.
      machine.faultsInARow += 1;
      machine.repair = Object.assign(new Repair(), { freshTimes: true, renumberFrom: refusal.seq });
      if (machine.faultsInARow % 3 === 0) giveUpConnection(machine, `the server's clock went another way: ${refusal.text}`);
      else askForSnapshot(machine, now);
      break;
    default:
      giveUp(machine, change, refusal);
      if (refusal.code === "FORBIDDEN") giveUpForbidden(machine, refusal);
      askForSnapshot(machine, now);
  }
}

/**
 * The document waits for a snapshot already: what was refused goes, or takes new numbers, with it. Passed over, it would stay in flight for ever, and
 * everything behind it would be a conflict.
 */
function refusedInRepair(machine, change, refusal) {
  const { repair } = machine;
  if (repair.newLease) return;
  switch (refusal.code) {
    case "STALE_LEASE": giveUpConnection(machine, "the lease is gone"); break;
    case "CONFLICT": case "RATE_LIMITED": case "UNAVAILABLE": case "CLOCK_SKEW":
      if (refusal.code === "CLOCK_SKEW") repair.freshTimes = true;
      repair.renumberFrom = Math.min(repair.renumberFrom ?? refusal.seq, refusal.seq);
      break;
    default:
      giveUp(machine, change, refusal);
      if (refusal.code === "FORBIDDEN") giveUpForbidden(machine, refusal);
  }
}

function wait(machine, seq, milliseconds, now) {
  machine.hold = { resendFrom: seq, until: now.uptime + milliseconds, answersThrough: machine.link.lastBatch };
}

/** When the role forbids one change it forbids others too: asking for each would cost a snapshot each. */
function giveUpForbidden(machine, after) {
  if (machine.role === null || isAtLeast(machine.role, "EDITOR")) return;
  for (const change of machine.pending.changes) {
    if (change.seq > after.seq && !allows(machine.role, change.ops)) giveUp(machine, change, { ...after, seq: change.seq, revert: [] });
  }
}

// ---- Hashes

function compare(machine, report, now) {
  if (machine.pending.isEmpty) machine.link.answerBy = null;
  machine.notify({ type: "hash", report });
  if (machine.repair !== null || !machine.pending.isEmpty || !machine.document.version.equals(Version.fromMessage(report.version))) return;
  const { document } = machine;
  // What the graph's hash is taken of is in this one too, and to take both costs twice as much.
  if (equalBytes(document.documentHash(), report.documentHash)) return;
  machine.counters.divergences += 1;
  machine.notify({ type: "diverged", report });
  machine.repair = new Repair();
  askForSnapshot(machine, now);
}
