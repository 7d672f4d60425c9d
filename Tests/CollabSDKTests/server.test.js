// The SDK's clients on a real server: what is done while it is away is merged when it is back, nothing is lost, all hashes are equal.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { allNodeTypes, CollabClient, documentIssues, fetchCatalogue, MemoryStorage, nodeType, nodeTypes } from "../../Sources/CollabSDK/src/index.js";
import { NodeWebSocket } from "../../Sources/CollabSDK/src/node.js";
import { Random } from "./support/random.js";
import { TestServer } from "./support/server.js";

const server = new TestServer();
before(() => server.start());
after(() => server.end());

const open = (workflow, name, more = {}) => CollabClient.open({
  url: server.url, workflow, name, create: true, WebSocket: NodeWebSocket, backoffFirstMilliseconds: 20, backoffMaxMilliseconds: 200, ...more,
});
const addNumber = (client, id, value = 1) => client.transact((t) => t.addNode({ id, type: "numberNode", position: { x: 0, y: value }, data: { value } }));

test("[RM1] [RS1] offline edits of two people are merged after the server was killed, and everybody ends with the server's hashes", async () => {
  const [ada, bo] = await Promise.all([open("killed", "Ada"), open("killed", "Bo")]);
  await Promise.all([ada.live(), bo.live()]);
  addNumber(ada, "a");
  await ada.saved();
  await bo.until(() => bo.document.isVisible("a"));

  await server.kill();
  await Promise.all([ada, bo].map((each) => each.until(() => each.link.state !== "live")));
  for (let index = 0; index < 30; index += 1) {
    addNumber(ada, `ada${index}`, index);
    addNumber(bo, `bo${index}`, index);
  }
  ada.transact((t) => t.setNode("a", { "data.value": 7 }));
  bo.transact((t) => t.setNode("a", { "data.label": "Bo's" }));
  bo.transact((t) => t.connect({ source: "a", target: "bo1", sourceHandle: "out" }));
  assert.deepEqual(ada.saveState, { state: "offline", waiting: 31 });
  assert.deepEqual(bo.saveState, { state: "offline", waiting: 32 });

  await server.start();
  await Promise.all([ada.saved(), bo.saved()]);
  assert.deepEqual(ada.saveState, { state: "saved", waiting: 0 });
  await Promise.all([ada, bo].map((each) => each.until(() => each.document.nodeCount === 61 && each.document.edgeCount === 1)));
  assert.deepEqual(ada.document.node("a").data, { value: 7, label: "Bo's" });
  const hashes = await Promise.all([ada.verified(), bo.verified(), server.hashes("killed")]);
  assert.deepEqual(hashes[0], hashes[2]);
  assert.deepEqual(hashes[1], hashes[2]);
  assert.equal(ada.counters.divergences + bo.counters.divergences, 0);
  await Promise.all([ada.close(), bo.close()]);
});

test("[UN1] undo takes back one's own edit and leaves another's alone", async () => {
  const [ada, bo] = await Promise.all([open("undo", "Ada"), open("undo", "Bo")]);
  await Promise.all([ada.live(), bo.live()]);
  addNumber(ada, "n");
  ada.transact((t) => t.setNode("n", { "data.value": 5 }));
  await ada.saved();
  await bo.until(() => bo.document.node("n")?.data.value === 5);
  bo.transact((t) => t.setNode("n", { "data.label": "kept" }));
  await bo.saved();
  await ada.until(() => ada.document.node("n").data.label === "kept");
  ada.undo();
  assert.deepEqual(ada.document.node("n").data, { value: 1, label: "kept" });
  ada.redo();
  await ada.saved();
  await bo.until(() => bo.document.node("n").data.value === 5);
  bo.transact((t) => t.setNode("n", { "data.value": 9 }));
  await bo.saved();
  await ada.until(() => ada.document.node("n").data.value === 9);
  // Bo wrote over it: there is nothing of that step left to take back. It goes, and the next undo takes the one before.
  ada.undo();
  assert.equal(ada.document.node("n").data.value, 9);
  ada.undo();
  assert.equal(ada.document.node("n"), null);
  await ada.saved();
  await bo.until(() => bo.document.node("n") === null);
  assert.deepEqual(await ada.verified(), await bo.verified());
  await Promise.all([ada.close(), bo.close()]);
});

test("[RS1] [CR5] what waits in a storage is sent by the next client, once", async () => {
  const storage = new MemoryStorage();
  const first = await open("kept", "Ada", { storage });
  await first.live();
  addNumber(first, "before");
  await first.saved();
  await server.kill();
  await first.until(() => first.link.state === "offline");
  addNumber(first, "offline", 3);
  const waiting = first.saveState.waiting;
  assert.equal(waiting, 1);
  await first.close();

  // A second visit, still offline: it shows what was done, and goes on.
  const second = await open("kept", "Ada", { storage });
  assert.equal(second.document.node("offline").data.value, 3);
  addNumber(second, "more", 4);
  assert.equal(second.saveState.waiting, 2);
  await server.start();
  await second.saved();
  await second.live();
  assert.equal(second.document.nodeCount, 3);
  assert.deepEqual(await second.verified(), await server.hashes("kept"));
  assert.equal(second.document.version.entries.size, 1, "the lease went on: one replica wrote everything");
  await second.close();
});

