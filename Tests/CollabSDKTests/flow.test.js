// The binding for React Flow without React: what its handlers make of changes as React Flow 12 and 11 send them. The real one is in a browser: see browser/.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CollabClient } from "../../Sources/CollabSDK/src/index.js";
import { createCollabFlow, FlowStore } from "../../Sources/CollabSDK/src/react-flow.js";
import { FakeServer } from "./support/fake-server.js";

const open = async (server, name = "Ada") => {
  const client = await CollabClient.open({ url: "ws://nowhere", workflow: "w", name, WebSocket: server.socketClass, backoffFirstMilliseconds: 2, backoffMaxMilliseconds: 8 });
  await client.live();
  return client;
};
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const byID = (list) => Object.fromEntries(list.map((each) => [each.id, each]));

async function withStore(run, options = {}) {
  const server = new FakeServer({ limits: { presenceIntervalMilliseconds: 1 } });
  const client = await open(server);
  const errors = [];
  const store = new FlowStore(client, { onError: (error) => errors.push(error), pauseMilliseconds: 30, ...options });
  try {
    await run({ server, client, store, errors, nodes: () => byID(store.getSnapshot().nodes), edges: () => byID(store.getSnapshot().edges) });
  } finally {
    store.close();
    await client.close();
  }
}

const add = (store, ...ids) => store.onNodesChange(ids.map((id, at) => ({ type: "add", item: { id, type: "numberNode", position: { x: at, y: 0 }, data: { value: at } } })));

test("what one turn brings is one change and one undo step; elements that did not change stay the same objects", () => withStore(async ({ server, client, store, nodes, edges }) => {
  add(store, "a", "b", "c");
  await turn();
  store.onConnect({ source: "a", target: "b", sourceHandle: null, targetHandle: null });
  store.onConnect({ source: "b", target: "c", sourceHandle: null, targetHandle: "in" });
  await turn();
  await client.saved();
  assert.equal(server.log.length, 2);
  assert.deepEqual(Object.values(edges()).map(({ source, target, targetHandle }) => [source, target, targetHandle]), [["a", "b", null], ["b", "c", "in"]]);
  const before = nodes();
  store.onNodesChange([{ id: "b", type: "replace", item: { ...before.b, data: { value: 7, label: "B" }, selected: true, measured: { width: 9, height: 9 } } }]);
  await turn();
  assert.equal(nodes().a, before.a);
  assert.deepEqual(nodes().b.data, { value: 7, label: "B" });
  await client.saved();
  assert.deepEqual(server.log.at(-1).change.ops.map((op) => op.setNodeField.field).sort(), ["data.label", "data.value"]);

  // React Flow tells of the edges and of the node, one after the other.
  store.onEdgesChange(Object.keys(edges()).map((id) => ({ id, type: "remove" })));
  store.onNodesChange([{ id: "b", type: "remove" }]);
  await turn();
  assert.deepEqual([Object.keys(nodes()), Object.keys(edges())], [["a", "c"], []]);
  await client.saved();
  assert.equal(server.log.length, 4);
  assert.equal(server.log.at(-1).change.ops.length, 3);
  store.undo();
  assert.deepEqual([Object.keys(nodes()), Object.keys(edges()).length], [["a", "b", "c"], 2]);
  store.redo();
  assert.deepEqual(Object.keys(nodes()), ["a", "c"]);
}));

for (const version of [12, 11]) {
  test(`a drag in version ${version} is one undo step, one write a pause, and presence under way`, () => withStore(async ({ server, client, store, nodes }) => {
    const other = await open(server, "Bo");
    const seen = new FlowStore(other, { version });
    add(store, "a", "b");
    await turn();
    await client.saved();
    const from = server.log.length;
    const drag = (x) => store.onNodesChange(["a", "b"].map((id) => ({ id, type: "position", position: { x, y: x }, dragging: true })));
    for (let x = 1; x <= 20; x += 1) drag(x);
    assert.deepEqual([nodes().a.position, nodes().a.dragging], [{ x: 20, y: 20 }, true]);
    assert.deepEqual(JSON.parse(client.document.value("a", "position")), { x: 0, y: 0 }, "nothing durable under way");
    await turn();
    const dragging = () => server.heard.filter((message) => message.presence).at(-1)?.presence.state.dragging ?? [];
    while (dragging().length !== 2 || dragging()[0].position.x !== 20) await turn();
    // Another sees it in the hand. The fake server knows no presence, so it is told here.
    const [ada] = [...server.sessions].filter(({ name }) => name === "Ada");
    for (const { socket, name } of server.sessions) {
      if (name === "Bo") server.say(socket, { presence: { joined: [{ session: "ada", author: { name: "Ada" } }], slots: [{ session: "ada", state: { dragging: dragging() } }] } });
    }
    assert.ok(ada);
    await other.until(() => other.others.some(({ state }) => state?.dragging.length === 2));
    while (byID(seen.getSnapshot().nodes).a?.position.x !== 20) await turn();

    while (server.log.length === from) await turn();
    assert.equal(server.log.length, from + 1, "one write for the pause");
    for (let x = 21; x <= 30; x += 1) drag(x);
    // Version 11 ends a drag without a position.
    store.onNodesChange(["a", "b"].map((id) => ({ id, type: "position", dragging: false, ...(version === 12 && { position: { x: 30, y: 30 } }) })));
    assert.deepEqual(nodes().a.position, { x: 30, y: 30 }, "no jump back before it is written");
    await turn();
    await client.saved();
    assert.equal(server.log.length, from + 2);
    assert.deepEqual([nodes().a.position, nodes().b.position, nodes().a.dragging], [{ x: 30, y: 30 }, { x: 30, y: 30 }, undefined]);
    while (dragging().length > 0) await turn();
    store.undo();
    assert.deepEqual([nodes().a.position, nodes().b.position], [{ x: 0, y: 0 }, { x: 1, y: 0 }]);
    seen.close();
    await other.close();
  }, { version }));
}

