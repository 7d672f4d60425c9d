// Holds the page's replica to the golden documents: node golden.mjs ASSETS DOCUMENTS. Prints what differs; exit code 1 when something does.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [assets, documents] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${assets}/${name}`).href);
const [{ Replica }, { decodeSnapshot }, { project }] = await Promise.all(["replica.js", "snapshot.js", "projection.js"].map(load));

const fieldsOf = (registers) => Object.fromEntries([...registers].filter(([, { value }]) => value !== null).map(([name, { value }]) => [name, value]));
const keyOf = (key) => Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null));
const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

function seen(replica) {
  const { nodes, edges, parked, parents } = project(replica);
  // A parent that does not count is no field of the view.
  const shown = (id, fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => name !== "parentId" || parents.has(id)));
  return JSON.stringify({
    version: sorted(Object.fromEntries([...replica.version].map(([id, seq]) => [id, String(seq)]))),
    nodes: [...nodes].map(([id, registers]) => ({ id, fields: sorted(shown(id, fieldsOf(registers))) })),
    edges: edges.map(({ key }) => sorted(keyOf(key))),
    parked: parked.map(({ edge, reason }) => ({ key: sorted(keyOf(edge.key)), reason })),
  });
}

function wanted({ version, nodes, edges, parked }) {
  return JSON.stringify({
    version: sorted(version),
    nodes: nodes.map(({ id, fields }) => ({ id, fields: sorted(fields) })),
    edges: edges.map(({ key }) => sorted(key)),
    parked: parked.map(({ key, reason }) => ({ key: sorted(key), reason })),
  });
}

let wrong = 0;
let checked = 0;
function check(name, got, expected) {
  checked += 1;
  if (got === expected) return;
  wrong += 1;
  console.log(`${name}\n  got      ${got}\n  expected ${expected}`);
}

for (const document of JSON.parse(readFileSync(documents, "utf8"))) {
  const replica = new Replica();
  for (const change of document.changes) replica.apply(JSON.parse(change));
  check(`${document.name}: changes`, seen(replica), wanted(document));
  for (const change of document.changes) if (replica.apply(JSON.parse(change)) !== "duplicate") check(`${document.name}: again`, "applied", "duplicate");
  const bytes = Uint8Array.from(Buffer.from(document.snapshot, "hex"));
  check(`${document.name}: snapshot`, seen(await decodeSnapshot(bytes)), wanted(document));
  for (let length = 0; length < bytes.length; length += 7) {
    const cut = await decodeSnapshot(bytes.subarray(0, length)).then(() => "read", () => "refused");
    check(`${document.name}: cut to ${length}`, cut, "refused");
  }
}
console.log(`${checked} checks, ${wrong} wrong`);
process.exit(wrong > 0 || checked === 0 ? 1 : 0);
