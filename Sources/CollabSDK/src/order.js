/**
 * A topological order of the taken edges that is kept while edges come and go.
 *
 * Inserting an edge that agrees with the order is O(1); one that does not searches and ranks anew only the nodes between its ends. Removing
 * never changes the order. Source: Pearce and Kelly 2006, "A Dynamic Topological Sort Algorithm for Directed Acyclic Graphs", §3.
 * Ranks and marks live in the node records, the edges in their `out` and `into`.
 */
export class TopologicalOrder {
  #search = 0;
  #nextRank = 0;

  /** Takes the edge in unless it would close a cycle; then nothing changes. @returns {boolean} whether it was taken in */
  insert(edge) {
    const { from, to } = edge;
    if (from === to) return false;
    this.#place(from);
    this.#place(to);
    if (from.rank > to.rank && !this.#reorder(from, to)) return false;
    edge.isOrdered = true;
    return true;
  }

  remove(edge) {
    edge.isOrdered = false;
  }

  /** A node's place; nodes never seen come last. */
  rank(node) {
    return node.rank < 0 ? Number.MAX_SAFE_INTEGER : node.rank;
  }

  /**
   * Ranks nodes, before any edge was taken in, so that as many of these edges as can agree with the order from the first on do.
   * @param {import("./records.js").EdgeRecord[]} edges in edge order
   */
  arrange(edges) {
    let best = topological(edges, edges.length);
    let low = 0;
    let high = best ? 0 : edges.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const found = topological(edges, middle);
      if (found) {
        best = found;
        low = middle;
      } else high = middle;
    }
    if (!best) return;
    for (const node of best) node.rank = this.#nextRank++;
  }

  /**
   * The edges that leave a node between the two in the order and end at most at the second: all that a path between them can use.
   * O(region between the two).
   */
  between(start, end) {
    const found = [];
    if (start.rank < 0 || end.rank < 0 || start.rank >= end.rank) return found;
    const search = ++this.#search;
    const open = [start];
    start.mark = search;
    while (open.length > 0) {
      for (const edge of open.pop().out) {
        if (!edge.isOrdered || edge.to.rank > end.rank) continue;
        found.push(edge);
        if (edge.to.mark === search) continue;
        edge.to.mark = search;
        open.push(edge.to);
      }
    }
    return found;
  }

  /** Whether a path leads from one node to the other over edges that `allowed` takes. O(region between the two). */
  reaches(start, end, allowed) {
    if (start === end) return true;
    if (start.rank < 0 || end.rank < 0 || start.rank >= end.rank) return false;
    const search = ++this.#search;
    const open = [start];
    start.mark = search;
    while (open.length > 0) {
      for (const edge of open.pop().out) {
        const next = edge.to;
        if (!edge.isOrdered || next.rank > end.rank || next.mark === search || !allowed(edge)) continue;
        if (next === end) return true;
        next.mark = search;
        open.push(next);
      }
    }
    return false;
  }

  #place(node) {
    if (node.rank < 0) node.rank = this.#nextRank++;
  }

  /** Makes `from` come before `to` by giving the ranks of the affected nodes out anew. */
  #reorder(from, to) {
    const after = this.#collectAfter(to, from);
    if (!after) return false;
    const before = this.#collectBefore(from, to.rank);
    const byRank = (a, b) => a.rank - b.rank;
    const nodes = [...before.sort(byRank), ...after.sort(byRank)];
    const ranks = nodes.map((node) => node.rank).sort((a, b) => a - b);
    nodes.forEach((node, index) => { node.rank = ranks[index]; });
    return true;
  }

  /** What can be reached from `start` without passing the rank of `forbidden`; null when that includes it. */
  #collectAfter(start, forbidden) {
    const search = ++this.#search;
    const found = [start];
    start.mark = search;
    for (let at = 0; at < found.length; at += 1) {
      for (const edge of found[at].out) {
        if (!edge.isOrdered) continue;
        const next = edge.to;
        if (next === forbidden) return null;
        if (next.rank >= forbidden.rank || next.mark === search) continue;
        next.mark = search;
        found.push(next);
      }
    }
    return found;
  }

  #collectBefore(start, bound) {
    const search = ++this.#search;
    const found = [start];
    start.mark = search;
    for (let at = 0; at < found.length; at += 1) {
      for (const edge of found[at].into) {
        if (!edge.isOrdered) continue;
        const next = edge.from;
        if (next.rank <= bound || next.mark === search) continue;
        next.mark = search;
        found.push(next);
      }
    }
    return found;
  }
}

/** The nodes of the first so many edges in a topological order; null when they have a cycle. */
function topological(edges, count) {
  const next = new Map();
  const incoming = new Map();
  for (let at = 0; at < count; at += 1) {
    const { from, to } = edges[at];
    if (from === to) continue;
    if (next.has(from)) next.get(from).push(to);
    else next.set(from, [to]);
    incoming.set(to, (incoming.get(to) ?? 0) + 1);
    if (!incoming.has(from)) incoming.set(from, 0);
  }
  const order = [];
  for (const [node, edgesInto] of incoming) if (edgesInto === 0) order.push(node);
  for (let at = 0; at < order.length; at += 1) {
    for (const target of next.get(order[at]) ?? []) {
      const left = incoming.get(target) - 1;
      incoming.set(target, left);
      if (left === 0) order.push(target);
    }
  }
  return order.length === incoming.size ? order : null;
}
