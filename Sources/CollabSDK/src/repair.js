import { changeBytes, equalChanges, restamp } from "./change.js";
import { acknowledge } from "./intake.js";
import { adopt, fault } from "./link.js";
import { HybridClock, splitTime } from "./stamp.js";

// From a snapshot and what is pending to a document that is right again [CR5, RS2, SN1]. Functions of a ReplicaMachine.

/**
 * The document cannot go on as it is and waits for a snapshot: to lose a refused change, to take a new replica id, or to heal.
 *
 * Survives the connection: until it is done, own changes do not leave.
 */
export class Repair {
  /** Own changes with these numbers are given up. @type {Set<number>} */
  dropped = new Set();
  /** Own changes from this number on take new numbers. @type {number | null} */
  renumberFrom = null;
  /** They take new times too. */
  freshTimes = false;
  /** The lease to go on with, and the first number to use under it. @type {{lease: object, firstSeq: number} | null} */
  newLease = null;
  /** On this connection a snapshot was asked for, or is coming anyway. */
  isAsked = false;
  /** Of this connection: batches up to here must be answered first, so that no late refusal names a number used anew. */
  answersThrough = 0;
  /** The snapshot and what came after it: nothing of ours that is pending. @type {{document: object, position: number} | null} */
  base = null;
}

const faultsMax = 5;

/** Asks for a snapshot whatever the hashes are; `finishRepair` goes on once it is there. */
export function askForSnapshot(machine, now) {
  machine.askAgainAt = null;
  const { repair, link } = machine;
  if (link.state !== "joined" || repair === null) return;
  repair.isAsked = true;
  repair.answersThrough = link.lastBatch;
  repair.base = null;
  machine.send({ resync: { version: machine.streamedVersion().toMessage() } });
  machine.awaitAnswer(now);
}

export function takeChunk(machine, chunk, now) {
  machine.awaitAnswer(now);
  let whole;
  try {
    whole = machine.assembly.add(chunk);
  } catch (error) {
    fault(machine, error.message);
    return;
  }
  if (!whole) return;
  machine.counters.snapshots += 1;
  if (machine.repair === null) {
    // Not asked for: the server skipped what was queued for a slow reader.
    machine.repair = Object.assign(new Repair(), { isAsked: true, answersThrough: machine.link.lastBatch });
  }
  machine.repair.base = whole;
  finishRepair(machine, now);
}

/** A change of the server's order while the document waits for, or is rebuilt from, a snapshot. */
export function followInRepair(machine, { position, change }) {
  const { repair } = machine;
  // What comes before the snapshot comes again: in it, or right behind it [SN1].
  if (repair.base === null || position <= repair.base.position) return;
  if (position !== repair.base.position + 1 || repair.base.document.apply(change) === "gap") {
    machine.counters.gaps += 1;
    machine.faultsInARow += 1;
    repair.base = null;
    repair.isAsked = false;
    return;
  }
  machine.counters.changesReceived += 1;
  repair.base.position = position;
}

/** Done when the base holds all that is known to be durable and every batch sent before was answered. */
export function finishRepair(machine, now) {
  const { repair, link } = machine;
  if (repair === null || !repair.isAsked || repair.base === null || link.state !== "joined") return;
  const { base } = repair;
  if (link.answeredBatch < repair.answersThrough || base.position < link.catchUpThrough) return;
  if (repair.newLease === null && base.document.version.get(machine.replica) < machine.acknowledgedSeq) return;
  repair.base = null;
  if (machine.faultsInARow >= faultsMax || !lay(machine, repair, base.document, now)) {
    repair.isAsked = false;
    fault(machine, "own changes do not fit the server's document");
    return;
  }
  machine.position = base.position;
  machine.repair = null;
  if (machine.pending.inFlightCount === 0) machine.link.answerBy = null;
  machine.notify({ type: "replaced", position: machine.position });
}

/**
 * Puts what is still pending on top of the server's document, with the numbers that it can have there.
 * @returns {boolean} false, with nothing changed, when a change does not fit
 */
function lay(machine, repair, document, now) {
  const into = repair.newLease?.lease.replica ?? machine.replica;
  const streamed = document.version.get(into);
  const clock = new HybridClock(...splitTime(document.highestTime));
  if (repair.newLease === null) acknowledge(machine, streamed);
  const old = machine.pending.changes;
  const firstFree = Math.max(repair.newLease?.firstSeq ?? 0, streamed + 1);
  const { changes, stamps } = renew(machine, repair, old, { replica: into, firstSeq: firstFree, clock, now });
  for (const change of changes) {
    clock.observe(change.hlc);
    if (document.apply(change) !== "applied") return false;
  }
  // Those before the first that changed left already and need not leave again. A refused one must, even when its new time is the old one.
  const refusedFrom = repair.renumberFrom ?? Infinity;
  let unchanged = 0;
  while (unchanged < changes.length && changes[unchanged].seq < refusedFrom && equalChanges(old[unchanged], changes[unchanged])) unchanged += 1;
  machine.pending.replace(changes, Math.min(unchanged, machine.pending.inFlightCount), machine.position, changeBytes);
  machine.undoStack.rename(stamps);
  machine.clock = clock;
  machine.document = document;
  adopt(machine, into, firstFree);
  machine.nextSeq = firstFree + changes.length;
  return true;
}

/** Pending changes as they can be sent: without the dropped ones, numbered without gaps, with new times where those were the trouble. */
function renew(machine, repair, old, { replica, firstSeq, clock, now }) {
  const dropped = old.filter((change) => repair.dropped.has(change.seq));
  const kept = old.filter((change) => !repair.dropped.has(change.seq));
  const from = repair.newLease ? 0 : repair.renumberFrom ?? Infinity;
  let stay = 0;
  while (stay < kept.length && kept[stay].seq < from && kept[stay].seq === firstSeq + stay) stay += 1;
  const isInPlace = stay === kept.length || kept[stay].seq >= from;
  const head = repair.newLease === null && isInPlace ? kept.slice(0, stay) : [];
  const tail = kept.slice(head.length);
  if (tail.length === 0) return { changes: head, stamps: new Map() };
  machine.counters.restamps += 1;
  const ticking = clock.copy();
  for (const change of head) ticking.observe(change.hlc);
  const wall = machine.correctedWall(now);
  const renewed = restamp(tail, {
    replica, firstSeq: firstSeq + head.length, dropped, time: repair.freshTimes ? () => ticking.tick(wall) : null,
  });
  return { changes: [...head, ...renewed.changes], stamps: renewed.stamps };
}
