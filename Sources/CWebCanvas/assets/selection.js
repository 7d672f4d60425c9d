import { Emitter } from "./sdk/emitter.js";
import { edgeName } from "./sdk/text.js";

/** What one person has chosen: nodes and edges. Never in the document. Emits `change`. */
export class Selection extends Emitter {
  /** @type {Set<string>} */
  nodes = new Set();
  /** By edge name. @type {Map<string, any>} */
  edges = new Map();
  /** The node that the keyboard is at; null: none. */
  at = null;

  get isEmpty() { return this.nodes.size + this.edges.size === 0; }
  /** The only node chosen; null when it is another number of things. */
  get single() { return this.nodes.size === 1 && this.edges.size === 0 ? [...this.nodes][0] : null; }

  /** @param {Iterable<string>} nodes @param {any[]} edges keys */
  set(nodes, edges = []) {
    const next = new Set(nodes);
    const nextEdges = new Map(edges.map((key) => [edgeName(key), key]));
    const isSame = next.size === this.nodes.size && [...next].every((id) => this.nodes.has(id))
      && nextEdges.size === this.edges.size && [...nextEdges.keys()].every((name) => this.edges.has(name));
    if (isSame) return;
    this.nodes = next;
    this.edges = nextEdges;
    this.at = next.size === 1 ? [...next][0] : next.has(this.at) ? this.at : null;
    this.emit("change");
  }

  clear() { this.set([]); }

  toggleNode(id) {
    const nodes = new Set(this.nodes);
    if (!nodes.delete(id)) nodes.add(id);
    this.set(nodes, [...this.edges.values()]);
  }

  toggleEdge(key) {
    const edges = new Map(this.edges);
    if (!edges.delete(edgeName(key))) edges.set(edgeName(key), key);
    this.set(this.nodes, [...edges.values()]);
  }

  /** Lets go of what is no longer there. */
  keep(hasNode, hasEdge) {
    const nodes = [...this.nodes].filter(hasNode);
    const edges = [...this.edges].filter(([name]) => hasEdge(name)).map(([, key]) => key);
    if (this.at !== null && !hasNode(this.at)) this.at = null;
    if (nodes.length !== this.nodes.size || edges.length !== this.edges.size) this.set(nodes, edges);
  }
}
