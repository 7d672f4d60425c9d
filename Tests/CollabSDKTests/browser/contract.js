/**
 * @param {() => import("../../../Sources/CollabSDK/src/storage.js").Storage} open another look at the same storage, as another tab has it
 * @returns {Promise<string[]>} what was checked
 * @throws when something is not as it must be
 */
export async function contract(open) {
  const checked = [];
  const is = (what, isSo) => {
    if (!isSo) throw new Error(what);
    checked.push(what);
  };
  const entry = (seq) => ({ change: { replica: 1, seq, hlc: 2n ** 60n + BigInt(seq), ops: [{ setNodeLife: { node: "a", alive: true } }] }, bytes: 9, seen: seq });
  const content = (...seqs) => ({ kept: { replica: 1, lease: { replica: 1, secret: new Uint8Array([1, 2]) } }, snapshot: new Uint8Array([3, 4, 5]), pending: seqs.map(entry) });
  const seqs = (loaded) => loaded.pending.map(({ change }) => change.seq).join();

  const first = await open().claim("room");
  is("a new place is empty", (await first.load()) === null);
  await first.save(content(1, 2));
  await first.append(entry(3));
  const loaded = await first.load();
  is("what was saved and appended is there, in order", seqs(loaded) === "1,2,3");
  is("numbers of 64 bits and bytes come back", loaded.pending[0].change.hlc === 2n ** 60n + 1n && loaded.snapshot[2] === 5 && loaded.kept.lease.secret[1] === 2);
  const second = await open().claim("room");
  is("a claimed place is nobody else's", (await second.load()) === null);
  is("nor an orphan", (await open().orphans("room")).length === 0);
  await second.save(content(7));
  await second.append(entry(8));
  await first.save(content(3));
  is("a save takes the place of all before it", seqs(await first.load()) === "3");
  is("and of nothing of another place", seqs(await second.load()) === "7,8");
  second.release();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const other = await open().claim("elsewhere");
  is("another room is another place", (await other.load()) === null);
  other.release();
  const orphans = await open().orphans("room");
  is("a place in which changes wait and that nobody has is an orphan", orphans.length === 1 && seqs(await orphans[0].load()) === "7,8");
  is("an orphan is claimed by who found it", (await open().orphans("room")).length === 0);
  await orphans[0].clear();
  orphans[0].release();
  first.release();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const again = await open().claim("room");
  is("a place with changes that wait comes first", seqs(await again.load()) === "3");
  await again.clear();
  is("a cleared place is empty", (await again.load()) === null);
  again.release();
  return checked;
}
