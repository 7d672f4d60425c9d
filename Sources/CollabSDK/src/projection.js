import { TopologicalOrder } from "./order.js";
import { ParentForest } from "./parents.js";
import { standings } from "./records.js";
import { SortedList } from "./sorted.js";
import { compareStamps, zeroStamp } from "./stamp.js";
import { compareEdgeKeys, compareText } from "./text.js";

const { gone, orphan, undecided, taken, cycle } = standings;
const byKey = (a, b) => compareEdgeKeys(a.key, b.key);

/**
 * The graph as it is shown: which nodes and edges are visible, in what order, and why the others are parked [GV1 to GV3b, GV6].
 *
 * Kept up to date change by change. An edge that fits among all taken ones, earlier and later, changes no other decision, and an edge that goes
 * can only free parked edges after it; so nothing else is looked at. An edge that fits the earlier but not the later ones takes the first of the
 * later ones that are in its way out, and those are decided anew in their turn.
 */
export class Projection {
  constructor() {
    this.order = new TopologicalOrder();
    /** Every edge with a tag, in edge order [GV2]. */
    this.live = new SortedList(compareStamps, byKey);
    this.cyclic = new SortedList(compareStamps, byKey);
    this.visibleNodes = new SortedList(compareText);
    this.parents = new ParentForest();
    this.visibleEdgeCount = 0;
    this.touchedNodes = [];
    this.touchedEdges = [];
    /** What is to be looked at again by whoever derives more from the view. @type {Set<import("./records.js").NodeRecord>} */
    this.changedNodes = new Set();
    /** @type {Set<import("./records.js").EdgeRecord>} */
    this.changedEdges = new Set();
  }

  /** The node's life or type was written. */
  touchNode(node) {
    if (node.isTouched) return;
    node.isTouched = true;
    this.touchedNodes.push(node);
  }

  /** The edge's tags were written. */
  touchEdge(edge) {
    if (edge.isTouched) return;
    edge.isTouched = true;
    this.touchedEdges.push(edge);
  }

  parentWritten(node) {
    const stamp = node.fields.get("parentId")?.stamp ?? zeroStamp;
    for (const changed of this.parents.set(node, node.parent, stamp)) this.changedNodes.add(changed);
  }

  /**
   * Makes the whole view; only right after the constructor.
   * @param {import("./records.js").NodeRecord[]} nodes
   * @param {import("./records.js").EdgeRecord[]} edges
   */
  fill(nodes, edges) {
    const shown = [];
    for (const node of nodes) {
      this.changedNodes.add(node);
      node.isShown = node.isVisible;
      if (node.isShown) shown.push({ key: node.id, item: node });
    }
    this.visibleNodes.fill(shown);
    for (const node of nodes) if (node.parent) this.parentWritten(node);
    this.#fillEdges(edges);
  }

  /** Brings the view up to the registers after any number of writes. */
  settle() {
    if (this.touchedNodes.length > 0) this.#settleNodes();
    if (this.touchedEdges.length > 0) this.#settleEdges();
  }

