// Holds the replica that the page loads to the golden documents: node golden.mjs ASSETS DOCUMENTS. Prints what differs; exit code 1 when something does.
// The SDK's own tests say more; this is about the bytes in the binary.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [assets, documents] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${assets}/sdk/${name}`).href);
const [{ WorkflowDocument }, { decodeSnapshot }, { decodeMessage }, { fromHex, toHex }, { CollabClient }] = await Promise.all(
  ["document.js", "snapshot.js", "codec.js", "bytes.js", "client.js"].map(load));

let wrong = 0;
let checked = 0;
function check(name, got, expected) {
  checked += 1;
  if (got === expected) return;
  wrong += 1;
  console.log(`${name}\n  got      ${got}\n  expected ${expected}`);
}

for (const { name, changes, snapshot, graphHash, documentHash } of JSON.parse(readFileSync(documents, "utf8"))) {
  const made = new WorkflowDocument();
  for (const change of changes) check(`${name}: change`, made.apply(decodeMessage("Change", change)), "applied");
  const bytes = fromHex(snapshot);
  for (const document of [made, decodeSnapshot(bytes)]) {
    check(`${name}: graph`, toHex(document.graphHash()), graphHash);
    check(`${name}: document`, toHex(document.documentHash()), documentHash);
  }
  for (let length = 0; length < bytes.length; length += 7) {
    let outcome = "read";
    try {
      decodeSnapshot(bytes.subarray(0, length));
    } catch {
      outcome = "refused";
    }
    check(`${name}: cut to ${length}`, outcome, "refused");
  }
}
check("the client", typeof CollabClient.open, "function");
console.log(`${checked} checks, ${wrong} wrong`);
process.exit(wrong > 0 || checked === 0 ? 1 : 0);
