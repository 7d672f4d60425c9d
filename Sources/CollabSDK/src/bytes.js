// Bytes as text, and zlib's sum.

/** @param {Uint8Array} bytes @returns {string} lowercase */
export function toHex(bytes) {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/** @param {string} text @returns {Uint8Array} */
export function fromHex(text) {
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

const partMax = 0x8000;

/** @param {Uint8Array} bytes @returns {string} with padding */
export function toBase64(bytes) {
  let units = "";
  for (let at = 0; at < bytes.length; at += partMax) units += String.fromCharCode(...bytes.subarray(at, at + partMax));
  return btoa(units);
}

/** Takes both alphabets, with and without padding. @param {string} text @returns {Uint8Array} @throws for what is no base64 */
export function fromBase64(text) {
  const units = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const bytes = new Uint8Array(units.length);
  for (let at = 0; at < units.length; at += 1) bytes[at] = units.charCodeAt(at);
  return bytes;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export function equalBytes(a, b) {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 as zlib has it. @param {Uint8Array} bytes @returns {number} unsigned */
export function crc32(bytes) {
  let sum = -1;
  for (let at = 0; at < bytes.length; at += 1) sum = crcTable[(sum ^ bytes[at]) & 0xff] ^ (sum >>> 8);
  return (sum ^ -1) >>> 0;
}