test("[RS1] tabs have places of their own, and what a closed one left is sent by the next that opens", async () => {
  const storage = new MemoryStorage();
  const tabs = await Promise.all([open("tabs", "Ada", { storage }), open("tabs", "Ada", { storage })]);
  await Promise.all(tabs.map((tab) => tab.live()));
  assert.notEqual(tabs[0].replica, tabs[1].replica);
  await server.kill();
  await Promise.all(tabs.map((tab) => tab.until(() => tab.link.state === "offline")));
  addNumber(tabs[0], "one");
  addNumber(tabs[1], "two");
  await Promise.all(tabs.map((tab) => tab.close()));
  await server.start();
  const next = await open("tabs", "Ada", { storage });
  await next.live();
  await next.until(() => next.document.isVisible("one") && next.document.isVisible("two"));
  assert.deepEqual(await next.verified(), await server.hashes("tabs"));
  assert.equal(next.document.nodeCount, 2);
  await next.close();
});

test("[ME1] [GV5] two of these and bots of the command line edit at once, the server is killed in between, and all end with one document", async () => {
  const people = await Promise.all([open("crowd", "Ada"), open("crowd", "Bo")]);
  await Promise.all(people.map((each) => each.live()));
  const refused = [];
  for (const each of people) each.on("refused", ({ refusal }) => refused.push(refusal));
  const bots = server.run("bot", "--workflow", "crowd", "--clients", "2", "--count", "150", "--rate", "0", "--seed", "7", "--nodes", "60", "--quiet", "--settle", "3");
  const random = new Random(11);
  for (let step = 0; step < 400; step += 1) {
    for (const [index, client] of people.entries()) {
      const ids = [...client.document.nodeIds()];
      const [a, b] = [random.pick(ids), random.pick(ids)];
      if (ids.length < 2 || random.chance(20)) addNumber(client, `${index}-${step}`, step);
      else if (random.chance(10)) client.transact((t) => t.removeNode(a));
      else if (random.chance(50)) client.transact((t) => t.setNode(a, { position: { x: step, y: index }, "data.value": step }));
      else if (random.chance(20) && client.canUndo) turnBack(client);
      else client.transact((t) => (client.document.liveTags({ source: a, target: b }).length > 0 ? t.disconnect({ source: a, target: b }) : t.connect({ source: a, target: b })));
    }
    if (step === 200) {
      await server.kill();
      await server.start();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await bots;
  await Promise.all(people.map((each) => each.saved()));
  const hashes = [...(await Promise.all(people.map((each) => each.verified()))), await server.hashes("crowd")];
  assert.deepEqual(hashes[0], hashes[2]);
  assert.deepEqual(hashes[1], hashes[2]);
  assert.deepEqual(refused, []);
  for (const each of people) {
    assert.equal(each.counters.divergences, 0);
    // The server's findings are those found here.
    const words = (issues) => issues.map(({ code, node, field, text, severity }) => JSON.stringify([code, severity, node, field, text])).sort();
    await each.until(() => words(each.issues.all).join() === words(documentIssues(each.document)).join());
  }
  assert.ok(people[0].document.nodeCount > 20 && people[0].document.parkedEdges().length > 0);
  await Promise.all(people.map((each) => each.close()));
});

/** Of a step of which nothing is left there is nothing to take back. */
function turnBack(client) {
  try {
    client.undo();
  } catch (error) {
    assert.equal(error.code, "NOTHING_TO_UNDO");
  }
}

test("[RU1] [RU2] a run is seen by both and by who comes later", async () => {
  const [ada, bo] = await Promise.all([open("runs", "Ada"), open("runs", "Bo")]);
  await Promise.all([ada.live(), bo.live()]);
  addNumber(ada, "n", 42);
  const run = ada.run();
  const events = [];
  for await (const event of run) events.push(event);
  assert.equal(events[0].kind, "RUN_STARTED");
  assert.equal(events.at(-1).kind, "RUN_FINISHED");
  assert.equal((await run.finished).run, run.run);
  assert.ok(events.some((event) => event.kind === "NODE_SUCCEEDED" && event.node === "n" && event.result === "42"));
  await bo.until(() => bo.runs.events.get(run.run)?.length === events.length);
  const late = await open("runs", "Cy");
  await late.until(() => late.runs.events.get(run.run)?.length === events.length);
  await Promise.all([ada.close(), bo.close(), late.close()]);
});

test("[RU6] an edit marks what no longer follows from the canvas, an undo takes the mark away, for everybody and for who comes later", async () => {
  const [ada, bo] = await Promise.all([open("stale", "Ada"), open("stale", "Bo")]);
  await Promise.all([ada.live(), bo.live()]);
  addNumber(ada, "a", 1);
  addNumber(ada, "b", 2);
  ada.transact((t) => {
    t.addNode({ id: "sum", type: "opNode", data: { op: "add" } });
    t.connect({ source: "a", target: "sum" });
    t.connect({ source: "b", target: "sum" });
  });
  const run = await ada.run().finished;
  await bo.until(() => bo.runs.open.length === 0 && bo.runs.newest === run.run);
  assert.deepEqual([ada.staleNodes(), bo.staleNodes()], [[], []]);
  const told = (client) => new Promise((resolve) => { const off = client.on("stale", (change) => { off(); resolve(change); }); });

  const marks = [told(ada), told(bo)];
  ada.transact((t) => t.setNode("a", { "data.value": 7, "data.label": "seven", position: { x: 9, y: 9 } }));
  assert.deepEqual(ada.staleNodes(), ["a", "sum"], "at once where it was made");
  for (const each of await Promise.all(marks)) assert.deepEqual({ ...each, added: each.added.sort() }, { run: run.run, added: ["a", "sum"], removed: [] });
  assert.deepEqual([...bo.stale.nodes].sort(), ["a", "sum"]);
  const late = await open("stale", "Cy");
  await late.until(() => late.staleNodes().length === 2);

  const unmarked = [told(ada), told(bo)];
  ada.undo();
  for (const each of await Promise.all(unmarked)) assert.deepEqual({ ...each, removed: each.removed.sort() }, { run: run.run, added: [], removed: ["a", "sum"] });
  assert.equal(bo.stale.nodes.size, 0);
  bo.transact((t) => t.connect({ source: "a", target: "b" }));
  assert.deepEqual(bo.staleNodes(), ["b", "sum"]);
  await Promise.all([bo.until(() => bo.stale.nodes.size === 2), bo.saved()]);
  // A new run has results of its own.
  const again = await bo.run().finished;
  await ada.until(() => ada.stale.run === again.run);
  assert.deepEqual([ada.staleNodes(), [...bo.stale.nodes], ada.staleNodes(run.run)], [[], [], ["b", "sum"]]);
  await Promise.all([ada.close(), bo.close(), late.close()]);
});

test("[GV4] what the server's plug-ins bring is known to its rooms, and here once it was asked", async () => {
  const ada = await open("plugged", "Ada");
  await ada.live();
  ada.transact((t) => {
    t.addNode({ id: "text", type: "textInputNode", data: { text: "a b" } });
    t.addNode({ id: "stats", type: "text_statistics", data: { count: "letters" } });
    t.addNode({ id: "odd", type: "nobody_knows", data: {} });
    t.connect({ source: "text", target: "stats" });
  });
  const found = () => ada.issues.all.map(({ code, node, field }) => [code, node, field]).sort();
  await ada.until(() => ada.issues.all.length === 2);
  assert.deepEqual(found(), [["setting_invalid", "stats", "data.count"], ["type_unknown", "odd", "type"]]);
  assert.equal(nodeType("text_statistics"), null);
  await fetchCatalogue(server.url);
  assert.equal(nodeType("text_statistics").inputsMin, 1);
  assert.deepEqual(allNodeTypes().map(({ engineName }) => engineName), [...nodeTypes.map(({ engineName }) => engineName), "text_statistics"]);
  assert.deepEqual(documentIssues(ada.document).map(({ code, node, field }) => [code, node, field]).sort(), found());
  ada.transact((t) => t.setNode("stats", { "data.count": "words" }));
  await ada.until(() => ada.issues.all.length === 1);
  const last = await ada.run().finished;
  assert.match(last.error, /nobody_knows/);
  await ada.close();
});

test("[PR1] [PR2] presence is seen by others, the newest state of many", async () => {
  const [ada, bo] = await Promise.all([open("seen", "Ada", { colour: "#112233" }), open("seen", "Bo")]);
  await Promise.all([ada.live(), bo.live()]);
  for (let x = 0; x <= 200; x += 1) ada.showPresence({ cursor: { x, y: 2 * x } });
  ada.showPresence({ selectedNodes: ["n"] });
  await bo.until(() => bo.others.some((other) => other.state?.cursor?.x === 200 && other.state.selectedNodes[0] === "n"));
  assert.equal(bo.others[0].author.name, "Ada");
  assert.equal(bo.others[0].colour, "#112233");
  await ada.close();
  await bo.until(() => bo.others.length === 0);
  await bo.close();
});

test("[WP1] a viewer sees everything and writes nothing", async () => {
  const ada = await open("viewed", "Ada");
  await ada.live();
  const viewer = await open("viewed", "Vi", { create: false, roleMax: "VIEWER" });
  await viewer.live();
  assert.equal(viewer.canEdit, false);
  assert.deepEqual(viewer.saveState, { state: "readonly", waiting: 0 });
  assert.throws(() => addNumber(viewer, "x"), { code: "READ_ONLY" });
  addNumber(ada, "n");
  await viewer.until(() => viewer.document.isVisible("n"));
  assert.deepEqual(await viewer.verified(), await ada.verified());
  await Promise.all([ada.close(), viewer.close()]);
});

test("[WP1] a workflow that is not there ends the client with the reason", async () => {
  const lost = await open("nowhere", "Ada", { create: false });
  await assert.rejects(lost.live(), { code: "STOPPED" });
  assert.equal(lost.link.code, 4404);
  await lost.close();
});
