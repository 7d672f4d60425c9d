/**
 * Inflates a zlib stream whose size was announced.
 * @throws when the stream is damaged, or holds more or fewer bytes than announced
 */
export async function inflate(zlibBytes, rawByteCount) {
  const reader = new Blob([zlibBytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const raw = new Uint8Array(rawByteCount);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (filled + value.length > rawByteCount) {
      await reader.cancel();
      throw new RangeError("the snapshot is longer than announced");
    }
    raw.set(value, filled);
    filled += value.length;
  }
  if (filled !== rawByteCount) throw new RangeError("the snapshot is shorter than announced");
  return raw;
}
