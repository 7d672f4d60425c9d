import { isLastRunEvent } from "./sdk/boards.js";

const ends = { RUN_FINISHED: "succeeded", RUN_FAILED: "failed", RUN_CANCELLED: "cancelled" };
const nodeStates = { NODE_STARTED: "running", NODE_SUCCEEDED: "succeeded", NODE_FAILED: "failed", NODE_SKIPPED: "skipped" };

/** What is known of one run, event by event. */
export class RunSight {
  /** running, succeeded, failed or cancelled */
  state = "running";
  startedBy = "";
  startedAt = 0;
  endedAt = 0;
  nodeCount = 0;
  error = "";
  /** The result of the whole run, a JSON text. */
  result = "";
  /** In the order in which they began. @type {Map<string, {state: string, type: string, result: string, error: string, microseconds: number}>} */
  nodes = new Map();
  #highestSeq = 0;

  constructor(run) {
    this.run = run;
  }

  /** @returns {string | null} the node that it is about */
  take(event) {
    this.#highestSeq = Math.max(this.#highestSeq, event.seq);
    if (event.kind === "RUN_STARTED") {
      this.startedAt = event.atMilliseconds;
      this.startedBy = event.info?.startedBy?.name ?? "";
      this.nodeCount = event.info?.nodeCount ?? 0;
    } else if (isLastRunEvent(event)) {
      this.state = ends[event.kind];
      // What was under way then came to its end by that, whatever its last words were; a run in which a node really failed has failed.
      if (this.state === "cancelled") for (const node of this.nodes.values()) if (node.state === "running" || node.state === "failed") Object.assign(node, { state: "cancelled", error: "" });
      this.endedAt = event.atMilliseconds;
      this.error = event.error;
      this.result = event.result;
    } else if (nodeStates[event.kind]) {
      this.nodes.set(event.node, {
        state: nodeStates[event.kind], type: event.nodeType, result: event.result, error: event.error, microseconds: event.durationMicroseconds,
      });
      return event.node;
    }
    return null;
  }

  get isOver() { return this.state !== "running"; }
  get doneCount() { return [...this.nodes.values()].filter(({ state }) => state !== "running").length; }
  /** After a restart the server tells of older runs how they began and ended; the rest is asked for. */
  get isPartial() { return this.isOver && this.nodes.size === 0 && this.#highestSeq > 2; }
  get milliseconds() { return this.isOver ? this.endedAt - this.startedAt : 0; }
}

/** "1.2 s" @param {number} milliseconds */
export function lasted(milliseconds) {
  if (milliseconds < 1) return "under 1 ms";
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}
