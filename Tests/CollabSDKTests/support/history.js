import { HybridClock, op, toHex, UndoStack, WorkflowDocument } from "../../../Sources/CollabSDK/src/index.js";
import { encodeSnapshot } from "../../../Sources/CollabSDK/src/snapshot-writer.js";
import { writeMessage } from "../../../Sources/CollabSDK/src/codec.js";
import { Random } from "./random.js";

const nodes = ["a", "b", "c", "d", "é", "\u{1f642}", "\uffee"];
const types = ["number", "visualization", "nobody"];
const handles = [null, null, null, "", "true"];
const values = [0, -1.5e-7, 1e21, "x", "\u2028\"\\", true, null, [], { b: 1, a: [null] }, { "\u{1f600}": 1, "\uffee": 2 }, undefined];

/** What several writers do with replicas of this SDK, in the order in which it was done, and the document that comes of it: for the other implementation to check. */
export function historyLine(seed) {
  const random = new Random(seed);
  const writers = Array.from({ length: 2 + random.below(4) }, (_, index) => ({
    id: index + 1, document: new WorkflowDocument(), clock: new HybridClock(), undo: new UndoStack(8), seq: 0,
  }));
  const log = [];
  const steps = 10 + random.below(40);
  for (let step = 0; step < steps; step += 1) {
    const writer = random.pick(writers);
    if (random.chance(50)) hear(writer, log, random);
    write(writer, log, random, step);
  }
  const document = new WorkflowDocument();
  for (const change of log) document.apply(change);
  return JSON.stringify({
    seed, change: { changes: log.map((change) => writeMessage("Change", change)) }, graphHash: toHex(document.graphHash()),
    documentHash: toHex(document.documentHash()), snapshot: toHex(encodeSnapshot(document)),
  });
}

/** Some of what the writer has not seen, each other's changes in order. */
function hear(writer, log, random) {
  const most = random.below(log.length + 1);
  for (const change of log.slice(0, most)) {
    if (writer.document.apply(change) === "gap") throw new Error("the log has a gap");
    writer.clock.observe(change.hlc);
  }
}

function write(writer, log, random, step) {
  const { document } = writer;
  const { as, ops } = opsFor(writer, random);
  if (!ops || ops.length === 0) return;
  writer.seq += 1;
  // Wall clocks are coarse and apart, so that times tie and disagree.
  const change = { replica: writer.id, seq: writer.seq, hlc: writer.clock.tick(1 + (step >> 2) + (writer.id % 3)), ops };
  writer.undo.record(change, document, { as, group: random.chance(20) ? "drag" : null });
  document.apply(change);
  log.push(change);
}

function opsFor({ document, undo }, random) {
  if (random.chance(12)) return random.chance(60) ? { as: "undo", ops: undo.undo(document) } : { as: "redo", ops: undo.redo(document) };
  const ops = [];
  for (let left = 1 + random.below(3); left > 0; left -= 1) ops.push(...someOps(document, random));
  return { as: "edit", ops };
}

function someOps(document, random) {
  const node = random.pick(nodes);
  const edge = { source: random.pick(nodes), sourceHandle: random.pick(handles), target: random.pick(nodes), targetHandle: random.chance(10) ? "in" : null };
  switch (random.below(16)) {
    case 0: case 1: case 2: return [op.setNodeLife(node, true), op.setNodeField(node, "type", random.pick(types))];
    case 3: return [op.setNodeLife(node, false)];
    case 4: return [op.setNodeField(node, "type", random.chance(70) ? random.pick(types) : undefined)];
    case 5: case 6: return [op.setNodeField(node, random.pick(["data.value", "data.label", "width", "data.\u{1f642}"]), random.pick(values))];
    case 7: return [op.setNodeField(node, "position", { x: random.below(100) / 8, y: -random.below(9) })];
    case 8: return [op.setNodeField(node, "parentId", random.chance(85) ? random.pick(nodes) : undefined)];
    case 9: case 10: case 11: return [op.addEdge(edge)];
    case 12: {
      const keys = document.edgesAt(node);
      if (keys.length === 0) return [];
      const key = random.pick(keys);
      return [op.removeEdge(key, document.liveTags(key))];
    }
    case 13: return [op.setEdgeField(edge, random.pick(["data.weight", "type", "id"]), random.pick(values))];
    case 14: return [op.setMeta(random.pick(["title", "description"]), random.pick(values))];
    default: return [op.setCommentLife(random.pick(["c0", "c1"]), random.chance(70)), op.setCommentField(random.pick(["c0", "c1"]), "text", random.pick(values))];
  }
}
