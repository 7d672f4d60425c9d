import { compareEdgeKeys, compareStamps, compareText } from "./stamp.js";

/**
 * The graph that everybody sees [GV1 to GV3b].
 * @returns {{nodes: Map<string, Map>, edges: object[], parked: {edge: object, reason: "orphan" | "cycle"}[], parents: Map<string, string>}}
 *   nodes in id order with their registers, edges and parked edges in edge order, parents without the chains that close a loop
 */
export function project(replica) {
  const nodes = visibleNodes(replica);
  const ordered = orderedEdges(replica);
  const joined = ordered.filter(({ key }) => nodes.has(key.source) && nodes.has(key.target));
  const joins = new Set(joined);
  const closing = cycleClosers(joined);
  const parked = ordered.filter((edge) => !joins.has(edge) || closing.has(edge))
    .map((edge) => ({ edge, reason: joins.has(edge) ? "cycle" : "orphan" }));
  return { nodes, edges: joined.filter((edge) => !closing.has(edge)), parked, parents: parentsOf(nodes) };
}

function visibleNodes(replica) {
  const ids = [...replica.nodes.keys()].filter((id) => replica.isAlive(id) && replica.nodes.get(id).fields.get("type")?.value);
  return new Map(ids.sort(compareText).map((id) => [id, replica.nodes.get(id).fields]));
}

/** Edges with a live tag, by (lowest live stamp, key) [GV2]. */
function orderedEdges(replica) {
  const live = [];
  for (const edge of replica.edges.values()) {
    let first = null;
    for (const stamp of edge.tags.values()) if (!first || compareStamps(stamp, first) < 0) first = stamp;
    if (first) live.push({ edge, first });
  }
  live.sort((a, b) => compareStamps(a.first, b.first) || compareEdgeKeys(a.edge.key, b.edge.key));
  return live.map(({ edge }) => edge);
}

/**
 * The edges that close a cycle when the edges come in their order [GV3].
 *
 * Only an edge inside a strongly connected component can: without one, which is the usual case, this costs one walk.
 */
function cycleClosers(edges) {
  const component = components(edges);
  const inside = edges.filter(({ key }) => component.get(key.source) === component.get(key.target));
  const next = new Map();
  const closing = new Set();
  for (const edge of inside) {
    const { source, target } = edge.key;
    if (reaches(next, target, source)) closing.add(edge);
    else if (next.has(source)) next.get(source).push(target);
    else next.set(source, [target]);
  }
  return closing;
}

function reaches(next, from, to) {
  if (from === to) return true;
  const seen = new Set([from]);
  const open = [from];
  while (open.length > 0) {
    for (const id of next.get(open.pop()) ?? []) {
      if (id === to) return true;
      if (!seen.has(id)) seen.add(id), open.push(id);
    }
  }
  return false;
}

/** Tarjan's strongly connected components without recursion; id -> number of its component. */
function components(edges) {
  const next = new Map();
  for (const { key } of edges) {
    if (!next.has(key.source)) next.set(key.source, []);
    if (!next.has(key.target)) next.set(key.target, []);
    next.get(key.source).push(key.target);
  }
  const component = new Map();
  const order = new Map();
  const low = new Map();
  const path = [];
  const visit = (id) => {
    order.set(id, order.size);
    low.set(id, order.get(id));
    path.push(id);
    return { id, at: 0 };
  };
  for (const root of next.keys()) {
    if (order.has(root)) continue;
    const calls = [visit(root)];
    while (calls.length > 0) {
      const call = calls.at(-1);
      const target = next.get(call.id)[call.at];
      if (target !== undefined) {
        call.at += 1;
        if (!order.has(target)) calls.push(visit(target));
        else if (!component.has(target)) low.set(call.id, Math.min(low.get(call.id), order.get(target)));
        continue;
      }
      calls.pop();
      if (calls.length > 0) low.set(calls.at(-1).id, Math.min(low.get(calls.at(-1).id), low.get(call.id)));
      if (low.get(call.id) === order.get(call.id)) {
        let id;
        do component.set((id = path.pop()), order.get(call.id)); while (id !== call.id);
      }
    }
  }
  return component;
}

/** Parents in the order of their registers' stamps; one that closes a loop or is not visible counts as none [GV3b]. */
function parentsOf(nodes) {
  const claims = [];
  for (const [id, fields] of nodes) {
    const register = fields.get("parentId");
    const parent = register?.value ? text(register.value) : "";
    if (parent && nodes.has(parent)) claims.push({ id, parent, stamp: register.stamp });
  }
  claims.sort((a, b) => compareStamps(a.stamp, b.stamp) || compareText(a.id, b.id));
  const parents = new Map();
  for (const { id, parent } of claims) {
    let above = parent;
    while (above !== undefined && above !== id) above = parents.get(above);
    if (above !== id) parents.set(id, parent);
  }
  return parents;
}

function text(json) {
  try {
    const value = JSON.parse(json);
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}
