// A layered layout: what feeds a node stands to its left. Pure; the same input gives the same places.
import { gridPitch } from "./geometry.js";

const columnGap = 96;
const rowGap = 32;
const partGap = 64;
const sweeps = 8;

/**
 * Places for nodes, their upper left corner staying where it was.
 *
 * Layers by the longest path from a source, order within a layer by the mean of the neighbours' rows, swept forth and back. Parts that are not connected stand
 * below each other, nodes without edges in rows below all. O(sweeps × edges × log nodes).
 * @param {{id: string, x: number, y: number, width: number, height: number}[]} nodes
 * @param {{source: string, target: string}[]} edges without cycles
 * @returns {Map<string, {x: number, y: number}>} on the grid
 */
export function layOut(nodes, edges) {
  const places = new Map();
  if (nodes.length === 0) return places;
  const left = Math.min(...nodes.map(({ x }) => x));
  let top = Math.min(...nodes.map(({ y }) => y));
  const { connected, alone } = partsOf(nodes, edges);
  for (const part of connected) {
    const { height } = placePart(part, left, top, places);
    top += height + partGap;
  }
  placeRows(alone, left, top, places);
  const snap = (value) => Math.round(value / gridPitch) * gridPitch;
  for (const [id, { x, y }] of places) places.set(id, { x: snap(x), y: snap(y) });
  return places;
}

/** Connected parts, the largest first, and the nodes that no edge touches. */
function partsOf(nodes, edges) {
  const links = new Map(nodes.map(({ id }) => [id, { into: [], out: [] }]));
  for (const { source, target } of edges) {
    links.get(source).out.push(target);
    links.get(target).into.push(source);
  }
  const byID = new Map(nodes.map((node) => [node.id, node]));
  const seen = new Set();
  const connected = [];
  const alone = [];
  for (const { id } of nodes) {
    if (seen.has(id)) continue;
    const ids = [id];
    seen.add(id);
    for (let at = 0; at < ids.length; at += 1) {
      const { into, out } = links.get(ids[at]);
      for (const next of [...into, ...out]) if (!seen.has(next)) seen.add(next), ids.push(next);
    }
    if (ids.length === 1) alone.push(byID.get(id));
    else connected.push({ nodes: ids.map((each) => byID.get(each)), links });
  }
  return { connected: connected.sort((a, b) => b.nodes.length - a.nodes.length), alone };
}

function placePart({ nodes, links }, left, top, places) {
  const layers = layersOf(nodes, links);
  order(layers, links);
  const heights = layers.map((layer) => layer.reduce((sum, { height }) => sum + height + rowGap, -rowGap));
  const height = Math.max(...heights);
  let x = left;
  layers.forEach((layer, at) => {
    let y = top + (height - heights[at]) / 2;
    for (const node of layer) {
      places.set(node.id, { x, y });
      y += node.height + rowGap;
    }
    x += Math.max(...layer.map(({ width }) => width)) + columnGap;
  });
  return { height };
}

/** By the longest path from a node without inputs; a source then moves up to what it feeds. */
function layersOf(nodes, links) {
  const waiting = new Map(nodes.map(({ id }) => [id, links.get(id).into.length]));
  const layerOf = new Map();
  const open = nodes.filter(({ id }) => waiting.get(id) === 0).map(({ id }) => id);
  for (const id of open) layerOf.set(id, 0);
  for (let at = 0; at < open.length; at += 1) {
    for (const target of links.get(open[at]).out) {
      layerOf.set(target, Math.max(layerOf.get(target) ?? 0, layerOf.get(open[at]) + 1));
      waiting.set(target, waiting.get(target) - 1);
      if (waiting.get(target) === 0) open.push(target);
    }
  }
  for (const id of open) {
    const { into, out } = links.get(id);
    if (into.length === 0 && out.length > 0) layerOf.set(id, Math.min(...out.map((target) => layerOf.get(target))) - 1);
  }
  const layers = [];
  for (const node of nodes) (layers[layerOf.get(node.id) ?? 0] ??= []).push(node);
  for (const layer of layers) layer?.sort((a, b) => a.y - b.y || a.x - b.x);
  return layers.filter(Boolean);
}

/** Sorts each layer by the mean row of the neighbours in the layer before, then behind, and so on. */
function order(layers, links) {
  const row = new Map();
  const number = (layer) => layer.forEach(({ id }, at) => row.set(id, at));
  layers.forEach(number);
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const side = sweep % 2 === 0 ? "into" : "out";
    for (const layer of side === "into" ? layers : layers.toReversed()) {
      const mean = new Map(layer.map(({ id }) => {
        const rows = links.get(id)[side].map((other) => row.get(other));
        return [id, rows.length > 0 ? rows.reduce((sum, each) => sum + each, 0) / rows.length : row.get(id)];
      }));
      layer.sort((a, b) => mean.get(a.id) - mean.get(b.id) || row.get(a.id) - row.get(b.id));
      number(layer);
    }
  }
}

function placeRows(nodes, left, top, places) {
  const perRow = Math.max(4, Math.ceil(Math.sqrt(nodes.length * 1.6)));
  let y = top;
  for (let at = 0; at < nodes.length; at += perRow) {
    let x = left;
    const rowNodes = nodes.slice(at, at + perRow);
    for (const node of rowNodes) {
      places.set(node.id, { x, y });
      x += node.width + rowGap;
    }
    y += Math.max(...rowNodes.map(({ height }) => height)) + rowGap;
  }
}
