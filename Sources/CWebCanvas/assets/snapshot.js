/** @throws always, until the format is there */
export function decodeSnapshot() {
  throw new Error("snapshots cannot be read");
}
