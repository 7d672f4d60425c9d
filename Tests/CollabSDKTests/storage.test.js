// What every storage must do, asked of the one in memory; the one in IndexedDB is asked in a browser: see browser/.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStorage } from "../../Sources/CollabSDK/src/index.js";
import { contract } from "./browser/contract.js";

test("the storage in memory does what storages must", async () => {
  const storage = new MemoryStorage();
  assert.ok((await contract(() => storage)).length > 10);
});
