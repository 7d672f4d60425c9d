import { restoreOps } from "./diff.js";
import { ClientError } from "./options.js";

// Restores of several changes, until all of them are durable [HI6, UN3]. Functions of a ReplicaMachine.

/** Beyond so many tries in a row somebody has to decide. */
const triesMax = 6;
/** Before another try; doubles with each. */
const pauseMilliseconds = 100;

/**
 * Makes the document what `old` holds: one undo step, of as many changes as the limits take.
 *
 * What goes and what comes are changes of their own then, and beside another big edit of the same moment a later one may be refused for want of room. Then
 * the difference that is left is made again, from what the server holds by then.
 */
export function restore(machine, old, now) {
  const { undoStack } = machine;
  undoStack.close();
  const restoring = { old, group: `restore ${machine.nextSeq}`, tries: 1, isBroken: false, againAt: null };
  machine.restoring = null;
  const changes = machine.makeParts(restoreOps(machine.document, old), how(restoring), now);
  if (changes.length > 1) machine.restoring = restoring;
  return changes;
}

const how = ({ group }) => ({ group, keepsEdgeOrder: true });

/** A change was refused for good. @returns {boolean} whether it is made again */
export function restoreRefused(machine, { code }) {
  const { restoring } = machine;
  if (!restoring || code !== "LIMIT") return false;
  restoring.isBroken = true;
  return restoring.tries < triesMax;
}

/** Something else was done here: to go on would undo it. */
export function endRestoring(machine) {
  const { restoring } = machine;
  machine.restoring = null;
  if (restoring?.isBroken) tell(machine, "something else was edited before all of it was there");
}

/** After each event: done, or tried again after a pause that differs from that of whoever is in the way. */
export function watchRestoring(machine, now) {
  const { restoring } = machine;
  if (!restoring || restoring.againAt !== null || !machine.pending.isEmpty || !machine.isLive) return;
  if (restoring.isBroken) restoring.againAt = now.uptime + Math.floor(machine.random() * pauseMilliseconds * 2 ** restoring.tries);
  else machine.restoring = null;
}

/** Whether it is time to `restoreAgain`. */
export function isRestoreDue(machine, now) {
  const { restoring } = machine;
  return Boolean(restoring && restoring.againAt !== null && now.uptime >= restoring.againAt && machine.isLive);
}

/** The next try; when it was the last, or it cannot be made, that is told. @returns {import("./change.js").Change[]} */
export function restoreAgain(machine, now) {
  const { restoring } = machine;
  if (!isRestoreDue(machine, now)) return [];
  machine.restoring = null;
  const ops = restoreOps(machine.document, restoring.old);
  if (ops.length === 0) return [];
  if (restoring.tries >= triesMax) {
    tell(machine, "others change too much at the same moment");
    return [];
  }
  try {
    const changes = machine.makeParts(ops, how(restoring), now);
    machine.restoring = { ...restoring, tries: restoring.tries + 1, isBroken: false, againAt: null };
    machine.notify({ type: "restore", tries: restoring.tries + 1, error: null });
    return changes;
  } catch (error) {
    tell(machine, error.message);
    return [];
  }
}

function tell(machine, why) {
  machine.notify({ type: "restore", tries: 0, error: new ClientError("LIMIT", `only a part was restored: ${why}; restore again, or undo`) });
}
