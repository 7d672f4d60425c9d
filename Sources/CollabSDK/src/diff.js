import { op } from "./change.js";
import { canonicalText, fromJSONText } from "./json.js";
import { compareText, edgeName } from "./text.js";

// Two states of a workflow: what differs, in the words of the person who edits [HI5], and the way from one back to the other [HI6].

/**
 * What changed from one document to another. `from` and `to` are missing where a field was not set.
 * @param {import("./document.js").WorkflowDocument} before
 * @param {import("./document.js").WorkflowDocument} after
 */
export function diffDocuments(before, after) {
  const [old, now] = [before.graph(), after.graph()];
  const nodes = { added: [], removed: [], reconfigured: [], relabelled: [], moved: [], rewired: [] };
  const oldNodes = new Map(old.nodes.map((node) => [node.id, node]));
  const nowNodes = new Map(now.nodes.map((node) => [node.id, node]));
  const [oldInputs, nowInputs] = [inputs(old), inputs(now)];
  for (const node of old.nodes) if (!nowNodes.has(node.id)) nodes.removed.push(brief(node));
  for (const node of now.nodes) {
    const was = oldNodes.get(node.id);
    if (!was) {
      nodes.added.push(brief(node));
      continue;
    }
    compareNode(node.id, fieldChanges(was.fields, node.fields), nodes);
    if (oldInputs.get(node.id) !== nowInputs.get(node.id)) nodes.rewired.push(node.id);
  }
  return { nodes, edges: diffEdges(old, now), comments: diffComments(before, after), workflow: fieldChanges(before.metaFields(), after.metaFields()) };
}

/** Whether nothing differs. @param {ReturnType<typeof diffDocuments>} diff */
export function isEmptyDiff({ nodes, edges, comments, workflow }) {
  return [nodes, edges, comments].every((part) => Object.values(part).every((list) => list.length === 0)) && workflow.length === 0;
}

function compareNode(node, changes, nodes) {
  const isLayout = ({ field }) => field !== "type" && !field.startsWith("data.");
  const settings = changes.filter((change) => !isLayout(change) && change.field !== "data.label");
  const layout = changes.filter(isLayout);
  const label = changes.find(({ field }) => field === "data.label");
  if (settings.length > 0) nodes.reconfigured.push({ node, fields: settings });
  if (label) {
    const { field, ...values } = label;
    nodes.relabelled.push({ node, ...values });
  }
  if (layout.length > 0) nodes.moved.push({ node, fields: layout });
}

function diffEdges(old, now) {
  const edges = { added: [], removed: [], changed: [] };
  const was = new Map(old.edges.map((edge) => [edgeName(edge.key), edge]));
  const is = new Set(now.edges.map((edge) => edgeName(edge.key)));
  for (const { key, fields } of now.edges) {
    const edge = was.get(edgeName(key));
    const changes = edge ? fieldChanges(edge.fields, fields) : [];
    if (!edge) edges.added.push(shortKey(key));
    else if (changes.length > 0) edges.changed.push({ edge: shortKey(key), fields: changes });
  }
  for (const { key } of old.edges) if (!is.has(edgeName(key))) edges.removed.push(shortKey(key));
  return edges;
}

function diffComments(before, after) {
  const comments = { added: [], removed: [], changed: [] };
  for (const id of sortedUnion(before.commentIds(), after.commentIds())) {
    if (!before.isCommentAlive(id)) comments.added.push(id);
    else if (!after.isCommentAlive(id)) comments.removed.push(id);
    else {
      const fields = fieldChanges(texts(before.state.comments.get(id).fields), texts(after.state.comments.get(id).fields));
      if (fields.length > 0) comments.changed.push({ comment: id, fields });
    }
  }
  return comments;
}

const brief = ({ id, fields }) => {
  const type = fromJSONText(fields.type);
  return { id, type: typeof type === "string" ? type : "" };
};

function inputs(graph) {
  const found = new Map();
  for (const { key } of graph.edges) found.set(key.target, `${found.get(key.target) ?? ""} ${edgeName(key)}`);
  return found;
}

