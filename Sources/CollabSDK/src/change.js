import { toJSONText } from "./json.js";
import { stampName, stampOf, stampToMessage } from "./stamp.js";
import { edgeKey, edgeName, utf8Length } from "./text.js";

/**
 * @typedef {object} Op one of `setMeta`, `setNodeLife`, `setNodeField`, `addEdge`, `removeEdge`, `setEdgeField`, `setCommentLife`,
 *   `setCommentField`, as in the protocol; values are JSON texts, null unsets
 * @typedef {{replica: number, seq: number, hlc: bigint, ops: Op[]}} Change
 */

/** Makes ops from JavaScript values; `undefined` for a value unsets the field. All throw a TypeError for what JSON cannot say. */
export const op = Object.freeze({
  setMeta: (field, value) => ({ setMeta: { field, value: toJSONText(value) } }),
  setNodeLife: (node, alive) => ({ setNodeLife: { node, alive } }),
  setNodeField: (node, field, value) => ({ setNodeField: { node, field, value: toJSONText(value) } }),
  addEdge: (key) => ({ addEdge: { edge: edgeKey(key) } }),
  /** @param {import("./stamp.js").Stamp[]} tags the adds that its author sees: `document.liveTags(key)` */
  removeEdge: (key, tags) => ({ removeEdge: { edge: edgeKey(key), tags: tags.map(stampToMessage) } }),
  setEdgeField: (key, field, value) => ({ setEdgeField: { edge: edgeKey(key), field, value: toJSONText(value) } }),
  setCommentLife: (comment, alive) => ({ setCommentLife: { comment, alive } }),
  setCommentField: (comment, field, value) => ({ setCommentField: { comment, field, value: toJSONText(value) } }),
});

/** The ops that make a node: life, type, position and what else there is. @returns {Op[]} */
export function addNodeOps(node) {
  const { id, data = {}, ...fields } = node;
  /** @type {Op[]} */
  const ops = [op.setNodeLife(id, true)];
  for (const [field, value] of Object.entries(fields)) if (value !== undefined) ops.push(op.setNodeField(id, field, value));
  for (const [key, value] of Object.entries(data)) if (value !== undefined) ops.push(op.setNodeField(id, `data.${key}`, value));
  return ops;
}

/** The ops that remove a node and the edges at it, as one person sees them. @returns {Op[]} */
export function removeNodeOps(document, id) {
  /** @type {Op[]} */
  const ops = [op.setNodeLife(id, false)];
  for (const key of document.edgesAt(id)) ops.push(op.removeEdge(key, document.liveTags(key)));
  return ops;
}

/**
 * Roughly how long a change is on the wire, in the longer of the encodings: a little too much on purpose.
 * @param {Change} change
 */
export function changeBytes(change) {
  return change.ops.reduce((sum, each) => sum + opBytes(each), 96);
}

function opBytes(each) {
  const [kind] = Object.keys(each);
  const { node, comment, field, value, edge, tags } = each[kind];
  const edgeBytes = edge
    ? 80 + escaped(edge.source) + escaped(edge.sourceHandle) + escaped(edge.target) + escaped(edge.targetHandle) : 0;
  return 64 + edgeBytes + 104 * (tags?.length ?? 0) + escaped(node) + escaped(comment) + escaped(field) + escaped(value);
}

/** Inside a JSON string: quotes and backslashes double, control characters take six. */
function escaped(text) {
  if (text === null || text === undefined) return 0;
  let bytes = utf8Length(text);
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20) bytes += 5;
    else if (unit === 0x22 || unit === 0x5c) bytes += 1;
  }
  return bytes;
}

/**
 * Gives changes that the server has not taken new numbers, and new times if need be [CR5, RF1].
 *
 * Removals that name an add among these changes follow it to its new stamp; they forget the adds of dropped changes, and an op or a change of
 * which nothing is left goes.
 * @param {Change[]} pending oldest first, of one replica
 * @param {{replica: number, firstSeq: number, dropped?: Change[], time?: (() => bigint) | null}} how `time` null keeps the times
 * @returns {{changes: Change[], stamps: Map<string, import("./stamp.js").Stamp>}} the new stamp of each op that is left, by the old one's name
 */
export function restamp(pending, { replica, firstSeq, dropped = [], time = null }) {
  const stamps = new Map();
  const gone = new Set(dropped.flatMap((change) => change.ops.map((_, index) => stampName(stampOf(change, index)))));
  const changes = [];
  for (const old of pending) {
    const renewed = { replica, seq: firstSeq + changes.length, hlc: time ? time() : old.hlc, ops: [] };
    old.ops.forEach((each, index) => {
      const left = renamed(each, stamps, gone);
      if (!left) return;
      stamps.set(stampName(stampOf(old, index)), stampOf(renewed, renewed.ops.length));
      renewed.ops.push(left);
    });
    if (renewed.ops.length > 0) changes.push(renewed);
  }
  return { changes, stamps };
}

function renamed(each, stamps, gone) {
  if (!each.removeEdge) return each;
  const tags = [];
  for (const tag of each.removeEdge.tags) {
    const name = messageName(tag);
    if (gone.has(name)) continue;
    const renewed = stamps.get(name);
    tags.push(renewed ? stampToMessage(renewed) : tag);
  }
  return tags.length === 0 ? null : { removeEdge: { edge: each.removeEdge.edge, tags } };
}

function messageName(tag) {
  return `${Number(tag.hlc >> 16n)}.${Number(tag.hlc & 0xffffn)}.${tag.replica}.${tag.seq}.${tag.index}`;
}

/** Whether two changes are the same in all parts. */
export function equalChanges(a, b) {
  return a.replica === b.replica && a.seq === b.seq && a.hlc === b.hlc && sameOps(a.ops, b.ops);
}

const text = (ops) => JSON.stringify(ops, (_, value) => (typeof value === "bigint" ? `${value}n` : value));

const sameOps = (a, b) => a === b || text(a) === text(b);

/** The register an op writes, as one string, and what it writes; null for an edge's coming and going. */
export function writeOf(each) {
  if (each.setMeta) return { name: `m ${each.setMeta.field}`, value: each.setMeta.value };
  if (each.setNodeLife) return { name: `n ${each.setNodeLife.node}`, value: each.setNodeLife.alive };
  if (each.setNodeField) return { name: `f ${each.setNodeField.node.length} ${each.setNodeField.node} ${each.setNodeField.field}`, value: each.setNodeField.value };
  if (each.setEdgeField) return { name: `e ${edgeName(each.setEdgeField.edge)} ${each.setEdgeField.field}`, value: each.setEdgeField.value };
  if (each.setCommentLife) return { name: `c ${each.setCommentLife.comment}`, value: each.setCommentLife.alive };
  if (each.setCommentField) {
    return { name: `d ${each.setCommentField.comment.length} ${each.setCommentField.comment} ${each.setCommentField.field}`, value: each.setCommentField.value };
  }
  return null;
}
