import { DocumentState } from "./state.js";
import { documentHash, graphHash } from "./digests.js";
import { fromJSONText } from "./json.js";
import { Fingerprints } from "./fingerprints.js";
import { parentStandings } from "./parents.js";
import { Projection } from "./projection.js";
import { standings } from "./records.js";
import { compareStamps, firstStamp, makeStamp, stampFromMessage } from "./stamp.js";
import { compareText, edgeKey, edgeName } from "./text.js";
import { parsed, texts } from "./values.js";

/**
 * One replica of a workflow: the replicated registers and tags, and the graph and hashes derived from them.
 *
 * Applying the same changes in any order that keeps each replica's own gives the same document, view and hashes [DO1 to DO7, GV1 to GV6, ME1].
 * Costs O(log n) per op, plus what the view needs. Values are JSON texts as they were written.
 */
export class WorkflowDocument {
  #graphHash = null;
  #documentHash = null;
  #changed = noChanges();
  /** Kept from the first time that somebody asks. @type {Fingerprints | null} */
  #fingerprints = null;

  /** @param {DocumentState} state */
  constructor(state = new DocumentState()) {
    this.state = state;
    this.projection = new Projection();
    this.metaDigest = null;
    this.commentDigests = null;
    if (state.nodes.size > 0 || state.edges.size > 0) {
      this.projection.fill([...state.nodes.values()], [...state.edges.values()]);
      this.#settle();
      this.#changed = noChanges();
    }
  }

  /** Which changes are in. @returns {import("./stamp.js").Version} not to be changed */
  get version() {
    return this.state.version;
  }

  /** The highest time of any change seen, as `hlc`. @returns {bigint} */
  get highestTime() {
    return this.state.highestTime;
  }

  /** Nodes that are alive, whether they have a type or not. */
  get nodeCount() {
    return this.state.aliveNodeCount;
  }

  /** Edges that were added and not removed, parked ones included. */
  get edgeCount() {
    return this.state.liveEdgeCount;
  }

  /** About what the document takes in memory, counted as the server counts it [LM1]. */
  get byteCount() {
    return this.state.byteCount;
  }

  /**
   * Applies a change whole, or not at all. Total over any ops; `checkChange` says beforehand whether a well-behaved author could have sent them.
   * @param {import("./change.js").Change} change
   * @returns {"applied" | "duplicate" | "gap"} a gap: an earlier change of that replica is missing, nothing was applied [CR1]
   */
  apply(change) {
    const { state } = this;
    const seen = state.version.get(change.replica);
    const seq = Number(change.seq);
    if (seq <= seen) return "duplicate";
    if (seq !== seen + 1) return "gap";
    const { ms, counter } = firstStamp(change);
    for (let index = 0; index < change.ops.length; index += 1) {
      this.#applyOp(change.ops[index], makeStamp(ms, counter, change.replica, seq, index));
    }
    state.version.raise(change.replica, seq);
    state.settleRemovals(change.replica, seq);
    if (change.hlc > state.highestTime) state.highestTime = change.hlc;
    this.#settle();
    return "applied";
  }

