// A plug-in that answers only after its server and a room are up: the room learns its types then, and so does whoever asks for the catalogue.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { CollabClient, fetchCatalogue, nodeType } from "../../Sources/CollabSDK/src/index.js";
import { NodeWebSocket } from "../../Sources/CollabSDK/src/node.js";
import { TestServer } from "./support/server.js";

const description = {
  protocol: 1, name: "shouting", version: "1",
  types: [{ type: "shout", inputs: [{ name: null, min: 1, max: 1 }], settings: [{ name: "volume", type: "integer", required: true, min: 1 }] }],
};
const answers = { "/plugin": description, "/health": { status: "healthy" } };
const plugin = createServer((request, response) => {
  const answer = answers[request.url];
  response.writeHead(answer ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
});
const listen = (port) => new Promise((resolve) => plugin.listen(port, "127.0.0.1", () => resolve(plugin.address().port)));

let server;
before(async () => {
  // A port that is free, for later.
  const port = await listen(0);
  await new Promise((resolve) => plugin.close(resolve));
  server = await new TestServer("--plugin", `http://127.0.0.1:${port}`).start();
  server.pluginPort = port;
});
after(async () => {
  plugin.close();
  await server.end();
});

test("[GV4] a room that is open learns the types of a plug-in that answers later", async () => {
  const ada = await CollabClient.open({ url: server.url, workflow: "w", name: "Ada", create: true, WebSocket: NodeWebSocket });
  await ada.live();
  ada.transact((t) => t.addNode({ id: "s", type: "shout", data: { volume: "loud" } }));
  const found = () => ada.issues.all.map(({ code, field }) => `${code} ${field}`.trim()).sort();
  await ada.until(() => found().join() === "type_unknown type");
  await fetchCatalogue(server.url);
  assert.equal(nodeType("shout"), null);
  await listen(server.pluginPort);
  await ada.until(() => found().join() === "input_missing,setting_invalid data.volume");
  await fetchCatalogue(server.url);
  assert.deepEqual(nodeType("shout").settings.map(({ name, kind, need }) => [name, kind, need]), [["volume", "integer", "always"]]);
  await ada.close();
});
