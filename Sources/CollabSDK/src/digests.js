import { canonicalText } from "./json.js";
import { standings } from "./records.js";
import { sha256 } from "./sha256.js";
import { compareText } from "./text.js";

// Digests of nodes and edges, each made once and kept at its record until that is written; and the hashes over them [GV5].

const digestBytes = 32;
const utf8 = new TextEncoder();
const digest = (text) => sha256(utf8.encode(text));

/** SHA-256 over the digests of the visible nodes in id order and of the visible edges in edge order, layout left out. */
export function graphHash({ projection }) {
  const bytes = new Uint8Array(digestBytes * (projection.visibleNodes.count + projection.visibleEdgeCount));
  let at = 0;
  const put = (sum) => {
    bytes.set(sum, at);
    at += digestBytes;
  };
  for (const node of projection.visibleNodes) put((node.graphDigest ??= digest(graphNode(node))));
  for (const edge of projection.live) if (edge.standing === standings.taken) put(edgeDigest(edge));
  return sha256(bytes);
}

/** Over a byte that says what follows and a digest each: 1 node, 2 visible edge, 3 orphan, 4 cycle, 5 meta, 6 comment. */
export function documentHash(document) {
  const { projection, state } = document;
  document.metaDigest ??= digest(`{${fieldsText(state.meta)}}`);
  document.commentDigests ??= commentDigests(state);
  const count = projection.visibleNodes.count + projection.live.count + 1 + document.commentDigests.length;
  const bytes = new Uint8Array((digestBytes + 1) * count);
  let at = 0;
  const put = (kind, sum) => {
    bytes[at] = kind;
    bytes.set(sum, at + 1);
    at += digestBytes + 1;
  };
  for (const node of projection.visibleNodes) put(1, (node.documentDigest ??= digest(withId(node.id, node.fields))));
  for (const edge of projection.live) {
    const kind = edge.standing === standings.taken ? 2 : edge.standing === standings.cycle ? 4 : 3;
    put(kind, (edge.documentDigest ??= digest(`{${fieldsText(edge.presentFields())},${ends(edge.key)}}`)));
  }
  put(5, document.metaDigest);
  for (const sum of document.commentDigests) put(6, sum);
  return sha256(bytes);
}

function commentDigests(state) {
  const living = [...state.comments.values()].filter((comment) => comment.isAlive);
  living.sort((a, b) => compareText(a.id, b.id));
  return living.map((comment) => digest(withId(comment.id, comment.fields)));
}

/** The digest of a visible edge, layout left out. */
export const edgeDigest = (edge) => (edge.graphDigest ??= digest(graphEdge(edge)));

/** What a node's graph digest is taken of, without the label: what it is called changes no result [RU6]. */
export const settingsText = (node) => graphNode(node, (name) => (name.startsWith("data.") && name !== "data.label" ? name.slice(5) : null));

function graphNode(node, nameOf = dataName) {
  const type = node.fields.get("type")?.value ?? null;
  const data = object(node.fields, nameOf) ?? "{}";
  return `{"data":${data},"id":${JSON.stringify(node.id)}${type === null ? "" : `,"type":${canonicalText(type)}`}}`;
}

function graphEdge(edge) {
  const data = dataText(edge.presentFields());
  return `{${data === null ? "" : `"data":${data},`}${ends(edge.key)}}`;
}

function ends({ source, sourceHandle, target, targetHandle }) {
  const out = sourceHandle === null ? "" : `,"sourceHandle":${JSON.stringify(sourceHandle)}`;
  const into = targetHandle === null ? "" : `,"targetHandle":${JSON.stringify(targetHandle)}`;
  return `"source":${JSON.stringify(source)}${out},"target":${JSON.stringify(target)}${into}`;
}

const withId = (id, fields) => `{${fieldsText(fields)},"id":${JSON.stringify(id)}}`;

const fieldsText = (fields) => `"fields":${object(fields, (name) => name) ?? "{}"}`;

const dataName = (name) => (name.startsWith("data.") ? name.slice(5) : null);

const dataText = (fields) => object(fields, dataName);

/** Members sorted by UTF-16 units, as RFC 8785 wants it; null when there is none. */
function object(fields, nameOf) {
  const members = [];
  for (const [field, { value }] of fields) {
    const name = value === null ? null : nameOf(field);
    if (name !== null) members.push([name, value]);
  }
  if (members.length === 0) return null;
  members.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${canonicalText(value)}`).join(",")}}`;
}
