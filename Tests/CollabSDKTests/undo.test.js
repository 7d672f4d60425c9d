// Undo and restore where the limits of a change or a document matter, and where others wrote in between.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CollabClient, decodeMessage, decodeSnapshot, encodeSnapshot, restoreOps, toHex, UndoStack, WorkflowDocument } from "../../Sources/CollabSDK/src/index.js";
import { FakeServer } from "./support/fake-server.js";
import { historyLine } from "./support/history.js";

async function joined(server, name = "Ada") {
  const client = await CollabClient.open({ url: "ws://nowhere", workflow: "w", name, WebSocket: server.socketClass, backoffFirstMilliseconds: 2, backoffMaxMilliseconds: 8 });
  await client.live();
  return client;
}
const copy = (document) => decodeSnapshot(encodeSnapshot(document));
const graph = ({ document }) => toHex(document.graphHash());

function chain(client, word, count) {
  for (let index = 0; index < count; index += 1) {
    client.transact((t) => {
      t.addNode({ id: `${word}${index}`, type: "numberNode", position: { x: 0, y: 0 }, data: {} });
      if (index > 0) t.connect({ source: `${word}${index - 1}`, target: `${word}${index}` });
    });
  }
}

/** Full with one set of nodes, then with another. */
function replaced(client, count) {
  chain(client, "a", count);
  const old = copy(client.document);
  for (let index = 0; index < count; index += 1) client.transact((t) => t.removeNode(`a${index}`));
  chain(client, "b", count);
  return old;
}

test("[HI6] [UN3] a restore between two full documents stays within the limits; undo and redo too, each as one step", async () => {
  const server = new FakeServer({ limits: { nodesMax: 20, edgesMax: 19, opsPerChangeMax: 16 } });
  const client = await joined(server);
  const old = replaced(client, 20);
  await client.saved();
  const now = graph(client);
  const changes = await client.restore({ document: old });
  assert.ok(changes.length > 2 && changes.every(({ ops }) => ops.length <= 16), `${changes.length}`);
  assert.equal(graph(client), toHex(old.graphHash()));
  for (let round = 0; round < 2; round += 1) {
    assert.ok(client.undo().changes.length > 2);
    assert.equal(graph(client), now, "the edge order is back too");
    client.redo();
    assert.equal(graph(client), toHex(old.graphHash()));
  }
  await client.saved();
  assert.equal(client.counters.refusals, 0);
  assert.equal(toHex(client.document.documentHash()), toHex(server.document.documentHash()));
  await client.close();
});

test("[HI6] [UN2] in random histories a restore, its undo and its redo have the hashes of the states they lead to, again and again", () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const { change } = JSON.parse(historyLine(seed));
    const { changes } = decodeMessage("ClientMessage", JSON.stringify({ change: { batch: "1", changes: change.changes } })).change;
    const states = [new WorkflowDocument()];
    for (const each of changes) {
      const next = copy(states.at(-1));
      next.apply(each);
      states.push(next);
    }
    for (const old of [states[0], states[states.length >> 1], states.at(-3) ?? states[0]]) {
      const now = copy(states.at(-1));
      const undo = new UndoStack();
      const make = (ops, how) => {
        const made = { replica: 4000, seq: now.version.get(4000) + 1, hlc: now.highestTime + 1n, ops };
        undo.record(made, now, how);
        assert.equal(now.apply(made), "applied");
      };
      const before = toHex(now.graphHash());
      const ops = restoreOps(now, old);
      if (ops.length === 0) continue;
      make(ops, { keepsEdgeOrder: true });
      assert.equal(toHex(now.graphHash()), toHex(old.graphHash()));
      for (const as of ["undo", "redo", "undo", "redo", "undo"]) {
        const back = undo[as](now);
        // Edges parked for a dead end do not come back.
        if (back) make(back, { as });
        assert.equal(toHex(now.graphHash()), as === "undo" ? before : toHex(old.graphHash()), `SEED=${seed} ${as}`);
      }
    }
  }
});

test("[UN3] of several changes all are made or none", async () => {
  const server = new FakeServer({ limits: { nodesMax: 20 } });
  const client = await joined(server);
  const old = replaced(client, 20);
  await client.saved();
  const more = copy(old);
  for (let index = 1; index <= 2; index += 1) {
    more.apply({ replica: 77, seq: index, hlc: BigInt(index), ops: [{ setNodeLife: { node: `more${index}`, alive: true } }, { setNodeField: { node: `more${index}`, field: "type", value: '"x"' } }] });
  }
  const before = toHex(client.document.documentHash());
  await assert.rejects(client.restore({ document: more }), { code: "LIMIT" });
  assert.equal(toHex(client.document.documentHash()), before);
  assert.equal(client.saveState.waiting, 0);
  assert.equal((await client.restore({ document: old })).length, 2, "what goes, and what comes");
  await client.saved();
  await client.close();
});

test("[UN2] an edge comes back to its place among the inputs, with those behind it drawn anew", async () => {
  const client = await joined(new FakeServer());
  for (const id of ["a", "b", "c", "d"]) client.transact((t) => t.addNode({ id, type: "numberNode", position: { x: 0, y: 0 }, data: {} }));
  const [first, second, third] = ["a", "b", "c"].map((source) => ({ source, target: "d" }));
  for (const key of [first, second]) client.transact((t) => t.connect(key));
  client.transact((t) => t.connect(third, { "data.w": 3 }));
  const inputs = () => [...client.document.edgeKeys()].map(({ source }) => source).join("");
  const before = graph(client);
  client.transact((t) => t.disconnect(second));
  for (let round = 0; round < 3; round += 1) {
    client.undo();
    assert.equal(inputs(), "abc");
    assert.equal(graph(client), before);
    client.redo();
    assert.equal(inputs(), "ac");
  }
  client.undo();
  client.undo();
  assert.equal(inputs(), "ab", "the step that drew the third edge knows it again");
  await client.close();
});

test("[UN1] what others wrote over since is told; a step of which nothing is left goes alone", async () => {
  const server = new FakeServer();
  const [ada, bo] = [await joined(server), await joined(server, "Bo")];
  ada.transact((t) => t.addNode({ id: "a", type: "numberNode", position: { x: 0, y: 0 }, data: {} }));
  ada.transact((t) => t.setNode("a", { "data.value": 1, "data.label": "mine" }));
  ada.transact((t) => t.setNode("a", { "data.value": 2 }));
  await ada.saved();
  await bo.until(() => bo.document.node("a")?.data.value === 2);
  bo.transact((t) => t.setNode("a", { "data.value": 3 }));
  await ada.until(() => ada.document.node("a").data.value === 3);
  const place = { node: "a", field: "data.value" };
  assert.deepEqual(ada.undo(), { changes: [], overwritten: [place] });
  assert.equal(ada.document.node("a").data.label, "mine", "the step before it is not taken in its place");
  const partly = ada.undo();
  assert.equal(partly.changes.length, 1);
  assert.deepEqual(partly.overwritten, [place]);
  assert.deepEqual(ada.document.node("a").data, { value: 3 });
  await Promise.all([ada.close(), bo.close()]);
});