  #settleNodes() {
    const touched = this.touchedNodes;
    this.touchedNodes = [];
    for (const node of touched) {
      node.isTouched = false;
      this.changedNodes.add(node);
      const isShown = node.isVisible;
      if (isShown === node.isShown) continue;
      node.isShown = isShown;
      if (isShown) this.visibleNodes.insert(node, node.id);
      else this.visibleNodes.remove(node, node.id);
      for (const edge of node.out) this.touchEdge(edge);
      for (const edge of node.into) this.touchEdge(edge);
      for (const changed of this.parents.visibilityChanged(node)) this.changedNodes.add(changed);
    }
  }

  #settleEdges() {
    const work = new SortedList(compareStamps, byKey);
    const withdrawn = [];
    const touched = this.touchedEdges;
    this.touchedEdges = [];
    for (const edge of touched) {
      edge.isTouched = false;
      this.changedEdges.add(edge);
      const before = this.#refile(edge);
      if (before) withdrawn.push(before);
      if (edge.standing === undecided) work.insert(edge, edge.lowest);
    }
    this.#free(withdrawn, work);
    if (this.visibleEdgeCount === 0 && work.count > 1) this.order.arrange([...work]);
    for (let edge = work.popFirst(); edge; edge = work.popFirst()) this.#decide(edge, work);
  }

  /** Decided in edge order, each after all before it, so none is ever taken out again. */
  #fillEdges(edges) {
    const entries = [];
    for (const edge of edges) {
      this.changedEdges.add(edge);
      if (edge.tags.length === 0) continue;
      edge.lowest = edge.tags[0];
      edge.standing = edge.from.isShown && edge.to.isShown ? undecided : orphan;
      edge.from.out.add(edge);
      edge.to.into.add(edge);
      entries.push({ key: edge.lowest, item: edge });
    }
    this.live.fill(entries);
    const open = [...this.live].filter((edge) => edge.standing === undecided);
    if (open.length > 1) this.order.arrange(open);
    for (const edge of open) this.#stand(edge, this.order.insert(edge) ? taken : cycle);
  }

  /**
   * Files the edge under its present tag and ends, undecided when both are visible.
   * @returns {{lowest: object, from: object, to: object} | null} the edge as it was taken before, when it no longer is or its place changed
   */
  #refile(edge) {
    const before = { standing: edge.standing, lowest: edge.lowest, from: edge.from, to: edge.to };
    const lowest = edge.tags[0] ?? null;
    const moved = before.standing !== gone && (lowest === null || compareStamps(lowest, before.lowest) !== 0);
    const connects = lowest !== null && edge.from.isShown && edge.to.isShown;
    if ((before.standing === taken || before.standing === cycle) && connects && !moved) return null;

    if (before.standing === taken) {
      this.order.remove(edge);
      this.visibleEdgeCount -= 1;
    }
    if (before.standing === cycle) this.cyclic.remove(edge, before.lowest);
    if (before.standing !== gone && moved) this.live.remove(edge, before.lowest);
    edge.isQueued = false;
    edge.lowest = lowest;
    if (lowest !== null) {
      if (before.standing === gone) {
        edge.from.out.add(edge);
        edge.to.into.add(edge);
      }
      if (before.standing === gone || moved) this.live.insert(edge, lowest);
      edge.standing = connects ? undecided : orphan;
    } else {
      edge.from.out.delete(edge);
      edge.to.into.delete(edge);
      edge.standing = gone;
    }
    return before.standing === taken ? before : null;
  }

  /**
   * Takes the cycle-parked edges that one of the withdrawn edges may have stood in the way of up for decision.
   *
   * An edge a → b that was taken can only be part of a path that keeps u → v parked when, in the topological order, v ≤ a and b ≤ u. Edges of
   * which many go at once are not compared one by one.
   */
  #free(withdrawn, work) {
    if (this.cyclic.count === 0 || withdrawn.length === 0) return;
    const comparedMax = 16;
    let first = withdrawn[0].lowest;
    for (const { lowest } of withdrawn) if (compareStamps(lowest, first) < 0) first = lowest;
    for (const parked of this.cyclic.after(first)) {
      if (parked.from === parked.to || parked.isQueued) continue;
      const isConcerned = withdrawn.length > comparedMax || withdrawn.some(({ from, to }) =>
        this.order.rank(parked.to) <= this.order.rank(from) && this.order.rank(to) <= this.order.rank(parked.from));
      if (!isConcerned) continue;
      parked.isQueued = true;
      work.insert(parked, parked.lowest);
    }
  }

  /** Decides one edge. All before it are decided for good; those after it may be taken for now. */
  #decide(edge, work) {
    this.changedEdges.add(edge);
    edge.isQueued = false;
    if (this.order.insert(edge)) this.#stand(edge, taken);
    else if (edge.from === edge.to || this.#closesCycle(edge, null)) this.#stand(edge, cycle);
    else {
      this.#makeRoom(edge, work);
      // It fits the earlier ones, so this fails only if a forged snapshot gave one stamp to two edges.
      this.#stand(edge, this.order.insert(edge) ? taken : cycle);
    }
  }

  /** Takes later edges out, to be decided anew in their turn, until none of the rest stands in the way. The first that goes is the first that closes the cycle. */
  #makeRoom(edge, work) {
    const later = this.order.between(edge.to, edge.from).filter((other) => compareStamps(edge.lowest, other.lowest) < 0);
    later.sort((a, b) => compareStamps(a.lowest, b.lowest));
    let done = 0;
    while (done < later.length && this.#closesCycle(edge, later.at(-1).lowest)) {
      let low = done;
      let high = later.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#closesCycle(edge, later[middle].lowest)) high = middle;
        else low = middle + 1;
      }
      this.#withdraw(later[low], work);
      done = low + 1;
    }
  }

  #withdraw(edge, work) {
    this.order.remove(edge);
    this.visibleEdgeCount -= 1;
    edge.standing = undecided;
    work.insert(edge, edge.lowest);
    this.#free([edge], work);
  }

  #stand(edge, standing) {
    if (edge.standing === standing) return;
    if (edge.standing === cycle) this.cyclic.remove(edge, edge.lowest);
    if (standing === cycle) this.cyclic.insert(edge, edge.lowest);
    if (standing === taken) this.visibleEdgeCount += 1;
    edge.standing = standing;
  }

  /** Whether taken edges up to `last`, or only those before the edge itself, already lead from its target to its source. */
  #closesCycle(edge, last) {
    return this.order.reaches(edge.to, edge.from, (other) =>
      (last ? compareStamps(other.lowest, last) <= 0 : compareStamps(other.lowest, edge.lowest) < 0));
  }
}
