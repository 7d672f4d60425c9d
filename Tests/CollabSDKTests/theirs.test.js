// Every history that the server's implementation makes is applied here: the same document, parked edges, findings, hashes and snapshot bytes come out
// [ME1, ME4, GV1 to GV5, DO6]. HISTORIES= how many, SEED= from which on.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { decodeSnapshot, encodeSnapshot, WorkflowDocument } from "../../Sources/CollabSDK/src/index.js";
import { readMessage } from "../../Sources/CollabSDK/src/codec.js";
import { program } from "./support/programs.js";
import { check, expectedCheck, expectedWhole, whole } from "./support/view.js";

const count = Number(process.env.HISTORIES ?? 2000);
const first = Number(process.env.SEED ?? 0);
const outcomes = { applied: "a", duplicate: "d", gap: "g" };

test(`${count} histories of the server's implementation come out the same here`, async () => {
  const stream = spawn(program("history-stream"), ["emit", String(first), String(count)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => stream.on("close", resolve));
  let seen = 0;
  const sums = { arrivals: 0, checks: 0, parked: 0 };
  for await (const line of createInterface({ input: stream.stdout })) {
    compare(JSON.parse(line), sums);
    seen += 1;
  }
  assert.equal(await ended, 0);
  assert.equal(seen, count);
  // A stream of empty histories would prove nothing.
  assert.ok(sums.arrivals > 15 * count && sums.checks > 3 * count && sums.parked > count, JSON.stringify(sums));
});

function compare({ seed, changes: wires, orders }, sums, defect = (change) => change) {
  const changes = wires.map((wire) => defect(readMessage("Change", wire)));
  for (const [number, { arrivals, outcomes: expected, checks, end }] of orders.entries()) {
    let document = new WorkflowDocument();
    let at = 0;
    for (const [index, change] of arrivals.entries()) {
      assert.equal(outcomes[document.apply(changes[change])], expected[index], `SEED=${seed} order ${number}: arrival ${index}`);
      if (checks[at]?.at !== index + 1) continue;
      assert.equal(check(document), expectedCheck(checks[at]), `SEED=${seed} order ${number}: after arrival ${index}`);
      sums.parked += checks[at].parked.length > 0 ? 1 : 0;
      at += 1;
      // Every other time it goes on from its own snapshot.
      if ((seed + at) % 2 === 0) document = decodeSnapshot(encodeSnapshot(document));
    }
    assert.equal(at, checks.length);
    assert.equal(whole(document), expectedWhole(end), `SEED=${seed} order ${number}: at the end`);
    sums.arrivals += arrivals.length;
    sums.checks += at;
  }
}

test("the comparison sees a planted defect", async () => {
  const stream = spawn(program("history-stream"), ["emit", "0", "60"], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = [];
  for await (const line of createInterface({ input: stream.stdout })) lines.push(JSON.parse(line));
  const finds = (defect) => lines.some((line) => {
    try {
      compare(line, { arrivals: 0, checks: 0, parked: 0 }, defect);
      return false;
    } catch (error) {
      assert.equal(error.code, "ERR_ASSERTION");
      return true;
    }
  });
  assert.equal(finds((change) => change), false);
  assert.equal(finds((change) => ({ ...change, hlc: 65536n })), true, "the last to come wins");
  assert.equal(finds((change) => ({ ...change, ops: change.ops.map((op) => (op.removeEdge ? { removeEdge: { ...op.removeEdge, tags: op.removeEdge.tags.slice(1) } } : op)) })), true);
  assert.equal(finds((change) => ({ ...change, ops: change.ops.map((op) => (op.setNodeField?.field === "parentId" ? { setNodeField: { ...op.setNodeField, value: null } } : op)) })), true);
});