test("selection and measures are one's own; the selection is shown to others", () => withStore(async ({ server, client, store, nodes }) => {
  add(store, "a");
  await turn();
  await client.saved();
  const from = server.log.length;
  store.onNodesChange([{ id: "a", type: "select", selected: true }, { id: "a", type: "dimensions", dimensions: { width: 80, height: 40 } }]);
  assert.deepEqual([nodes().a.selected, nodes().a.measured], [true, { width: 80, height: 40 }]);
  const shown = () => server.heard.filter((message) => message.presence).at(-1)?.presence.state.selectedNodes;
  while (shown()?.[0] !== "a") await turn();
  assert.equal(server.log.length, from);
  store.onNodesChange([{ id: "a", type: "dimensions", dimensions: { width: 90, height: 50 }, resizing: true, setAttributes: true }]);
  store.onNodesChange([{ id: "a", type: "dimensions", dimensions: { width: 95, height: 55 }, resizing: true, setAttributes: true }]);
  store.onNodesChange([{ id: "a", type: "dimensions", resizing: false }]);
  await turn();
  await client.saved();
  assert.equal(server.log.length, from + 1);
  assert.deepEqual([nodes().a.width, nodes().a.height], [95, 55]);
}));

test("version 11 has parentNode and sizes in the style; groups come before what is in them", () => withStore(async ({ client, store, nodes }) => {
  client.transact((t) => {
    t.addNode({ id: "a", type: "x", position: { x: 0, y: 0 }, parentId: "z", width: 50, height: 60, style: { color: "red" } });
    t.addNode({ id: "z", type: "group", position: { x: 0, y: 0 } });
  });
  store.refresh();
  assert.deepEqual(Object.keys(nodes()), ["z", "a"]);
  assert.equal(nodes().a.parentNode, "z");
  assert.deepEqual(nodes().a.style, { color: "red", width: 50, height: 60 });
}, { version: 11 }));

test("[GV3] a connection that would close a loop, or is there, is no valid one", () => withStore(async ({ client, store }) => {
  add(store, "a", "b", "c");
  store.onConnect({ source: "a", target: "b" });
  store.onConnect({ source: "b", target: "c" });
  await turn();
  const valid = (source, target) => store.isValidConnection({ source, target });
  assert.deepEqual([valid("a", "c"), valid("c", "a"), valid("b", "a"), valid("a", "a"), valid("a", "b")], [true, false, false, false, false]);
  client.transact((t) => t.connect({ source: "c", target: "a" }));
  store.refresh();
  assert.deepEqual(store.getSnapshot().parked.map(({ key, reason }) => [key.source, key.target, reason]), [["c", "a", "cycle"]]);
}));

test("an edge dragged to another node keeps its fields, in one step", () => withStore(async ({ client, store, edges }) => {
  add(store, "a", "b", "c");
  await turn();
  client.transact((t) => t.connect({ source: "a", target: "b" }, { id: "mine", animated: true, "data.weight": 2 }));
  store.refresh();
  assert.deepEqual([edges().mine.animated, edges().mine.data], [true, { weight: 2 }]);
  store.onReconnect(edges().mine, { source: "a", target: "c", sourceHandle: null, targetHandle: null });
  await turn();
  assert.deepEqual([edges().mine.target, edges().mine.animated, edges().mine.data], ["c", true, { weight: 2 }]);
  store.undo();
  assert.equal(edges().mine.target, "b");
}));

test("who may not edit is told, and the canvas stays as it is", () => withStore(async ({ server, client, store, errors, nodes }) => {
  add(store, "a");
  await turn();
  await client.saved();
  for (const { socket } of server.sessions) server.say(socket, { role: { role: "VIEWER" } });
  await client.until(() => client.role === "VIEWER");
  store.onNodesChange([{ id: "a", type: "position", position: { x: 9, y: 9 }, dragging: false }]);
  await turn();
  assert.deepEqual(nodes().a.position, { x: 0, y: 0 });
  assert.deepEqual(errors.map(({ code }) => code), ["READ_ONLY"]);
}));

test("the hook follows the store, with and without useSyncExternalStore", () => withStore(async ({ client }) => {
  for (const isNew of [true, false]) {
    // As much of React as the hook asks for, rendered by hand.
    const slots = [];
    let at = 0;
    const effects = [];
    const React = {
      useRef: (value) => (slots[at++] ??= { current: value }),
      useState: (make) => {
        const place = at++;
        slots[place] ??= { value: make() };
        return [slots[place].value, (value) => { slots[place].value = value; }];
      },
      useEffect: (run, deps) => {
        const place = at++;
        if (slots[place] && deps.every((each, index) => each === slots[place][index])) return;
        slots[place] = deps;
        effects.push(run);
      },
      ...(isNew && { useSyncExternalStore: (_, getSnapshot) => getSnapshot() }),
    };
    const { useCollabFlow } = createCollabFlow(React);
    const render = () => {
      at = 0;
      const flow = useCollabFlow(client);
      const cleanups = effects.splice(0).map((run) => run()).filter(Boolean);
      return { flow, cleanups };
    };
    const first = render();
    first.flow.onNodesChange([{ type: "add", item: { id: `n${isNew}`, type: "x", position: { x: 0, y: 0 }, data: {} } }]);
    await turn();
    const { flow } = render();
    assert.ok(flow.nodes.some(({ id }) => id === `n${isNew}`));
    assert.equal(flow.onNodesChange, first.flow.onNodesChange);
    for (const cleanup of first.cleanups) cleanup();
  }
}));
