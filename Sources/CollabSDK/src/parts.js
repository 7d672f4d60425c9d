import { changeBytes } from "./change.js";
import { checkChange } from "./check.js";
import { ClientError } from "./options.js";
import { decodeSnapshot } from "./snapshot.js";
import { encodeSnapshot } from "./snapshot-writer.js";

// Ops that are one thing to the person and may be too many for one change: an undo, a restore [UN3].

/**
 * The ops of each change, in the order to be made.
 *
 * One change where that is within the limits. Else first all that goes, then all that comes: a change is checked as if it only grew, and so the document never
 * holds both the old and the new.
 * @param {import("./change.js").Op[]} ops
 * @param {import("./document.js").WorkflowDocument} document
 * @returns {import("./change.js").Op[][]}
 */
export function changeParts(ops, document, limits) {
  const parts = split(ops, limits);
  if (parts.length === 0 || (parts.length === 1 && checkChange(document, trial(ops), limits)?.code !== "LIMIT")) return parts;
  return [...split(ops.filter(takesAway), limits), ...split(ops.filter((each) => !takesAway(each)), limits)];
}

/**
 * What the document would be after all parts; itself it stays as it is. O(document).
 * @throws {ClientError} when one of them would not be taken
 */
export function documentAfter(parts, document, limits) {
  const after = decodeSnapshot(encodeSnapshot(document));
  parts.forEach((ops, index) => {
    const change = { ...trial(ops), seq: after.version.get(trialReplica) + 1, hlc: after.highestTime + 1n };
    const found = checkChange(after, change, limits);
    if (found) throw new ClientError(found.code, found.message);
    if (after.apply(change) !== "applied") throw new ClientError("INVALID", `part ${index} does not follow the one before`);
  });
  return after;
}

/** No server lends it. */
const trialReplica = 2 ** 32 - 1;
const trial = (ops) => ({ replica: trialReplica, seq: 1, hlc: 1n, ops });

/** Whether it can only make the document smaller. */
const takesAway = ({ removeEdge, setNodeLife, setCommentLife }) => removeEdge !== undefined || setNodeLife?.alive === false || setCommentLife?.alive === false;

function split(ops, { opsPerChangeMax, messageBytesMax }) {
  const parts = [];
  let bytes = Infinity;
  for (const op of ops) {
    const size = changeBytes({ ops: [op] });
    if (bytes + size > messageBytesMax / 2 || parts.at(-1).length >= opsPerChangeMax) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1).push(op);
    bytes += size;
  }
  return parts;
}
