// What every storage must do, asked of the one in IndexedDB, with locks and without, and of the one in memory.
import { IndexedDBStorage, MemoryStorage } from "/sdk/index.js";
import { contract } from "/tests/contract.js";

window.run = async () => {
  const names = [];
  const clean = (name) => new Promise((resolve) => { indexedDB.deleteDatabase(name).onsuccess = resolve; });
  for (const [kind, make] of [
    ["memory", () => { const storage = new MemoryStorage(); return () => storage; }],
    ["locks", (name) => () => new IndexedDBStorage({ name })], ["signs of life", (name) => () => new IndexedDBStorage({ name, locks: null })],
  ]) {
    const name = `test-${kind}`;
    await clean(name);
    names.push(...(await contract(make(name))).map((each) => `${kind}: ${each}`));
  }
  return names;
};