  #applyOp(op, stamp) {
    const { state, projection } = this;
    if (op.setNodeField) {
      const { node: id, field, value } = op.setNodeField;
      const node = state.ensureNode(id);
      state.intern(field);
      if (state.writeNodeField(node, field, value, stamp)) this.#fieldWritten(node, field);
    } else if (op.setNodeLife) {
      const node = state.ensureNode(op.setNodeLife.node);
      if (state.writeNodeLife(node, op.setNodeLife.alive, stamp)) projection.touchNode(node);
    } else if (op.addEdge) {
      const key = op.addEdge.edge;
      const name = edgeName(key);
      if (state.isRemovedBefore(name, stamp)) return;
      const edge = state.ensureEdge(name, key);
      if (state.addTag(edge, stamp)) projection.touchEdge(edge);
    } else if (op.removeEdge) {
      this.#removeEdge(op.removeEdge.edge, op.removeEdge.tags);
    } else if (op.setEdgeField) {
      const { edge: key, field, value } = op.setEdgeField;
      const edge = state.ensureEdge(edgeName(key), key);
      state.intern(field);
      if (state.writeField(edge.fields, field, value, stamp)) this.#edgeChanged(edge);
    } else if (op.setMeta) {
      const { field, value } = op.setMeta;
      state.intern(field);
      if (state.writeField(state.meta, field, value, stamp)) this.#metaChanged(field);
    } else if (op.setCommentLife) {
      const comment = state.ensureComment(op.setCommentLife.comment);
      if (state.writeLife(comment, op.setCommentLife.alive, stamp)) this.#commentChanged(comment);
    } else if (op.setCommentField) {
      const { comment: id, field, value } = op.setCommentField;
      const comment = state.ensureComment(id);
      state.intern(field);
      if (state.writeField(comment.fields, field, value, stamp)) this.#commentChanged(comment);
    }
    // An op of a newer minor version is not ours to understand [WP2].
  }

  /** A tag that is here goes; one that was never seen is remembered; one that was seen and is not here was removed before [DO6]. */
  #removeEdge(key, tags) {
    const { state } = this;
    const name = edgeName(key);
    const edge = state.edges.get(name);
    for (const message of tags) {
      const tag = stampFromMessage(message);
      if (edge && state.removeTag(edge, tag)) this.projection.touchEdge(edge);
      else if (!state.version.coversStamp(tag)) state.rememberRemoval(name, key, tag);
    }
  }

  #fieldWritten(node, field) {
    if (field === "type") this.projection.touchNode(node);
    if (field === "parentId") this.projection.parentWritten(node);
    this.#nodeChanged(node, !(field === "type" || field.startsWith("data.")));
  }

  #nodeChanged(node, isLayout) {
    this.#documentHash = null;
    node.documentDigest = null;
    node.view = null;
    if (!isLayout) {
      this.#graphHash = null;
      node.graphDigest = null;
      this.#fingerprints?.nodeChanged(node);
    }
    this.#changed.nodes.add(node);
  }

  #edgeChanged(edge) {
    this.#documentHash = this.#graphHash = null;
    edge.graphDigest = edge.documentDigest = edge.view = null;
    this.#fingerprints?.inputsChanged(edge.to);
    this.#changed.edges.add(edge);
  }

  #metaChanged(field) {
    this.#documentHash = this.metaDigest = null;
    this.#changed.meta.add(field);
  }

  #commentChanged(comment) {
    this.#documentHash = this.commentDigests = comment.view = null;
    this.#changed.comments.add(comment.id);
  }

  /** Brings everything derived up to the registers. */
  #settle() {
    const { projection } = this;
    projection.settle();
    if (projection.changedNodes.size > 0) {
      for (const node of projection.changedNodes) this.#nodeChanged(node, false);
      projection.changedNodes.clear();
    }
    if (projection.changedEdges.size > 0) {
      for (const edge of projection.changedEdges) {
        this.#edgeChanged(edge);
        this.state.releaseEdgeIfEmpty(edge);
      }
      projection.changedEdges.clear();
    }
  }

  /**
   * What differs since the last call: ids of nodes that came, went or changed, keys of edges likewise, fields of the meta, ids of comments.
   * @returns {{nodes: string[], edges: object[], meta: string[], comments: string[]} | null} null for nothing
   */
  takeChanges() {
    const { nodes, edges, meta, comments } = this.#changed;
    if (nodes.size + edges.size + meta.size + comments.size === 0) return null;
    this.#changed = noChanges();
    const names = new Map([...edges].map((edge) => [edge.name, edge.key]));
    return { nodes: [...new Set([...nodes].map((node) => node.id))], edges: [...names.values()], meta: [...meta], comments: [...comments] };
  }

  // ---- What is there

  /** The JSON text that a node's register holds, also of a removed node; null when it holds none. */
  value(node, field) {
    return this.state.nodes.get(node)?.fields.get(field)?.value ?? null;
  }

  isAlive(node) {
    return this.state.nodes.get(node)?.isAlive ?? false;
  }

  /** Whether the node is in the graph [GV1]. */
  isVisible(node) {
    return this.state.nodes.get(node)?.isShown ?? false;
  }

  meta(field) {
    return this.state.meta.get(field)?.value ?? null;
  }

  /** Null also for an edge that is not there, and for what was set before the add that holds it [DO4]. */
  edgeValue(key, field) {
    const edge = this.state.edges.get(edgeName(edgeKey(key)));
    const register = edge?.fields.get(field);
    return register && edge.counts(register) ? register.value : null;
  }

  isCommentAlive(comment) {
    return this.state.comments.get(comment)?.isAlive ?? false;
  }

  commentValue(comment, field) {
    return this.state.comments.get(comment)?.fields.get(field)?.value ?? null;
  }

  /** Ids of living comments in order. */
  commentIds() {
    return [...this.state.comments.values()].filter((comment) => comment.isAlive).map((comment) => comment.id).sort(compareText);
  }

  /** The adds that hold the edge, ascending: what a removal made now must name. Empty when the edge is not there. */
  liveTags(key) {
    return this.state.edges.get(edgeName(edgeKey(key)))?.tags.slice() ?? [];
  }

  /** Keys of the edges that start or end at the node, parked ones included, in edge order. */
  edgesAt(id) {
    const node = this.state.nodes.get(id);
    if (!node) return [];
    const found = [...new Set([...node.out, ...node.into])];
    return found.sort((a, b) => compareStamps(a.lowest, b.lowest)).map((edge) => edge.key);
  }

  /** How many visible edges end at a node. */
  inputCount(id) {
    let count = 0;
    for (const edge of this.state.nodes.get(id)?.into ?? []) if (edge.standing === standings.taken) count += 1;
    return count;
  }

  /** Ids of the visible nodes in order. */
  *nodeIds() {
    for (const node of this.projection.visibleNodes) yield node.id;
  }

  /** Keys of the visible edges in edge order. */
  *edgeKeys() {
    for (const edge of this.projection.live) if (edge.standing === standings.taken) yield edge.key;
  }

  /** Whether an edge from one node to the other would be parked because the visible edges lead back already [GV3]. */
  wouldCloseCycle(source, target) {
    const [from, to] = [this.state.nodes.get(source), this.state.nodes.get(target)];
    return source === target || (from !== undefined && to !== undefined && this.projection.order.reaches(to, from, () => true));
  }

  /** Edges that are in the document and not in the graph, in edge order. @returns {{key: object, reason: "orphan" | "cycle"}[]} */
  parkedEdges() {
    const parked = [];
    for (const edge of this.projection.live) {
      if (edge.standing === standings.orphan) parked.push({ key: edge.key, reason: "orphan" });
      else if (edge.standing === standings.cycle) parked.push({ key: edge.key, reason: "cycle" });
    }
    return parked;
  }

  /** The group that counts for a node [GV3b]; null when there is none. @returns {string | null} */
  parentOf(id) {
    const node = this.state.nodes.get(id);
    return node && this.projection.parents.standing(node) === parentStandings.held ? node.parent.id : null;
  }

  /** Why a node's `parentId` does not count: `missing`, `loop`, or null. */
  parentFault(id) {
    const node = this.state.nodes.get(id);
    const standing = node?.isShown ? this.projection.parents.standing(node) : undefined;
    return standing === parentStandings.missing ? "missing" : standing === parentStandings.loop ? "loop" : null;
  }

  /** The visible graph with the JSON texts of all fields that are set and count. O(document). */
  graph() {
    const nodes = [];
    for (const node of this.projection.visibleNodes) {
      const fields = texts(node.fields);
      const standing = this.projection.parents.standing(node);
      if (standing !== undefined && standing !== parentStandings.held) delete fields.parentId;
      nodes.push({ id: node.id, fields });
    }
    const edges = [];
    for (const edge of this.projection.live) {
      if (edge.standing === standings.taken) edges.push({ key: edge.key, fields: texts(edge.presentFields()) });
    }
    return { nodes, edges };
  }

  /** The meta's fields that are set. */
  metaFields() {
    return texts(this.state.meta);
  }

  /**
   * A visible node with its values parsed; null for one that is not visible. The same object until something of the node changes.
   * @param {string} id
   * @returns {{id: string, type: string, parentId: string | null, data: Record<string, any>, fields: Record<string, any>} | null}
   */
  node(id) {
    const node = this.state.nodes.get(id);
    if (!node?.isShown) return null;
    if (!node.view) {
      const { data, fields } = parsed(node.fields);
      node.view = Object.freeze({ id, type: typeof fields.type === "string" ? fields.type : "", parentId: this.parentOf(id), data, fields });
    }
    return node.view;
  }

  /**
   * An edge that is there, visible or parked; null otherwise. The same object until something of the edge changes.
   * @returns {{key: object, standing: "visible" | "orphan" | "cycle", data: Record<string, any>, fields: Record<string, any>} | null}
   */
  edge(key) {
    const edge = this.state.edges.get(edgeName(edgeKey(key)));
    if (!edge || edge.standing === standings.gone) return null;
    if (!edge.view) {
      const standing = edge.standing === standings.taken ? "visible" : edge.standing === standings.cycle ? "cycle" : "orphan";
      edge.view = Object.freeze({ key: edge.key, standing, ...parsed(edge.presentFields()) });
    }
    return edge.view;
  }

  /** A living comment with its values parsed; null otherwise. */
  comment(id) {
    const comment = this.state.comments.get(id);
    if (!comment?.isAlive) return null;
    comment.view ??= Object.freeze({ id, ...parsed(comment.fields) });
    return comment.view;
  }

  // ---- What results follow from [RU6]

  /**
   * 8 bytes that say what a node's result follows from: its settings, all that is upstream, and what nodes share; null for a node that is not visible.
   * O(what was written since somebody asked, and what hangs on it); the first time O(document).
   * @param {string} id @returns {Uint8Array | null}
   */
  fingerprint(id) {
    const node = this.state.nodes.get(id);
    return node?.isShown ? this.#upToDate().of(node) : null;
  }

  /** Ids of the nodes whose fingerprint may be another one since the last call; null when every one may. */
  takeFingerprintChanges() {
    return this.#upToDate().takeChanges();
  }

  #upToDate() {
    this.#fingerprints ??= new Fingerprints(this.projection);
    this.#fingerprints.refresh();
    return this.#fingerprints;
  }

  // ---- Hashes [GV5]

  /** 32 bytes. O(1) when nothing changed, else O(visible) plus the canonical JSON of what was written. @returns {Uint8Array} */
  graphHash() {
    this.#graphHash ??= graphHash(this);
    return this.#graphHash;
  }

  /** As `graphHash`, with layout, meta, comments and parked edges with their reasons. @returns {Uint8Array} */
  documentHash() {
    this.#documentHash ??= documentHash(this);
    return this.#documentHash;
  }
}

const noChanges = () => ({ nodes: new Set(), edges: new Set(), meta: new Set(), comments: new Set() });
