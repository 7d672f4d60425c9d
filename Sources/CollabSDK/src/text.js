// Text as everybody on the wire compares it: by its UTF-8 bytes, no normalisation [DO1].

/**
 * Order of two strings by their UTF-8 bytes.
 *
 * UTF-16 units are in the same order but for surrogates, which stand below U+E000 to U+FFFF and mean what is above.
 * @param {string} a
 * @param {string} b
 * @returns {number} negative, 0 or positive
 */
export function compareText(a, b) {
  if (a === b) return 0;
  const length = a.length < b.length ? a.length : b.length;
  for (let at = 0; at < length; at += 1) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x === y) continue;
    if (x < 0xd800 || y < 0xd800) return x - y;
    return (x >= 0xe000 ? x - 0x800 : x + 0x2000) - (y >= 0xe000 ? y - 0x800 : y + 0x2000);
  }
  return a.length - b.length;
}

/** Bytes of a string in UTF-8. O(length). @param {string} text */
export function utf8Length(text) {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    // Two units of a pair make four bytes, any other unit from U+0800 on makes three.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes;
}

/** Whether a surrogate stands alone: such a string has no UTF-8 and cannot be sent. @param {string} text */
export function hasLoneSurrogate(text) {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(at + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return true;
    at += 1;
  }
  return false;
}

/** @param {string | null} a @param {string | null} b a missing handle comes before every other */
function compareHandles(a, b) {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return compareText(a, b);
}

/** By source, source handle, target, target handle [DO4]. */
export function compareEdgeKeys(a, b) {
  return compareText(a.source, b.source) || compareHandles(a.sourceHandle, b.sourceHandle)
    || compareText(a.target, b.target) || compareHandles(a.targetHandle, b.targetHandle);
}

/**
 * An edge key with all four parts, whatever of them was given. An absent handle and an empty one differ [DO4].
 * @param {{source?: string, sourceHandle?: string | null, target?: string, targetHandle?: string | null}} key
 */
export function edgeKey(key) {
  return {
    source: key.source ?? "", sourceHandle: key.sourceHandle ?? null, target: key.target ?? "", targetHandle: key.targetHandle ?? null,
  };
}

const part = (text) => (text === null || text === undefined ? "-" : `${text.length}:${text}`);

/** One string for an edge key; two keys have the same one only when they are equal. */
export function edgeName(key) {
  return `${part(key.source)}${part(key.sourceHandle)}${part(key.target)}${part(key.targetHandle)}`;
}

/** For messages to people: `a[out] → b`. */
export function edgeText(key) {
  const end = (node, handle) => (handle === null || handle === undefined ? node : `${node}[${handle}]`);
  return `${end(key.source, key.sourceHandle)} → ${end(key.target, key.targetHandle)}`;
}
