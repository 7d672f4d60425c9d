// What the document costs: node bench.js [NODES …]. Medians of several runs; one process, so compare lines of one run.
import { performance } from "node:perf_hooks";
import { decodeSnapshot, encodeSnapshot, HybridClock, op, WorkflowDocument } from "../../Sources/CollabSDK/src/index.js";
import { FlowStore } from "../../Sources/CollabSDK/src/react-flow.js";

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const timed = (runs, body) => median(Array.from({ length: runs }, (_, run) => {
  const started = performance.now();
  body(run);
  return performance.now() - started;
}));

/** A layered graph, each node with two edges to later ones. */
function built(count) {
  const document = new WorkflowDocument();
  const clock = new HybridClock();
  for (let at = 0; at < count; at += 1) {
    const id = `node-${at}`;
    const ops = [
      op.setNodeLife(id, true), op.setNodeField(id, "type", "numberNode"), op.setNodeField(id, "position", { x: (at % 40) * 200, y: Math.floor(at / 40) * 90 }),
      op.setNodeField(id, "data.label", `Node ${at}`), op.setNodeField(id, "data.value", at),
    ];
    for (const back of [1, 7]) if (at >= back) ops.push(op.addEdge({ source: `node-${at - back}`, target: id }));
    document.apply({ replica: 1, seq: at + 1, hlc: clock.tick(1_790_000_000_000 + at), ops });
  }
  return { document, clock };
}

for (const count of process.argv.slice(2).map(Number).concat(process.argv.length > 2 ? [] : [1000, 10_000])) {
  const started = performance.now();
  const { document, clock } = built(count);
  const build = performance.now() - started;
  const hash = timed(1, () => document.documentHash());
  const bytes = encodeSnapshot(document);
  const encode = timed(5, () => encodeSnapshot(document));
  const decode = timed(5, () => decodeSnapshot(bytes));
  let seq = count;
  const edit = (make) => {
    const runs = 20_000;
    const each = timed(5, () => {
      for (let run = 0; run < runs; run += 1) {
        document.apply({ replica: 1, seq: (seq += 1), hlc: clock.tick(0), ops: make(run) });
        document.takeChanges();
      }
    });
    return (each / runs) * 1000;
  };
  const id = (run) => `node-${(run * 7919) % count}`;
  const move = edit((run) => [op.setNodeField(id(run), "position", { x: run, y: run })]);
  const wire = edit((run) => {
    const key = { source: id(run), sourceHandle: "again", target: `node-${Math.min(count - 1, ((run * 7919) % count) + 3)}`, targetHandle: null };
    const tags = document.liveTags(key);
    return tags.length > 0 ? [op.removeEdge(key, tags)] : [op.addEdge(key)];
  });
  document.documentHash();
  const rehash = timed(20, () => {
    document.apply({ replica: 1, seq: (seq += 1), hlc: clock.tick(0), ops: [op.setNodeField("node-0", "data.value", seq)] });
    document.graphHash();
    document.documentHash();
  });
  // As much of a client as the binding asks for.
  const board = { issues: { all: [] }, others: [], saveState: {}, link: {}, counters: {}, on: () => () => {}, showPresence: () => {}, document };
  let told = () => {};
  board.on = (type, listener) => { if (type === "change") told = listener; return () => {}; };
  const store = new FlowStore(board);
  const flow = timed(50, (run) => {
    document.apply({ replica: 1, seq: (seq += 1), hlc: clock.tick(0), ops: [op.setNodeField(id(run), "data.value", run)] });
    told({ ...document.takeChanges(), replaced: false });
    store.refresh();
  });
  const row = { nodes: count, edges: document.edgeCount, "snapshot KB": Math.round(bytes.length / 1024), "build ms": build, "decode ms": decode, "encode ms": encode,
    "first hash ms": hash, "hash after an edit ms": rehash, "move µs": move, "connect or cut µs": wire, "React Flow arrays ms": flow };
  console.log(JSON.stringify(row, (_, value) => (typeof value === "number" ? Number(value.toPrecision(3)) : value)));
}