function shortKey({ source, sourceHandle, target, targetHandle }) {
  return { source, ...(sourceHandle === null ? {} : { sourceHandle }), target, ...(targetHandle === null ? {} : { targetHandle }) };
}

/** The fields whose values differ, in field order; another spelling of a value is no difference. */
function fieldChanges(before, after) {
  return rawChanges(before, after).map(({ field, from, to }) => ({
    field, ...(from === undefined ? {} : { from: meaning(from) }), ...(to === undefined ? {} : { to: meaning(to) }),
  }));
}

const meaning = (text) => {
  const value = fromJSONText(text);
  return value === undefined ? text : value;
};

function rawChanges(before, after) {
  const own = (fields, field) => (Object.hasOwn(fields, field) ? fields[field] : undefined);
  return sortedUnion(Object.keys(before), Object.keys(after))
    .map((field) => ({ field, from: own(before, field), to: own(after, field) }))
    .filter(({ from, to }) => from !== to && (from === undefined || to === undefined || canonicalText(from) !== canonicalText(to)));
}

function sortedUnion(a, b) {
  return [...new Set([...a, ...b])].sort(compareText);
}

/** A map, because a field may have any name. */
function texts(registers) {
  const values = {};
  for (const [name, { value }] of registers) {
    if (value !== null) Object.defineProperty(values, name, { value, enumerable: true, configurable: true });
  }
  return values;
}

// ---- The way back

/**
 * The ops that give `document` the content of `old`: its nodes, its edges in their order, its own fields; only what differs. Comments stay.
 *
 * Applied at once, both have the same graph hash. What is in the wrong place of the edge order is drawn anew: an edge's place is the stamp of the op that
 * drew it [GV2].
 * @param {import("./document.js").WorkflowDocument} document
 * @param {import("./document.js").WorkflowDocument} old
 * @returns {import("./change.js").Op[]} empty when nothing differs
 */
export function restoreOps(document, old) {
  const ops = [];
  for (const { field, to } of rawChanges(document.metaFields(), old.metaFields())) ops.push({ setMeta: { field, value: to ?? null } });
  restoreNodes(document, old, ops);
  restoreEdges(document, old, ops);
  return ops;
}

function restoreNodes(document, old, ops) {
  for (const id of sortedUnion(aliveNodes(document), aliveNodes(old))) {
    if (!old.isAlive(id)) {
      ops.push(op.setNodeLife(id, false));
      continue;
    }
    if (!document.isAlive(id)) ops.push(op.setNodeLife(id, true));
    const registers = (of) => texts(of.state.nodes.get(id)?.fields ?? []);
    // A removed node keeps its registers for a while, so what it has still need not be said again.
    for (const { field, to } of rawChanges(registers(document), registers(old))) ops.push({ setNodeField: { node: id, field, value: to ?? null } });
  }
}

function restoreEdges(document, old, ops) {
  const [present, wanted] = [[...document.projection.live], [...old.projection.live]];
  const wantedNames = new Set(wanted.map((edge) => edge.name));
  for (const edge of present) if (!wantedNames.has(edge.name)) ops.push(op.removeEdge(edge.key, edge.tags));
  const places = new Map(present.map((edge, index) => [edge.name, index]));
  // The longest beginning of the old order that stands in this order now; what is drawn anew comes behind it.
  let kept = 0;
  for (let last = -1; kept < wanted.length; kept += 1) {
    const place = places.get(wanted[kept].name);
    if (place === undefined || place <= last) break;
    last = place;
  }
  wanted.forEach((edge, index) => {
    const now = document.state.edges.get(edge.name);
    if (index >= kept) {
      if (places.has(edge.name)) ops.push(op.removeEdge(edge.key, now.tags));
      ops.push(op.addEdge(edge.key));
    }
    const before = index < kept ? texts(now.presentFields()) : {};
    for (const { field, to } of rawChanges(before, texts(edge.presentFields()))) ops.push({ setEdgeField: { edge: edge.key, field, value: to ?? null } });
  });
}

const aliveNodes = (document) => [...document.state.nodes.values()].filter((node) => node.isAlive).map((node) => node.id);
