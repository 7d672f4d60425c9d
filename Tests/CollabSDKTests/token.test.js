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
