// Every history made here is applied by the server's implementation: it finds no fault in any change, and the same hashes and snapshot bytes come out
// [ME1, SN2, GV5, UN1]. HISTORIES= how many, SEED= from which on.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { historyLine } from "./support/history.js";
import { program } from "./support/programs.js";

const count = Number(process.env.HISTORIES ?? 2000);
const first = Number(process.env.SEED ?? 0);

test(`${count} histories made here come out the same in the server's implementation`, async () => {
  const verifier = spawn(program("history-stream"), ["verify"], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  verifier.stdout.on("data", (data) => { said += data; });
  const ended = new Promise((resolve) => verifier.on("close", resolve));
  for (let seed = first; seed < first + count; seed += 1) {
    if (!verifier.stdin.write(`${historyLine(seed)}\n`)) await new Promise((resolve) => verifier.stdin.once("drain", resolve));
  }
  verifier.stdin.end();
  assert.equal(await ended, 0, said);
  assert.match(said, new RegExp(`^${count} histories, 0 wrong`, "m"));
});

test("the server's implementation sees a planted defect", async () => {
  const verifier = spawn(program("history-stream"), ["verify"], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  verifier.stdout.on("data", (data) => { said += data; });
  const ended = new Promise((resolve) => verifier.on("close", resolve));
  const line = JSON.parse(historyLine(1));
  verifier.stdin.write(`${JSON.stringify(line)}\n`);
  verifier.stdin.write(`${JSON.stringify({ ...line, documentHash: line.graphHash })}\n`);
  verifier.stdin.end(`${JSON.stringify({ ...line, change: { changes: line.change.changes.slice(0, -1) } })}\n`);
  assert.equal(await ended, 1);
  assert.match(said, /^3 histories, 2 wrong/m);
});
