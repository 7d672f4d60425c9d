// Clients against a server that does what real ones do seldom: refusals of every kind, lost leases, torn connections, wrong hashes, goodbyes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkChange, CollabClient, decodeSnapshot, defaultLimits, encodeSnapshot, MemoryStorage, toHex } from "../../Sources/CollabSDK/src/index.js";
import { FakeServer } from "./support/fake-server.js";
import { Random } from "./support/random.js";

const open = (server, more = {}) => CollabClient.open({
  url: "ws://nowhere", workflow: "w", name: "Ada", WebSocket: server.socketClass, backoffFirstMilliseconds: 2, backoffMaxMilliseconds: 8, ...more,
});
const add = (client, id, data = {}) => client.transact((t) => t.addNode({ id, type: "numberNode", position: { x: 0, y: 0 }, data }));
const equal = (client, server) => assert.equal(toHex(client.document.documentHash()), toHex(server.document.documentHash()));

/** Until something is true of the server, which tells nobody. */
async function eventually(isSo) {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function joined(server, more) {
  const client = await open(server, more);
  await client.live();
  return client;
}

test("[AK1] saved is said when the server said durable, and not before", async () => {
  const server = new FakeServer();
  const client = await joined(server);
  server.keepsAcks = true;
  const states = [];
  client.on("save", ({ save }) => states.push(`${save.state} ${save.waiting}`));
  // The changes come back before the ack: they say as much [RM1]. So they are kept back too.
  const { say } = server;
  server.say = (socket, message) => (message.changes ? server.kept.unshift(() => say.call(server, socket, message)) : say.call(server, socket, message));
  add(client, "a");
  add(client, "b");
  await client.until(() => client.counters.batchesSent > 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(client.saveState, { state: "saving", waiting: 2 });
  server.say = say;
  server.release();
  await client.saved();
  assert.deepEqual([states[0], states[1], states.at(-1)], ["saving 1", "saving 2", "saved 0"]);
  await client.close();
});

for (const code of ["FORBIDDEN", "INVALID", "TOO_LARGE", "LIMIT"]) {
  test(`[RF1] ${code}: the refused change goes, those behind it take its number and stay`, async () => {
    const server = new FakeServer();
    const client = await joined(server);
    server.refuse = (change) => (change.ops.some((each) => each.setNodeLife?.node === "bad") ? { code } : null);
    const refused = [];
    client.on("refused", ({ change, refusal }) => refused.push([change.ops[0].setNodeLife.node, refusal.code]));
    for (const id of ["a", "bad", "b", "c"]) add(client, id);
    client.transact((t) => t.connect({ source: "a", target: "b" }));
    client.transact((t) => t.disconnect({ source: "a", target: "b" }));
    client.transact((t) => t.connect({ source: "b", target: "c" }));
    await client.saved();
    await client.live();
    assert.deepEqual(refused, [["bad", code]]);
    assert.equal(client.document.isVisible("bad"), false);
    assert.deepEqual([...client.document.nodeIds()], ["a", "b", "c"]);
    assert.equal(client.document.edgeCount, 1, "the removal followed the add to its new number");
    equal(client, server);
    await client.close();
  });
}

for (const code of ["RATE_LIMITED", "UNAVAILABLE"]) {
  test(`[RF1] ${code}: the same changes are sent again after the pause, nothing is dropped`, async () => {
    const server = new FakeServer();
    const client = await joined(server);
    let left = 3;
    server.refuse = () => (left-- > 0 ? { code, retryAfterMilliseconds: 5 } : null);
    for (let index = 0; index < 10; index += 1) add(client, `n${index}`);
    await client.saved();
    assert.equal(server.document.nodeCount, 10);
    equal(client, server);
    await client.close();
  });
}

test("[CR3] CLOCK_SKEW: the change takes the server's time and goes again", async () => {
  const server = new FakeServer();
  const client = await joined(server);
  let skewed = true;
  server.refuse = () => (skewed ? { code: "CLOCK_SKEW" } : null);
  client.on("error", () => {});
  add(client, "a");
  await client.until(() => client.counters.refusals > 0);
  skewed = false;
  await client.saved();
  assert.equal(server.document.nodeCount, 1);
  equal(client, server);
  await client.close();
});

test("[RS1] a lost lease: what waits is sent once under the new one, and undo still knows it", async () => {
  const server = new FakeServer();
  const client = await joined(server);
  add(client, "first");
  await client.saved();
  server.isUp = false;
  server.cut();
  await client.until(() => client.link.state === "offline");
  add(client, "a");
  client.transact((t) => t.setNode("a", { "data.value": 2 }));
  server.leases.clear();
  server.isUp = true;
  await client.saved();
  await client.live();
  assert.equal(client.counters.restamps > 0, true);
  assert.equal(server.log.length, 3);
  assert.deepEqual(new Set(server.log.map(({ change }) => change.replica)).size, 2);
  client.undo();
  assert.equal(client.document.node("a").data.value, undefined);
  await client.saved();
  equal(client, server);
  await client.close();
});

test("[RS2] [GV5] a hash that differs is healed by a snapshot, with what waits on top", async () => {
  const server = new FakeServer();
  const client = await joined(server);
  for (const id of ["a", "b", "c", "d"]) add(client, id);
  await client.saved();
  const told = [];
  client.on("diverged", () => told.push("diverged"));
  client.on("change", ({ replaced }) => { if (replaced) told.push("replaced"); });
  // Something that no change did: as a defect would.
  client.document.state.nodes.get("b").fields.get("type").value = "\"other\"";
  client.document.state.nodes.get("b").documentDigest = null;
  client.transact((t) => t.setNode("b", { "data.x": 1 }));
  await client.saved();
  server.broadcastHash();
  await client.until(() => client.counters.divergences === 1 && client.isLive);
  assert.deepEqual(told, ["diverged", "replaced"]);
  equal(client, server);
  await client.verified();
  await client.close();
});

test("[OR1] a gap in positions is healed by a resync", async () => {
  const server = new FakeServer();
  const [client, other] = await Promise.all([joined(server), joined(server, { name: "Bo" })]);
  const { say } = server;
  let lost = 0;
  server.say = (socket, message) => {
    if (message.changes && socket.session.name === "Ada" && lost === 0) lost += 1;
    else say.call(server, socket, message);
  };
  add(other, "a");
  add(other, "b");
  await other.saved();
  add(other, "c");
  await client.until(() => client.document.nodeCount === 3 && client.isLive);
  assert.equal(lost, 1);
  assert.ok(client.counters.gaps > 0);
  equal(client, server);
  await Promise.all([client.close(), other.close()]);
});

test("[SN1] a snapshot that nobody asked for takes the document's place and keeps what waits", async () => {
  const server = new FakeServer();
  const client = await joined(server);
  for (const id of ["a", "b", "c", "d"]) add(client, id);
  await client.saved();
  server.keepsAcks = true;
  add(client, "waits");
  await eventually(() => server.log.length === 5);
  server.sendSnapshot([...server.sessions][0].socket);
  server.release();
  await client.saved();
  await client.live();
  equal(client, server);
  await client.close();
});

test("[GB1] goodbye: the client comes back after the pause it names, and not at all when it names none", async () => {
  const server = new FakeServer();
  const client = await joined(server);
  const bye = (reconnectAfterMilliseconds) => {
    for (const { socket } of [...server.sessions]) socket.onmessage({ data: JSON.stringify({ goodbye: { code: 4503, text: "deploying", reconnectAfterMilliseconds } }) });
    server.cut(4503, "deploying");
  };
  const started = performance.now();
  bye(60);
  await client.until(() => client.link.state === "offline");
  await client.live();
  assert.ok(performance.now() - started >= 60);
  bye(0);
  await client.until(() => client.link.state === "stopped");
  assert.equal(client.link.code, 4503);
  assert.throws(() => add(client, "late"), { code: "STOPPED" });
  await client.close();
});

for (const code of [4400, 4401, 4403, 4404, 4409, 4426]) {
  test(`close code ${code} ends the client, and says so`, async () => {
    const server = new FakeServer();
    const client = await joined(server);
    server.cut(code, "because");
    await client.until(() => client.link.state === "stopped");
    assert.deepEqual([client.link.code, client.link.text], [code, "because"]);
    await assert.rejects(client.until(() => false), { code: "STOPPED" });
    await client.close();
  });
}

test("[FC1] no more is in flight than the server allows", async () => {
  const server = new FakeServer({ limits: { changesInFlightMax: 8, changesPerBatchMax: 3 } });
  const client = await joined(server);
  server.keepsAcks = true;
  const { say } = server;
  server.say = (socket, message) => { if (!message.changes) say.call(server, socket, message); };
  for (let index = 0; index < 40; index += 1) add(client, `n${index}`);
  await eventually(() => server.log.length === 8);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.log.length, 8);
  assert.ok(server.heard.every((message) => (message.change?.changes.length ?? 0) <= 3));
  server.say = say;
  for (const { socket } of server.sessions) server.say(socket, server.changesMessage(server.log));
  server.release();
  await client.saved();
  assert.equal(server.log.length, 40);
  equal(client, server);
  await client.close();
});

test("[PR1] presence goes out no oftener than the server's tick, the newest state last", async () => {
  const server = new FakeServer({ limits: { presenceIntervalMilliseconds: 20 } });
  const client = await joined(server);
  const started = performance.now();
  for (let x = 0; x < 100; x += 1) {
    client.showPresence({ cursor: { x, y: 0 } });
    await new Promise((resolve) => setImmediate(resolve));
  }
  const states = () => server.heard.filter((message) => message.presence).map((message) => message.presence.state.cursor.x);
  await eventually(() => states().at(-1) === 99);
  assert.ok(states().length <= 2 + (performance.now() - started) / 20, `${states().length} states`);
  await client.close();
});

test("an edit that could not be taken is refused here, with the reason, and changes nothing", async () => {
  const server = new FakeServer({ limits: { nodesMax: 2 } });
  const client = await joined(server);
  add(client, "a");
  const before = toHex(client.document.documentHash());
  const bad = (make, code) => assert.throws(() => client.transact(make), { code });
  bad((t) => t.setNode("a", { selected: true }), "INVALID");
  bad((t) => t.setNode("a", { position: { x: 1 } }), "INVALID");
  bad((t) => t.setNode("a", { type: "" }), "INVALID");
  bad((t) => t.setNode("", { type: "x" }), "INVALID");
  bad((t) => t.setMeta("nodes", []), "INVALID");
  bad((t) => t.setNode("x".repeat(257), { type: "x" }), "TOO_LARGE");
  bad((t) => t.setNode("a", { "data.v": "x".repeat(300_000) }), "TOO_LARGE");
  bad((t) => ["b", "c"].forEach((id) => t.addNode({ id, type: "x", position: { x: 0, y: 0 } })), "LIMIT");
  assert.throws(() => client.transact((t) => t.setNode("a", { "data.v": () => 1 })), TypeError);
  assert.throws(() => client.transact((t) => t.setNode("a", { "data.v": Number.NaN })), TypeError);
  assert.throws(() => client.transact((t) => t.setNode("a", { "data.v": "\ud800" })), TypeError);
  assert.equal(toHex(client.document.documentHash()), before);
  assert.throws(() => {
    client.undo();
    client.undo();
  }, { code: "NOTHING_TO_UNDO" });
  await client.saved();
  await client.close();
});

test("a storage that fails is told, and the client goes on without", async () => {
  const server = new FakeServer();
  const broken = { claim: async () => ({ load: async () => null, append: async () => { throw new Error("full"); }, save: async () => { throw new Error("full"); }, clear: async () => {}, release: () => {} }), orphans: async () => [] };
  const errors = [];
  const client = await open(server, { storage: broken });
  client.on("storage", ({ error }) => errors.push(error.message));
  await client.live();
  add(client, "a");
  await client.saved();
  assert.equal(server.document.nodeCount, 1);
  assert.ok(errors.length > 0 && errors.every((text) => text === "full"));
  await client.close();
});

test("a message that cannot be taken costs a connection and a snapshot, and nothing that was done", async () => {
  const server = new FakeServer();
  const client = await joined(server);
  for (const id of ["a", "b", "c", "d"]) add(client, id);
  await client.saved();
  const faults = [];
  client.on("fault", ({ error }) => faults.push(error.message));
  const { apply } = client.document;
  client.document.apply = () => { throw new Error("a defect"); };
  const other = await joined(server, { name: "Bo" });
  add(other, "e");
  await client.until(() => faults.length > 0);
  client.document.apply = apply;
  await client.until(() => client.isLive && client.document.nodeCount === 5);
  assert.deepEqual(faults, ["a defect"]);
  add(client, "f");
  await client.saved();
  equal(client, server);
  await Promise.all([client.close(), other.close()]);
});

// ---- Everything at once, under seeds

const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: Number(process.env.SEEDS ?? 60) }, (_, seed) => seed);

