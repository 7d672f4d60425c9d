// Pieces of workflows as JSON text on the clipboard: written in React Flow's shape, read in that and in that of Thaiyyal's exports. Pure.
import { pointOf } from "./geometry.js";

/** What belongs to one person's canvas, and what an id or a place is made of anew. */
const leftOut = new Set([
  "id", "data", "position", "selected", "dragging", "resizing", "measured", "positionAbsolute", "dragHandle", "internals", "parentNode", "parentId", "type",
]);
const leftOutOfEdges = new Set(["id", "source", "target", "sourceHandle", "targetHandle", "data", "selected"]);
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * @param {import("./sdk/document.js").WorkflowDocument} document
 * @param {string[]} ids nodes, with what is inside of them
 * @param {(id: string) => {x: number, y: number}} placeOf where a node lies on the canvas
 * @returns {string} JSON: the nodes and the edges among them
 */
export function writeClipping(document, ids, placeOf) {
  const chosen = new Set(ids);
  const nodes = [...chosen].map((id) => {
    const { fields, data, parentId } = document.node(id);
    const isInside = parentId !== null && chosen.has(parentId);
    const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => !leftOut.has(name)));
    return { id, type: fields.type, position: isInside ? pointOf(fields.position) : placeOf(id), ...kept, ...(isInside && { parentId }), data };
  });
  const edges = [...document.edgeKeys()].filter(({ source, target }) => chosen.has(source) && chosen.has(target)).map((key) => {
    const { fields, data } = document.edge(key);
    return { id: `${key.source}-${key.target}`, ...key, ...fields, ...(Object.keys(data).length > 0 && { data }) };
  });
  return JSON.stringify({ nodes, edges });
}

/** @returns {{nodes: any[], edges: any[]} | null} null for a text that has no nodes */
export function readClipping(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  for (const part of ["canvas", "data", "workflow"]) if (!Array.isArray(value?.nodes) && isObject(value?.[part])) value = value[part];
  if (!Array.isArray(value?.nodes)) return null;
  const nodes = value.nodes.filter((node) => isObject(node) && typeof node.id === "string" && typeof node.type === "string" && node.type !== "");
  const edges = (Array.isArray(value.edges) ? value.edges : []).filter((edge) => isObject(edge) && typeof edge.source === "string" && typeof edge.target === "string");
  return nodes.length > 0 ? { nodes, edges } : null;
}

const handle = (value) => (typeof value === "string" ? value : null);

/**
 * New nodes and edges for what was read: with ids of their own, moved so that their middle is at a point.
 * @param {{nodes: any[], edges: any[]}} clipping
 * @param {(word: string) => string} newID
 * @param {{middle?: {x: number, y: number}, shift?: {x: number, y: number}, snap?: (point: any) => any}} how
 */
export function placeClipping({ nodes, edges }, newID, { middle, shift, snap = (point) => point }) {
  const ids = new Map(nodes.map(({ id }) => [id, newID("n")]));
  const parentOf = (node) => ids.get(node.parentId ?? node.parentNode);
  const outer = nodes.filter((node) => !parentOf(node)).map(({ position }) => pointOf(position));
  const least = (axis) => Math.min(...outer.map((point) => point[axis]));
  const most = (axis) => Math.max(...outer.map((point) => point[axis]));
  const by = shift ?? snap({ x: middle.x - (least("x") + most("x")) / 2 - 100, y: middle.y - (least("y") + most("y")) / 2 - 30 });
  const placed = nodes.map((node) => {
    const at = pointOf(node.position);
    const parentId = parentOf(node);
    const kept = Object.fromEntries(Object.entries(node).filter(([name]) => !leftOut.has(name) && name !== "style"));
    const data = Object.fromEntries(Object.entries(isObject(node.data) ? node.data : {}).filter(([name]) => name !== "_executionData"));
    const position = parentId ? at : { x: at.x + by.x, y: at.y + by.y };
    return { id: ids.get(node.id), type: node.type, position, ...kept, ...(parentId && { parentId }), data };
  });
  const seen = new Set();
  const drawn = [];
  for (const edge of edges) {
    const [source, target] = [ids.get(edge.source), ids.get(edge.target)];
    if (!source || !target || source === target) continue;
    const key = { source, sourceHandle: handle(edge.sourceHandle), target, targetHandle: handle(edge.targetHandle) };
    const name = JSON.stringify(key);
    if (seen.has(name)) continue;
    seen.add(name);
    const fields = Object.fromEntries(Object.entries(edge).filter(([field]) => !leftOutOfEdges.has(field)));
    const data = isObject(edge.data) ? Object.entries(edge.data).map(([field, value]) => [`data.${field}`, value]) : [];
    drawn.push({ key, fields: { ...fields, ...Object.fromEntries(data) } });
  }
  return { nodes: placed, edges: drawn };
}

/**
 * Labels that nobody else has: a copy of `Price` is `Price 2`. Nodes without a label stay without.
 * @param {any[]} nodes as placed @param {Iterable<string>} labels of the document
 */
export function withOwnLabels(nodes, labels) {
  const taken = new Set(labels);
  return nodes.map((node) => {
    const { label } = node.data;
    if (typeof label !== "string" || label === "") return node;
    const [, stem, number] = /^(.*?)(?: ([0-9]{1,6}))?$/su.exec(label);
    let own = label;
    for (let next = Number(number ?? 1) + 1; taken.has(own); next += 1) own = `${stem} ${next}`;
    taken.add(own);
    return own === label ? node : { ...node, data: { ...node.data, label: own } };
  });
}
