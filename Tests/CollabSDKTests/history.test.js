// Differences, ways back and the timeline's words: the golden vectors, and a client on a real server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  CollabClient, decodeMessage, diffDocuments, encodeMessage, historySentence, isEmptyDiff, restoreOps, toHex, WorkflowDocument,
} from "../../Sources/CollabSDK/src/index.js";
import { canonicalText } from "../../Sources/CollabSDK/src/json.js";
import { NodeWebSocket } from "../../Sources/CollabSDK/src/node.js";
import { TestServer } from "./support/server.js";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../fixtures/protocol/${name}.json`, import.meta.url), "utf8"));
const documents = new Map(vectors("documents").map((document) => [document.name, document.changes]));

function made(changes) {
  const document = new WorkflowDocument();
  for (const text of changes) document.apply(decodeMessage("Change", text));
  return document;
}

const change = (ops) => ({ replica: 4000, seq: 1, hlc: 65536n, ops });
const written = (ops) => (ops.length === 0 ? "" : encodeMessage("Change", change(ops)));
const respelled = (text) => (text === "" ? "" : JSON.stringify(JSON.parse(text)));

for (const vector of vectors("history")) {
  test(`[HI2] [HI5] [HI6] the golden history of "${vector.document}"`, () => {
    const changes = documents.get(vector.document);
    const [before, after] = [made(changes.slice(0, vector.half)), made(changes)];
    assert.equal(canonicalText(JSON.stringify(diffDocuments(before, after))), vector.difference);
    assert.equal(canonicalText(JSON.stringify(diffDocuments(after, before))), vector.back);
    assert.equal(written(restoreOps(after, before)), respelled(vector.restore));
    assert.equal(written(restoreOps(before, after)), respelled(vector.redo));
    for (const [from, to] of [[before, after], [after, before]]) {
      const ops = restoreOps(from, to);
      const now = made(changes.slice(0, from === before ? vector.half : changes.length));
      now.apply({ ...change(ops), hlc: now.highestTime + 1n });
      assert.equal(toHex(now.graphHash()), toHex(to.graphHash()));
      const left = diffDocuments(now, to);
      assert.ok(isEmptyDiff({ ...left, comments: {} }), JSON.stringify(left));
    }
    const { history } = decodeMessage("ServerMessage", vector.page);
    assert.deepEqual(history.entries.map((entry) => historySentence(entry)), vector.sentences);
  });
}

test("[HI5] nothing differs from itself", () => {
  for (const changes of documents.values()) assert.ok(isEmptyDiff(diffDocuments(made(changes), made(changes))));
});

const server = new TestServer();
before(() => server.start());
after(() => server.end());

const open = (workflow, name, more = {}) => CollabClient.open({
  url: server.url, workflow, name, create: true, WebSocket: NodeWebSocket, backoffFirstMilliseconds: 20, backoffMaxMilliseconds: 200, ...more,
});
const addNumber = (client, id, value = 1) => client.transact((t) => t.addNode({ id, type: "numberNode", position: { x: 0, y: value }, data: { value } }));

test("[HI1] [HI3] [HI4] timeline, named versions and states over a restart of the server", async () => {
  const ada = await open("past", "Ada");
  // A viewer makes no workflow.
  await ada.live();
  const eve = await open("past", "Eve", { roleMax: "VIEWER", kind: "AGENT" });
  await eve.live();
  addNumber(ada, "a");
  addNumber(ada, "b");
  ada.transact((t) => t.setNode("a", { "data.value": 7 }));
  await ada.saved();
  const first = await ada.nameVersion("first", { note: "two numbers" });
  assert.deepEqual([first.position, first.name, first.note, first.author.name], [3, "first", "two numbers", "Ada"]);
  await eve.until(() => eve.versions?.length === 1);
  ada.transact((t) => t.removeNode("b"));
  await ada.saved();

  const page = await eve.history();
  assert.deepEqual(page.entries.map((entry) => historySentence(entry)), ["Ada added a"]);
  assert.deepEqual([page.entries[0].changeCount, page.nextBefore, page.floor, page.position], [4, 0, 0, 4]);
  const [late] = (await eve.history({ count: 1 })).entries;
  assert.equal(historySentence(late, (id) => `“${id}”`), "Ada removed “b”");
  await assert.rejects(eve.nameVersion("mine"), (error) => error.code === "FORBIDDEN");
  await assert.rejects(eve.stateAt({ position: 99 }), (error) => error.code === "INVALID");
  await assert.rejects(ada.dropVersion("nobody"), (error) => error.code === "INVALID");

  await server.kill();
  await server.start();
  await Promise.all([ada.until(() => ada.isLive), eve.until(() => eve.isLive)]);
  const { document, position } = await eve.stateAt({ version: first.id });
  assert.equal(position, 3);
  assert.deepEqual([...document.nodeIds()], ["a", "b"]);
  assert.deepEqual(diffDocuments(document, eve.document).nodes.removed, [{ id: "b", type: "numberNode" }]);
  assert.equal((await eve.stateAt({ position: 0 })).document.nodeCount, 0);
  const [renamed] = await ada.renameVersion(first.id, "one");
  assert.equal(renamed.name, "one");
  await eve.until(() => eve.versions?.[0]?.name === "one");
  assert.deepEqual(await ada.dropVersion(first.id), []);
  assert.deepEqual(await eve.listVersions(), []);
  await Promise.all([ada.close(), eve.close()]);
});

test("[HI6] a restored version has that version's hash, what others write meanwhile stays, and one undo takes it back", async () => {
  const [ada, bo] = await Promise.all([open("restored", "Ada"), open("restored", "Bo")]);
  await Promise.all([ada.live(), bo.live()]);
  for (let index = 0; index < 30; index += 1) addNumber(ada, `n${index}`, index);
  for (let index = 1; index < 30; index += 1) ada.transact((t) => t.connect({ source: `n${index - 1}`, target: `n${index}` }, { "data.w": index }));
  await ada.saved();
  const version = await ada.nameVersion("whole");
  const wanted = toHex(ada.document.graphHash());
  ada.transact((t) => { for (let index = 0; index < 30; index += 2) t.removeNode(`n${index}`); });
  addNumber(ada, "extra");
  await ada.saved();
  await bo.until(() => bo.document.isVisible("extra"));
  assert.deepEqual(await ada.restore({ position: ada.position }), [], "nothing differs");

  const changes = await ada.restore({ version: version.id });
  assert.equal(changes.length, 1);
  assert.equal(toHex(ada.document.graphHash()), wanted);
  bo.transact((t) => t.setNode("n1", { "data.label": "Bo's" }));
  addNumber(bo, "bos");
  await Promise.all([ada.saved(), bo.saved()]);
  await Promise.all([ada, bo].map((each) => each.until(() => each.document.isVisible("bos") && !each.document.isVisible("extra"))));
  assert.equal(ada.document.node("n1").data.label, "Bo's");
  assert.deepEqual(await ada.verified(), await bo.verified());
  ada.undo();
  assert.ok(ada.document.isVisible("extra") && ada.document.isVisible("bos") && !ada.document.isVisible("n2"));
  assert.ok(ada.canUndo);
  await ada.saved();
  await Promise.all([ada.close(), bo.close()]);
});

test("[HI4] a question that is not answered fails with its connection", async () => {
  const ada = await open("lost", "Ada");
  await ada.live();
  const answer = ada.history().then(() => "answered", (error) => error.code);
  // The question is on its way in this turn's end; closing is what comes next.
  await Promise.resolve();
  await ada.close();
  assert.equal(await answer, "STOPPED");
  await assert.rejects(ada.history(), (error) => error.code === "STOPPED");
});