test("the storm sees a client that forgets what it sent", async () => {
  // Changes leave before they are kept, and what is kept of them is lost: as if the page had crashed in between.
  let found = false;
  for (let seed = 0; seed < 40 && !found; seed += 1) {
    const clients = [];
    try {
      await storm(seed, clients, () => new ForgetfulStorage());
    } catch {
      found = true;
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
  }
  assert.ok(found);
});

class ForgetfulStorage extends MemoryStorage {
  async claim(room) {
    const place = await super.claim(room);
    place.append = async () => {};
    const { save } = Object.getPrototypeOf(place);
    let saves = 0;
    place.save = (content) => save.call(place, (saves += 1) > 1 ? { ...content, pending: [] } : content);
    return place;
  }
}

test(`${seeds.length} histories with torn connections, lost leases, refusals and reloads lose nothing and do nothing twice`, async () => {
  for (const seed of seeds) {
    const clients = [];
    try {
      await storm(seed, clients);
    } catch (error) {
      error.message = `SEED=${seed}: ${error.message}`;
      throw error;
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
  }
});

async function storm(seed, clients, makeStorage = () => new MemoryStorage()) {
  const random = new Random(seed);
  const server = new FakeServer();
  const names = ["Ada", "Bo", "Cy"];
  const storages = names.map(() => (random.chance(60) ? makeStorage() : null));
  const visit = async (index) => {
    const client = await open(server, { name: names[index], storage: storages[index], answerDeadlineMilliseconds: 60 });
    client.on("refused", ({ change, refusal }) => refused.push([change.ops[0].setNodeLife?.node, refusal.code]));
    return client;
  };
  const refused = [];
  for (const index of names.keys()) {
    clients.push(await visit(index));
    await clients[index].live();
  }
  const made = [];
  for (let step = 0; step < 60; step += 1) {
    const index = random.below(names.length);
    const what = random.below(100);
    if (what < 62) {
      const id = `${names[index]}${step}`;
      if (!clients[index].canEdit) continue;
      if (random.chance(25) && clients[index].document.nodeCount > 1) {
        const [source, target] = [random.pick([...clients[index].document.nodeIds()]), random.pick([...clients[index].document.nodeIds()])];
        clients[index].transact((t) => (clients[index].document.liveTags({ source, target }).length > 0 ? t.disconnect({ source, target }) : t.connect({ source, target })));
      } else {
        add(clients[index], id, { step });
        made.push(id);
      }
    } else if (what < 72) server.cut();
    else if (what < 76) {
      server.leases.clear();
      server.cut();
    } else if (what < 84) {
      const [code, chance] = random.pick([["RATE_LIMITED", 50], ["UNAVAILABLE", 50], ["INVALID", 10], ["CLOCK_SKEW", 30]]);
      // Five faults of a kind in a row without progress are taken for a defect, by every client.
      let left = code === "CLOCK_SKEW" ? 2 : Infinity;
      server.refuse = () => (random.chance(chance) && left-- > 0 ? { code, retryAfterMilliseconds: 1 } : null);
    } else if (what < 90) server.refuse = () => null;
    else if (what < 94 && storages[index]) {
      await clients[index].close();
      clients[index] = await visit(index);
    } else if (what < 97) server.isUp = !server.isUp;
    else await new Promise((resolve) => setTimeout(resolve, random.below(8)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.refuse = () => null;
  server.isUp = true;
  await within(Promise.all(clients.map((client) => client.saved())));
  await within(Promise.all(clients.map((client) => client.until(() => client.isLive && client.position === server.log.length))));
  for (const client of clients) equal(client, server);
  const births = server.log.flatMap(({ change }) => change.ops.filter((each) => each.setNodeLife?.alive).map((each) => each.setNodeLife.node));
  assert.equal(new Set(births).size, births.length, `something was done twice: ${births.filter((id, at) => births.indexOf(id) !== at)}`);
  const given = new Set(refused.map(([id]) => id));
  for (const id of made) assert.ok(births.includes(id) || given.has(id), `${id} was lost`);
}

async function within(promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("stuck")), 20_000); });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A server that is full with so many nodes, and a client in it that has had three sets of them. */
async function full(count) {
  const limits = { ...defaultLimits, nodesMax: count, opsPerChangeMax: 24 };
  const server = new FakeServer({ limits });
  server.refuse = (change) => { const found = checkChange(server.document, change, limits); return found && { code: found.code, text: found.message }; };
  const client = await joined(server);
  const versions = [];
  for (const set of ["a", "b", "c"]) {
    for (const id of [...client.document.nodeIds()]) client.transact((t) => t.removeNode(id));
    for (let index = 0; index < count; index += 1) add(client, `${set}${index}`);
    await client.saved();
    versions.push(decodeSnapshot(encodeSnapshot(client.document)));
  }
  return { server, client, versions };
}

const hash = (document) => toHex(document.graphHash());

test("[HI6] [UN3] of two that restore at the same moment what does not fit together each is made whole; the last one stands", async () => {
  for (let round = 0; round < 5; round += 1) {
    const { server, client: ada, versions: [first, second] } = await full(40);
    const bo = await joined(server);
    const refusals = [];
    for (const each of [ada, bo]) each.on("refused", (refused) => refusals.push(refused));
    await Promise.all([ada.restore({ document: first }), bo.restore({ document: second })]);
    await Promise.all([ada, bo].map((each) => each.until(() => !each.isRestoring && each.saveState.waiting === 0 && each.isLive)));
    assert.ok(refusals.length > 0, "they were in each other's way");
    assert.ok(refusals.every(({ isRestoredAgain, refusal }) => isRestoredAgain && refusal.code === "LIMIT"));
    await Promise.all([ada, bo].map((each) => each.until(() => each.document.version.equals(server.document.version))));
    assert.ok([hash(first), hash(second)].includes(hash(server.document)), `round ${round}: neither of the two`);
    equal(ada, server);
    equal(bo, server);
    await Promise.all([ada, bo].map((each) => each.close()));
  }
});

test("[HI6] a restore that never fits ends after some tries and says so; an edit in between is not undone by it", async () => {
  const { server, client, versions: [first] } = await full(40);
  const told = [];
  client.on("restore", ({ tries, error }) => told.push(error ? error.message : tries));
  const { refuse } = server;
  server.refuse = (change) => (change.ops.some(({ setNodeLife }) => setNodeLife?.alive) ? { code: "LIMIT" } : refuse(change));
  await client.restore({ document: first });
  await client.until(() => told.length === 1);
  assert.equal(told[0], 2);
  await client.saved(); // what could be saved: the next try is not yet due
  client.transact((t) => t.setMeta("title", "mine"));
  assert.ok(!client.isRestoring);
  await client.saved();
  assert.match(told.at(-1), /something else was edited/);
  await client.restore({ document: first });
  await client.until(() => !client.isRestoring);
  assert.match(told.at(-1), /others change too much/);
  await client.close();
});

test("joined() waits until edits are taken: for the welcome and all that was missed; of a viewer until it is here; it rejects when the client stops before", async () => {
  const server = new FakeServer();
  const writer = await joined(server);
  for (const id of ["a", "b", "c", "d"]) add(writer, id);
  await writer.saved();
  const client = await open(server);
  let isJoined = false;
  const done = client.joined().then(() => { isJoined = true; });
  await client.until(() => client.role !== null);
  assert.ok(!isJoined && !client.canEdit, "welcomed, and the snapshot is still to come");
  assert.throws(() => add(client, "early"), (error) => error.code === "NOT_JOINED");
  await done;
  assert.ok(client.canEdit && client.document.isVisible("d"));
  add(client, "e");
  await client.saved();

  server.role = "VIEWER";
  const viewer = await open(server);
  await viewer.joined();
  assert.ok(!viewer.canEdit && viewer.document.isVisible("e"));

  server.isUp = false;
  const late = await open(server, { attemptsMax: 2 });
  await assert.rejects(late.joined(), (error) => error.code === "STOPPED");
  // Offline it does not wait again: what was here once can be edited.
  server.cut();
  await client.until(() => client.link.state !== "live");
  await client.joined();
  await Promise.all([writer, client, viewer, late].map((each) => each.close()));
});
