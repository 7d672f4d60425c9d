// What no server sends: mutated messages are refused as malformed, or taken, and nothing else happens. SEED= one of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeMessage, decodeSnapshot, encodeMessage, fromHex, sha256, SnapshotError, WireError } from "../../Sources/CollabSDK/src/index.js";
import { ReplicaMachine } from "../../Sources/CollabSDK/src/machine.js";
import { Random } from "./support/random.js";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../fixtures/protocol/${name}.json`, import.meta.url), "utf8"));
const texts = vectors("messages").filter(({ from }) => from === "server").map(({ json }) => json);
const documents = vectors("documents");
const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 3000 }, (_, seed) => seed);

/** Another value in the place of one somewhere in a message, or one less. */
function mutate(value, random) {
  const strange = [0, 1, -1, 2 ** 40, "", "x", "18446744073709551615", null, true, [], {}, [{}], { edge: {} }, "\ud800", 1e300];
  if (value === null || typeof value !== "object" || random.chance(15)) return random.pick(strange);
  const names = Object.keys(value);
  if (names.length === 0) return random.pick(strange);
  const name = random.pick(names);
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (random.chance(15)) delete copy[name];
  else copy[name] = mutate(copy[name], random);
  return Array.isArray(copy) ? Object.values(copy) : copy;
}

/** Messages of a conversation that could be, to be mutated: the vectors are too random to get far. */
function conversation(random) {
  const { changes } = random.pick(documents);
  const wires = changes.map((text, index) => ({ position: String(index + 1), author: 0, takenAtMilliseconds: "5", change: JSON.parse(text) }));
  return [
    { welcome: { protocolMajor: 1, session: "s", lease: { replica: 9, secret: "AAAA" }, role: "OWNER", serverMilliseconds: "5", version: {}, position: "0", catchup: "NOTHING" } },
    ...wires.map((wire) => ({ changes: { authors: [{ name: "x" }], changes: [wire] } })),
    { ack: { batch: "1", replica: 9, seq: "1", position: "9", refused: [{ seq: "1", code: "INVALID", revert: [] }] } },
    { presence: { slots: [{ session: "t", state: { dragging: [{ node: "a" }] } }], joined: [{ session: "t", role: "EDITOR" }], left: ["u"] } },
    { runEvent: { run: "r", seq: "1", kind: "RUN_STARTED", info: { idempotencyKey: "k" } } }, { runEvent: { run: "r", seq: "2", kind: "RUN_FINISHED" } },
    { issues: { added: [{ code: "c", edge: { source: "a", target: "b" } }], removed: [{ code: "d" }] } }, { hash: { version: { replica: [1], seq: ["1"] }, graphHash: "AA==" } },
    { snapshot: { index: 0, count: 1, data: "eJw=", crc32: 1, position: "3", rawBytes: 9 } }, { role: { role: "VIEWER" } }, { error: { request: "0", code: "RATE_LIMITED" } }, { pong: { id: "1" } },
  ];
}

test(`[WP6] ${seeds.length} conversations with strange messages: refused or taken, never a crash`, () => {
  const sums = { taken: 0, refused: 0 };
  for (const seed of seeds) {
    const random = new Random(seed);
    const machine = new ReplicaMachine({ name: "x" }, { random: () => 0 });
    let uptime = 0;
    const handle = (event) => machine.handle(event, { wall: 1_790_000_000_000, uptime: (uptime += 5) });
    const join = () => {
      handle({ type: "start" });
      handle({ type: "timePassed" });
      handle({ type: "connected" });
    };
    join();
    for (const message of conversation(random)) {
      const text = random.chance(60) ? JSON.stringify(message) : random.chance(80) ? JSON.stringify(mutate(message, random)) : random.pick(texts);
      let decoded;
      try {
        decoded = decodeMessage("ServerMessage", text);
        sums.taken += 1;
      } catch (error) {
        assert.ok(error instanceof WireError, `SEED=${seed}: ${error.stack}`);
        sums.refused += 1;
        continue;
      }
      let actions;
      try {
        actions = handle({ type: "received", message: decoded });
        machine.document.documentHash();
        if (machine.canEdit && random.chance(30)) machine.edit([{ setNodeLife: { node: `n${uptime}`, alive: true } }], {}, { wall: 1_790_000_000_000, uptime });
        actions.push(...handle({ type: "flush" }));
      } catch (error) {
        assert.ok(error.name === "ClientError", `SEED=${seed}: ${text}: ${error.stack}`);
        actions = [];
      }
      for (const action of actions) if (action.type === "send") encodeMessage("ClientMessage", action.message);
      if (actions.some(({ type }) => type === "disconnect") && !machine.stop) {
        handle({ type: "disconnected", code: 1006, reason: "" });
        uptime += 60_000;
        handle({ type: "timePassed" });
        handle({ type: "connected" });
      }
    }
  }
  assert.ok(sums.taken > 20 * seeds.length / 2 && sums.refused > seeds.length / 4, JSON.stringify(sums));
});

test("[ME4] snapshots with strange bytes and a right checksum: read or refused, never a crash", () => {
  for (const seed of seeds) {
    const random = new Random(seed);
    const bytes = fromHex(random.pick(documents).snapshot);
    for (let left = 1 + random.below(4); left > 0; left -= 1) bytes[13 + random.below(bytes.length - 21)] = random.below(256);
    // Without it nothing behind the checksum would be reached.
    bytes.set(sha256(bytes.subarray(0, -8)).subarray(0, 8), bytes.length - 8);
    try {
      decodeSnapshot(bytes).documentHash();
    } catch (error) {
      assert.ok(error instanceof SnapshotError, `SEED=${seed}: ${error.stack}`);
    }
  }
});
