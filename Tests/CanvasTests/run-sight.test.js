import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "./support/assets.js";

const { RunSight } = await asset("run-sight.js");

function sight(...events) {
  const run = new RunSight("r");
  events.forEach(([kind, node = "", error = ""], index) => run.take({ run: "r", seq: index + 1, kind, node, nodeType: "delay", result: "", error, atMilliseconds: index, durationMicroseconds: 0 }));
  return run;
}
const states = (run) => Object.fromEntries([...run.nodes].map(([id, { state }]) => [id, state]));

test("what was under way when a run was cancelled is cancelled too, whatever its last words were", () => {
  const run = sight(["RUN_STARTED"], ["NODE_STARTED", "a"], ["NODE_SUCCEEDED", "a"], ["NODE_STARTED", "b"], ["NODE_STARTED", "c"], ["NODE_FAILED", "c", "the run was cancelled"], ["NODE_SKIPPED", "d"], ["RUN_CANCELLED"]);
  assert.equal(run.state, "cancelled");
  assert.deepEqual(states(run), { a: "succeeded", b: "cancelled", c: "cancelled", d: "skipped" });
  assert.equal(run.nodes.get("c").error, "");
});

test("a node that failed has failed", () => {
  const run = sight(["RUN_STARTED"], ["NODE_STARTED", "a"], ["NODE_FAILED", "a", "no"], ["RUN_FAILED", "", "no"]);
  assert.deepEqual(states(run), { a: "failed" });
  assert.equal(run.nodes.get("a").error, "no");
});
