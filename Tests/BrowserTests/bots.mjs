// bots.mjs URL WORKFLOW COUNT EDITS: so many bots that edit so often a second each, until they are stopped. They make and delete nothing: the document
// keeps its size. Writes a line when all have joined, and one each second after it with the edits that were made.
import { NodeWebSocket } from "../../Sources/CollabSDK/src/node.js";
import { CollabClient } from "../../Sources/CollabSDK/src/index.js";

const [url, workflow, count, editsPerSecond] = [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
const cursorMilliseconds = 100;

/** Numbers from 0 to 1, the same for each bot in every run (mulberry32). */
function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

let edits = 0;

function work(client, seed) {
  const random = dice(seed);
  const ids = [...client.document.nodeIds()].sort();
  const place = { x: 0, y: 0 };
  let chosen = ids[0];
  const somewhere = (width) => Math.round((random() - 0.5) * width);

  setInterval(() => client.showPresence({ cursor: { x: place.x + somewhere(300), y: place.y + somewhere(200) }, selectedNodes: [chosen] }), cursorMilliseconds);
  // Not all at the same moment.
  setTimeout(() => setInterval(() => {
    chosen = ids[Math.floor(random() * ids.length)];
    const node = client.document.node(chosen);
    if (!node) return;
    const { x, y } = node.fields.position;
    Object.assign(place, { x, y });
    client.transact((t) => t.setNode(chosen, random() < 0.6 ? { position: { x: x + somewhere(20), y: y + somewhere(20) } } : { "data.label": `edit ${edits}` }));
    edits += 1;
  }, 1000 / editsPerSecond), (1000 / editsPerSecond) * random());
}

const clients = await Promise.all(Array.from({ length: count }, async (_, at) => {
  const client = await CollabClient.open({
    url, workflow, name: `Robot ${at + 1}`, kind: "BOT", colour: "", WebSocket: NodeWebSocket,
    wants: { changes: true, presence: false, runs: false, issues: false },
  });
  // Joining ends with the welcome; the document may come after it.
  while ([...client.document.nodeIds()].length === 0) await new Promise((done) => client.on("change", done));
  return client;
}));
console.log("joined");
clients.forEach((client, at) => work(client, at + 1));
setInterval(() => console.log(`edits ${edits}`), 1000);
