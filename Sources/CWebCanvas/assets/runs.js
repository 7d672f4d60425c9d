import { fromJSONText } from "./sdk/json.js";
import { commandKey } from "./keys.js";
import { brief } from "./labels.js";
import { askJSON, pathOf } from "./rest.js";
import { lasted, RunSight } from "./run-sight.js";

/**
 * Runs of this workflow: everybody's, as the server tells of them; what they say of each node; starting and cancelling.
 *
 * Tells the app: `runs` when something about them differs.
 */
export class Runs {
  /** Oldest first. @type {Map<string, RunSight>} */
  sights = new Map();
  /** Chosen among the past ones; null: the newest. */
  #chosen = null;
  #dirty = new Set();
  /** Why the last one asked for here was not begun. */
  refusal = null;

  constructor(app) {
    this.app = app;
    app.on("client", () => this.#begin());
    app.on("run", ({ event }) => this.#take(event));
    app.on("rights", () => app.ask("panels"));
    app.view.badgesOf = (id) => this.badgesOf(id);
    app.paint("graph", () => this.#drawBadges());
    const fault = () => this.fault;
    app.toolbar.divide();
    app.toolbar.add({ name: "run", label: "Run", icon: "play", keys: `${commandKey}+Enter`, text: true, primary: true, act: () => this.start(), fault });
    app.keys.add({ group: "Run", text: "Run the workflow", show: [`${commandKey} Enter`], keys: [{ key: "enter", command: true }], act: () => this.start() });
  }

  /** Why no run can be started; empty when one can. */
  get fault() {
    const { app } = this;
    return app.why("run") || (app.client.isLive ? "" : "No connection: runs happen on the server.") || (app.graph.nodes.size === 0 ? "There is nothing to run." : "");
  }

  /** The run that badges and panel are about. @returns {RunSight | null} */
  get shown() { return this.sights.get(this.#chosen ?? "") ?? [...this.sights.values()].at(-1) ?? null; }
  get open() { return [...this.sights.values()].filter(({ isOver }) => !isOver); }

  #begin() {
    const { client } = this.app;
    this.sights.clear();
    for (const events of client.runs.events.values()) for (const event of events) this.#sight(event.run).take(event);
    client.on("stale", () => this.#redraw(null));
    this.#redraw(null);
  }

  #sight(run) {
    if (!this.sights.has(run)) this.sights.set(run, new RunSight(run));
    return this.sights.get(run);
  }

  #take(event) {
    const before = this.shown;
    const sight = this.#sight(event.run);
    const node = sight.take(event);
    for (const run of this.sights.keys()) if (!this.app.client.runs.events.has(run)) this.sights.delete(run);
    if (event.kind === "RUN_STARTED") {
      this.refusal = null;
      this.#chosen = null;
      this.app.announce(`${sight.startedBy || "Somebody"} started a run.`);
    }
    if (sight.isOver && event.kind !== "RUN_STARTED") this.app.announce(`The run ${sight.state}${sight.error ? `: ${sight.error}` : ` in ${lasted(sight.milliseconds)}`}.`);
    this.#redraw(before === this.shown && node !== null ? [node] : null);
  }

  /** @param {string[] | null} ids of nodes whose badges differ; null: any */
  #redraw(ids) {
    if (ids && this.#dirty) for (const id of ids) this.#dirty.add(id);
    else this.#dirty = null;
    this.app.emit("runs");
    this.app.ask("graph");
    this.app.ask("panels");
  }

  #drawBadges() {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    if (dirty === null) this.app.view.refresh();
    else if (dirty.size > 0) this.app.view.refresh(dirty);
  }

  /** What the shown run says of a node. */
  badgesOf(id) {
    const { shown } = this;
    const node = shown?.nodes.get(id);
    if (!node) return {};
    const wordsOf = () => this.#words(node);
    // From afar nobody reads the words, and results may be long.
    return { state: node.state, get text() { return wordsOf(); }, stale: this.isStale(id) };
  }

  #words({ state, result, error }) {
    if (state === "failed") return error;
    if (state === "cancelled") return "cancelled";
    if (state !== "succeeded" || result === "") return "";
    return `= ${brief(fromJSONText(result))}`;
  }

  /** Whether something that a result follows from was changed since. Known of the newest run. */
  isStale(id) {
    const { stale } = this.app.client;
    return Boolean(stale && stale.run === this.shown?.run && stale.nodes.has(id));
  }

  get staleCount() {
    const { shown } = this;
    return shown ? [...shown.nodes.keys()].filter((id) => this.isStale(id)).length : 0;
  }

  // ---- What people do

  /** @param {{parked?: string}} how `PRUNE`: parked edges are left out */
  async start({ parked } = {}) {
    const { app } = this;
    if (this.fault) return app.tell(this.fault);
    this.refusal = null;
    app.side.open("runs");
    try { await app.client.run({ parked }).finished; } catch (error) {
      this.refusal = error;
      app.tell(`No run: ${error.message}`, "bad");
      this.#redraw([]);
    }
  }

  cancel(run) {
    this.app.client.cancelRun(run);
  }

  /** Shows a past run; what is not known of it is fetched. @param {string} run */
  async choose(run) {
    this.#chosen = run === [...this.sights.keys()].at(-1) ? null : run;
    this.#redraw(null);
    const sight = this.sights.get(run);
    if (!sight?.isPartial) return;
    try {
      const { events } = await askJSON(`${pathOf(this.app.workflow)}/runs/${run}/events`);
      for (const event of events) sight.take(plain(event));
      this.#redraw(null);
    } catch (error) { this.app.tell(error.message, "bad"); }
  }
}

/** An event as the server's JSON has it, with what that leaves out. */
const plain = ({ seq, node = "", nodeType = "", result = "", error = "", ...rest }) => ({
  ...rest, seq: Number(seq), node, nodeType, result, error, atMilliseconds: Number(rest.atMilliseconds ?? 0), durationMicroseconds: Number(rest.durationMicroseconds ?? 0),
});
