// Stamps order the writes [CR2]; the last writer wins.

/** A uint64 of the JSON mapping: a decimal string, or a number, or absent for 0. */
export const uint64 = (value) => BigInt(value ?? 0);
/** One that stays far below 2^53: a seq, a position. */
export const count = (value) => Number(value ?? 0);

export function stampFrom(message) {
  return { hlc: uint64(message.hlc), replica: message.replica ?? 0, seq: count(message.seq), index: message.index ?? 0 };
}

export function compareStamps(a, b) {
  if (a.hlc !== b.hlc) return a.hlc < b.hlc ? -1 : 1;
  return a.replica - b.replica || a.seq - b.seq || a.index - b.index;
}

/** Names an op: two adds of one edge are told apart by it. */
export const opName = (stamp) => `${stamp.replica}.${stamp.seq}.${stamp.index}`;

const utf8 = new TextEncoder();

/** Ids are ordered by their UTF-8 bytes. For text without surrogates the order of UTF-16 units is the same. */
export function compareText(a, b) {
  if (a === b) return 0;
  if (!/[\ud800-\udfff]/.test(a + b)) return a < b ? -1 : 1;
  const x = utf8.encode(a);
  const y = utf8.encode(b);
  for (let i = 0; i < Math.min(x.length, y.length); i += 1) if (x[i] !== y[i]) return x[i] - y[i];
  return x.length - y.length;
}

/** A missing handle comes before every other. */
function compareHandles(a, b) {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return compareText(a, b);
}

/** An edge is its ends; an absent handle and an empty one differ [DO4]. */
export function edgeKeyFrom(message) {
  return {
    source: message.source ?? "", sourceHandle: message.sourceHandle ?? null,
    target: message.target ?? "", targetHandle: message.targetHandle ?? null,
  };
}

export const edgeName = (key) => JSON.stringify([key.source, key.sourceHandle, key.target, key.targetHandle]);

export function compareEdgeKeys(a, b) {
  return compareText(a.source, b.source) || compareHandles(a.sourceHandle, b.sourceHandle)
    || compareText(a.target, b.target) || compareHandles(a.targetHandle, b.targetHandle);
}
