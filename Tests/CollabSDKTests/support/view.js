import { createHash } from "node:crypto";
import { documentIssues, toHex } from "../../../Sources/CollabSDK/src/index.js";
import { encodeSnapshot } from "../../../Sources/CollabSDK/src/snapshot-writer.js";

const keyOf = ({ source, sourceHandle, target, targetHandle }) => [source, sourceHandle, target, targetHandle];
const sorted = (fields) => Object.fromEntries(Object.keys(fields).sort().map((name) => [name, fields[name]]));
/** Of the visible nodes in id order, as numbers in hexadecimal. */
const fingerprintsOf = (document) => [...document.nodeIds()].map((id) => BigInt(`0x${toHex(document.fingerprint(id))}`).toString(16));
const parkedOf = (document) => document.parkedEdges().map(({ key, reason }) => [keyOf(key), reason]);

/** What a history says about a moment on its way. */
export function check(document) {
  return JSON.stringify([toHex(document.graphHash()), toHex(document.documentHash()), parkedOf(document), fingerprintsOf(document)]);
}

export const expectedCheck = ({ graphHash, documentHash, parked, fingerprints }) =>
  JSON.stringify([graphHash, documentHash, parked, fingerprints]);

/** Everything a document shows, as the other implementation writes it. */
export function whole(document) {
  const { nodes, edges } = document.graph();
  return JSON.stringify({
    nodes: nodes.map(({ id, fields }) => [id, sorted(fields)]),
    edges: edges.map(({ key, fields }) => [keyOf(key), sorted(fields)]),
    parked: parkedOf(document), meta: sorted(document.metaFields()), comments: document.commentIds(),
    issues: documentIssues(document).map(({ code, severity, node, edge, field, text }) =>
      [code, severity, node || null, edge ? keyOf(edge) : null, field || null, text]),
    bytes: document.byteCount, counts: [document.nodeCount, document.edgeCount],
    snapshot: createHash("sha256").update(encodeSnapshot(document)).digest("hex"),
  });
}

export const expectedWhole = (end) => JSON.stringify(end);
