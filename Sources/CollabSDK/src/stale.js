import { equalBytes } from "./bytes.js";

// Which results of a run no longer follow from the document as it is shown [RU6].

/** Edits come in bursts, and one may touch thousands of results: looked at once per so many milliseconds at most, and for a tenth of the time at most. */
const pauseMilliseconds = 100;

const hasResult = ({ kind, fingerprint }) => (kind === "NODE_SUCCEEDED" || kind === "NODE_FAILED") && fingerprint.length > 0;

/** Whether a visible node has another fingerprint now. A node that is not on the canvas has no result to mark. */
function differs(document, node, fingerprint) {
  const now = document.fingerprint(node);
  return now !== null && !equalBytes(now, fingerprint);
}

/** The nodes of a run whose results are stale. O(events, and what `fingerprint` costs). @returns {string[]} */
export function staleNodes(document, events) {
  return events.filter((event) => hasResult(event) && differs(document, event.node, event.fingerprint)).map(({ node }) => node);
}

/** The stale results of the newest run, kept while document and run go on. */
export class StaleMarks {
  #document;
  #tell;
  #timer = null;
  #isOver = false;
  /** Milliseconds that the last look took. */
  #took = 0;
  /** By node. @type {Map<string, Uint8Array>} */
  #results = new Map();
  /** Results that nobody looked at yet. @type {Set<string>} */
  #fresh = new Set();
  /** The document that was looked at last. */
  #seen = null;
  /** The newest run; null before the first. @type {string | null} */
  run = null;
  /** @type {Set<string>} */
  nodes = new Set();

  /**
   * @param {() => import("./document.js").WorkflowDocument} document the one that is shown
   * @param {(change: {run: string, added: string[], removed: string[]}) => void} tell
   */
  constructor(document, tell) {
    this.#document = document;
    this.#tell = tell;
  }

  /** An event of the newest run. */
  take(event) {
    if (event.run !== this.run) this.#begin(event.run);
    if (!hasResult(event)) return;
    this.#results.set(event.node, event.fingerprint);
    this.#fresh.add(event.node);
    this.touch();
  }

  /** Something may differ from what was looked at. */
  touch() {
    if (this.#timer !== null || this.#isOver || this.#results.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const before = performance.now();
      this.#look();
      this.#took = performance.now() - before;
    }, Math.max(pauseMilliseconds, 9 * this.#took));
  }

  close() {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #begin(run) {
    const removed = [...this.nodes];
    this.run = run;
    this.nodes = new Set();
    this.#results = new Map();
    this.#fresh = new Set();
    if (removed.length > 0) this.#tell({ run, added: [], removed });
  }

  #look() {
    const document = this.#document();
    const changed = document.takeFingerprintChanges();
    const isWhole = changed === null || document !== this.#seen;
    this.#seen = document;
    const [added, removed] = [[], []];
    for (const node of isWhole ? this.#results.keys() : new Set([...changed, ...this.#fresh])) {
      const result = this.#results.get(node);
      if (!result || differs(document, node, result) === this.nodes.has(node)) continue;
      (this.nodes.has(node) ? removed : added).push(node);
    }
    for (const node of added) this.nodes.add(node);
    for (const node of removed) this.nodes.delete(node);
    this.#fresh.clear();
    if (added.length + removed.length > 0) this.#tell({ run: this.run, added, removed });
  }
}
