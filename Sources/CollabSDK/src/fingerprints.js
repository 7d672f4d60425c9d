import { edgeDigest, settingsText } from "./digests.js";
import { stringFrom } from "./json.js";
import { standings } from "./records.js";
import { sha256 } from "./sha256.js";
import { SortedList } from "./sorted.js";
import { compareStamps } from "./stamp.js";
import { compareText } from "./text.js";

// What the result of each node follows from [RU6]: kept per node, and looked at again where something was written and as far as it differs.

/**
 * @typedef {{own: Uint8Array, isTemplate: boolean, sharesState: boolean, takesPart: boolean, base: Uint8Array}} Trace
 * `own` is the digest of the node's own text; `takesPart`: something upstream of it, or itself, hangs on what nodes share without an edge.
 */

const bytes = 8;
const utf8 = new TextEncoder();
const sharingTypes = new Set(["variable", "accumulator", "counter", "cache", "context_variable", "context_constant", "variableNode", "accumulatorNode",
  "counterNode", "cacheNode", "contextVariableNode", "contextConstantNode"]);

export class Fingerprints {
  #projection;
  /** Nodes that were written or whose inputs were. @type {Set<import("./records.js").NodeRecord>} */
  #marked = new Set();
  #sharers = new SortedList(compareText);
  #shared = new Uint8Array(bytes);
  /** Nodes that differ since somebody took them; null: perhaps all. @type {Set<string> | null} */
  #changed = null;

  /** @param {import("./projection.js").Projection} projection of a document that nobody asked for fingerprints before */
  constructor(projection) {
    this.#projection = projection;
    for (const node of projection.visibleNodes) this.#marked.add(node);
  }

  /** Its type or a setting was written, or it came or went. */
  nodeChanged(node) {
    if (node.trace) node.trace.own = null;
    this.#marked.add(node);
  }

  /** An edge into the node came, went or was written. */
  inputsChanged(node) {
    this.#marked.add(node);
  }

  /** Of a visible node; call after `refresh`. @returns {Uint8Array} */
  of({ trace }) {
    return trace.takesPart ? trace.base.map((byte, at) => byte ^ this.#shared[at]) : trace.base;
  }

  takeChanges() {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed && [...changed];
  }

  /** Sources before what follows them: each node is looked at once. */
  refresh() {
    if (this.#marked.size === 0) return;
    const work = new RankQueue(this.#projection.order, this.#marked);
    this.#marked = new Set();
    let isSharedTouched = false;
    for (let node = work.next(); node; node = work.next()) {
      const before = node.trace;
      const now = node.isShown ? this.#renewed(node) : null;
      node.trace = now;
      if (before?.sharesState !== now?.sharesState && (before?.sharesState || now?.sharesState)) {
        isSharedTouched = true;
        if (now?.sharesState) this.#sharers.insert(node, node.id);
        else this.#sharers.remove(node, node.id);
      }
      if (before && now && before.takesPart === now.takesPart && equal(before.base, now.base)) continue;
      if (now?.sharesState) isSharedTouched = true;
      this.#changed?.add(node.id);
      for (const edge of node.out) if (edge.standing === standings.taken) work.add(edge.to);
    }
    if (isSharedTouched) this.#renewShared();
  }

  /** @returns {Trace} */
  #renewed(node) {
    const { trace } = node;
    let own = trace?.own;
    let isTemplate = trace?.isTemplate;
    if (!own) {
      const text = settingsText(node);
      own = sha256(utf8.encode(text));
      // In no JSON text does `{{` stand but inside of its strings.
      isTemplate = text.includes("{{");
    }
    const sharesState = sharingTypes.has(stringFrom(node.fields.get("type").value));
    const inputs = [];
    for (const edge of node.into) if (edge.standing === standings.taken) inputs.push(edge);
    if (inputs.length > 1) inputs.sort((a, b) => compareStamps(a.lowest, b.lowest));
    const text = new Uint8Array(own.length + inputs.length * (own.length + bytes));
    text.set(own);
    let at = own.length;
    let takesPart = sharesState || isTemplate;
    for (const edge of inputs) {
      text.set(edgeDigest(edge), at);
      text.set(edge.from.trace.base, at + own.length);
      at += own.length + bytes;
      takesPart ||= edge.from.trace.takesPart;
    }
    return { own, isTemplate, sharesState, takesPart, base: sha256(text).subarray(0, bytes) };
  }

  #renewShared() {
    const text = new Uint8Array(this.#sharers.count * bytes);
    let at = 0;
    for (const node of this.#sharers) {
      text.set(node.trace.base, at);
      at += bytes;
    }
    this.#shared = at === 0 ? new Uint8Array(bytes) : sha256(text).subarray(0, bytes);
    // Who takes part is known by its trace only: all are looked at again.
    this.#changed = null;
  }
}

function equal(a, b) {
  for (let at = 0; at < bytes; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

/** Nodes by their place in the topological order, each handed out once: a binary heap. */
class RankQueue {
  #order;
  #heap = [];
  #known = new Set();

  constructor(order, nodes) {
    this.#order = order;
    for (const node of nodes) this.add(node);
  }

  add(node) {
    if (this.#known.has(node)) return;
    this.#known.add(node);
    const heap = this.#heap;
    let at = heap.push({ node, rank: this.#order.rank(node) }) - 1;
    for (let up = (at - 1) >> 1; at > 0 && heap[up].rank > heap[at].rank; up = (at - 1) >> 1) at = swap(heap, at, up);
  }

  next() {
    const heap = this.#heap;
    if (heap.length === 0) return null;
    swap(heap, 0, heap.length - 1);
    const { node } = heap.pop();
    for (let at = 0; ;) {
      let least = 2 * at + 1;
      if (least >= heap.length) return node;
      if (least + 1 < heap.length && heap[least + 1].rank < heap[least].rank) least += 1;
      if (heap[least].rank >= heap[at].rank) return node;
      at = swap(heap, at, least);
    }
  }
}

/** @returns {number} where what was at `a` is now */
function swap(heap, a, b) {
  [heap[a], heap[b]] = [heap[b], heap[a]];
  return b;
}
