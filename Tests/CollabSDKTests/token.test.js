// Tokens that end, on a real server: a fresh one is shown without a reconnect, somebody else's is refused, and one that ends closes with 4401.
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CollabClient } from "../../Sources/CollabSDK/src/index.js";
import { NodeWebSocket } from "../../Sources/CollabSDK/src/node.js";
import { TestServer } from "./support/server.js";

const folder = mkdtempSync(join(tmpdir(), "thaiyyal-keys-"));
const secret = randomBytes(32);
const keys = join(folder, "keys.json");
writeFileSync(keys, JSON.stringify({ keys: [{ kty: "oct", k: secret.toString("base64url") }] }));
const server = new TestServer("--jwks", keys);
before(() => server.start());
after(async () => {
  await server.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Good for so many seconds beyond now; the server gives a minute of leeway on top. */
function token(sub, seconds, claims = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256" })}.${part({ sub, exp: Date.now() / 1000 + seconds, ...claims })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const open = (workflow, more) => CollabClient.open({ url: server.url, workflow, name: "Ada", create: true, WebSocket: NodeWebSocket, ...more });

test("[AC4] [AC9] a fresh token moves the end and may change the role; another subject's is refused and changes nothing", async () => {
  const ada = await open("fresh", { token: token("ada", 60) });
  await ada.joined();
  assert.equal(ada.role, "OWNER");
  const before = ada.tokenExpiresAt;
  assert.ok(before > Date.now());
  await assert.rejects(ada.refreshToken(token("eve", 600)), (error) => error.code === "FORBIDDEN");
  await assert.rejects(ada.refreshToken(token("ada", 600)), (error) => error.code === "RATE_LIMITED");
  assert.equal(ada.tokenExpiresAt, before);
  await new Promise((resolve) => { setTimeout(resolve, 1100); });
  const { role, expiresAtMilliseconds } = await ada.refreshToken(token("ada", 600, { role: "commenter" }));
  assert.equal(role, "COMMENTER");
  assert.equal(ada.role, "COMMENTER");
  assert.ok(expiresAtMilliseconds > before && ada.tokenExpiresAt === expiresAtMilliseconds);
  await ada.close();
});

test("[AC9] getToken is asked before the connection and again before the token ends; the session goes on", async () => {
  let asked = 0;
  const bo = await open("kept", { getToken: async () => { asked += 1; return token("bo", asked === 1 ? -57 : 600); } });
  await bo.joined();
  const joins = bo.counters.joins;
  await bo.until(() => bo.tokenExpiresAt > Date.now() + 300_000);
  assert.equal(asked, 2);
  assert.equal(bo.counters.joins, joins);
  assert.equal(bo.link.state, "live");
  await bo.close();
});

test("[AC9] a token that ends closes with 4401, and the client stops", async () => {
  const eve = await open("ends", { token: token("eve", -57) });
  await eve.joined();
  await assert.rejects(eve.until(() => false), (error) => error.code === "STOPPED");
  assert.equal(eve.link.code, 4401);
  await eve.close();
});

test("[AC9] when a token has ended getToken is asked for another; what was edited meanwhile is saved with it", async () => {
  const needs = [];
  let give;
  const fay = await open("late", {
    getToken: (need) => {
      needs.push(need.reason);
      return need.reason === "first" ? token("fay", -58) : new Promise((resolve) => { give = resolve; });
    },
  });
  await fay.joined();
  await fay.until(() => fay.link.state === "waitingForToken");
  fay.transact((t) => t.setMeta("title", "Meanwhile"));
  assert.deepEqual(fay.saveState, { state: "offline", waiting: 1 });
  give("no token at all");
  await fay.until(() => needs.filter((reason) => reason === "refused").length === 1 && fay.link.state === "waitingForToken");
  give(token("fay", 600));
  await fay.saved();
  assert.equal(fay.counters.joins, 2);
  assert.deepEqual(needs, ["first", "ending", "refused"]);
  await fay.verified();
  await fay.close();
});

test("[AC9] what was just refused is not shown again, and without another token the client stops", async () => {
  for (const answer of [() => "unknown", () => null]) {
    const gus = await open("none", { getToken: (need) => (need.reason === "first" ? "unknown" : answer()) });
    await assert.rejects(gus.joined(), (error) => error.code === "STOPPED");
    assert.equal(gus.link.code, 4401);
    assert.equal(gus.counters.connects, 1);
    await gus.close();
  }
});

test("[AC9] getToken that throws is told and asked again", async () => {
  let asked = 0;
  const told = [];
  const hal = await open("thrown", {
    getToken: ({ reason }) => {
      asked += 1;
      if (reason === "first") return token("hal", -50);
      if (asked === 2) throw new Error("the issuer is away");
      return token("hal", 600);
    },
  });
  hal.on("token", ({ error }) => told.push(error.message));
  await hal.joined();
  await hal.until(() => hal.tokenExpiresAt > Date.now() + 300_000);
  assert.deepEqual(told, ["the issuer is away"]);
  assert.equal(asked, 3);
  await hal.close();
});

test("[AC7] who is made editor may edit within 300 ms, and may not within 300 ms of being made viewer again", async () => {
  const own = token("ada", 600);
  const ada = await open("roles", { token: own });
  await ada.joined();
  const set = async (role) => {
    const answer = await fetch(`${server.url.replace("ws", "http")}/api/v1/workflows/roles/members/ida`, {
      method: "PUT", body: JSON.stringify({ role }), headers: { authorization: `Bearer ${own}`, "content-type": "application/json" },
    });
    assert.ok(answer.ok, await answer.text());
  };
  await set("viewer");
  const ida = await open("roles", { token: token("ida", 600), create: false });
  await ida.live();
  for (let turn = 0; turn < 3; turn += 1) {
    let begin = performance.now();
    await set("editor");
    await ida.until(() => ida.canEdit && ida.isLive);
    ida.transact((t) => t.setMeta("title", `Turn ${turn}`));
    await ida.saved();
    assert.ok(performance.now() - begin < 300, `raised: ${performance.now() - begin} ms`);
    begin = performance.now();
    await set("viewer");
    await ida.until(() => !ida.canEdit);
    assert.ok(performance.now() - begin < 300, `lowered: ${performance.now() - begin} ms`);
    assert.throws(() => ida.transact((t) => t.setMeta("title", "no")), (error) => error.code === "READ_ONLY");
  }
  await Promise.all([ada, ida].map((each) => each.close()));
});
