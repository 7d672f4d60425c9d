import { fromJSONText } from "./sdk/json.js";
import { counted } from "./counting.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";
import { nodeName } from "./labels.js";
import { lasted } from "./run-sight.js";
import { valueView } from "./run-values.js";
import { ago } from "./threads.js";

const words = { running: "Running", succeeded: "Succeeded", failed: "Failed", cancelled: "Cancelled", skipped: "Skipped" };
const symbols = { running: "play", succeeded: "check", failed: "warning", cancelled: "close", skipped: "minus" };
/** More nodes than that are shown when asked for. */
const nodesMax = 100;

/** The newest run, or one chosen among the past: how far it is, what each node gave, what went wrong; and the runs before it. */
export class RunsPanel {
  title = "Runs";
  #showsAll = false;
  #isStale = true;

  constructor(host, app) {
    this.host = host;
    this.app = app;
    for (const event of ["runs", "rights", "link", "document"]) app.on(event, () => { this.#isStale = true; app.ask("panels"); });
    // What is pressed stays until it is let go: a button that goes meanwhile takes no click.
    app.paint("panels", () => (this.#isStale && host.matches(":active") ? true : this.#draw()));
  }

  get count() { return this.app.runs.open.length; }

  shown() {
    this.app.ask("panels");
  }

  #draw() {
    const { app, host } = this;
    if (!app.client || !this.#isStale || app.side.current !== "runs") return;
    this.#isStale = false;
    const { runs } = app;
    const focused = host.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const open = new Set([...host.querySelectorAll("details[open]")].map(({ dataset }) => dataset.key));
    const sight = runs.shown;
    host.replaceChildren(...[this.#actions(sight), runs.refusal && this.#refusal(runs.refusal), sight ? this.#sight(sight) : null,
      sight ? null : make("p", { class: "quiet blank" }, "Nobody ran this workflow yet. A run is everybody's: all who are here see it."), this.#past(sight)].filter(Boolean));
    for (const details of host.querySelectorAll("details[data-key]")) details.open = open.has(details.dataset.key);
    if (focused) host.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #actions(sight) {
    const { runs } = this.app;
    const { fault } = runs;
    return make("div", { class: "row" },
      make("button", { type: "button", class: "primary", "data-key": "run", disabled: fault !== "", title: fault || "Run what is on the canvas", onClick: () => runs.start() }, icon("play", 16), "Run"),
      sight && !sight.isOver && make("button", { type: "button", "data-key": "cancel", disabled: this.app.why("run") !== "", onClick: () => runs.cancel(sight.run) }, icon("close", 16), "Cancel"),
      fault !== "" && make("span", { class: "quiet small" }, fault));
  }

  #refusal(error) {
    const parked = [...this.app.graph.edges.values()].filter(({ standing }) => standing !== "visible").length;
    return make("div", { class: "run-fault", role: "alert" }, make("p", {}, error.message), parked > 0 && make("button", {
      type: "button", "data-key": "prune", onClick: () => this.app.runs.start({ parked: "PRUNE" }),
    }, `Run without the ${counted(parked, "parked edge")}`));
  }

  #sight(sight) {
    const { state, startedBy, nodeCount, doneCount, error } = sight;
    const stale = this.app.runs.staleCount;
    const facts = [startedBy && `by ${startedBy}`, sight.isOver ? `in ${lasted(sight.milliseconds)}` : `${doneCount} of ${counted(nodeCount, "node")}`].filter(Boolean).join(" · ");
    const rows = this.#nodes(sight);
    const shown = this.#showsAll ? rows : rows.slice(0, nodesMax);
    return make("section", { class: "run", "aria-label": "Run", "data-run": sight.run, "data-state": state },
      make("div", { class: "run-head" }, make("span", { class: `run-state ${state}` }, icon(symbols[state], 15), words[state]), make("span", { class: "quiet" }, facts)),
      !sight.isOver && make("progress", { max: Math.max(1, nodeCount), value: doneCount, "aria-label": "Nodes done" }),
      // What went wrong in a node is said there.
      error !== "" && ![...sight.nodes.values()].some((node) => node.error !== "") && make("p", { class: "run-fault" }, error),
      stale > 0 && make("p", { class: "run-stale" }, icon("history", 15), `${counted(stale, "result")} no longer ${stale === 1 ? "follows" : "follow"} from what is on the canvas. Run again to bring ${stale === 1 ? "it" : "them"} up to date.`),
      make("ul", { class: "run-nodes", "aria-label": "Results" }, ...shown.map(([id, node]) => this.#node(id, node))),
      shown.length < rows.length && make("button", { type: "button", "data-key": "all", onClick: () => { this.#showsAll = true; this.#isStale = true; this.#draw(); } }, `Show all ${rows.length} nodes`));
  }

  /** What failed comes first; then outputs; then in the order in which they ran; what was skipped last. */
  #nodes(sight) {
    const rank = ({ state, type }) => (state === "failed" ? 0 : state === "running" || state === "cancelled" ? 1 : state === "skipped" ? 4 : /viz|visualization|render/i.test(type) ? 2 : 3);
    return [...sight.nodes].sort(([, a], [, b]) => rank(a) - rank(b));
  }

  #node(id, { state, result, error, microseconds }) {
    const { app } = this;
    const isStale = app.runs.isStale(id);
    const isThere = app.document.isVisible(id);
    const name = nodeName(app.document, id);
    return make("li", { class: `run-node ${state}${isStale ? " stale" : ""}`, "data-run-node": id },
      make("div", { class: "run-node-head" }, icon(symbols[state], 14),
        make("button", { type: "button", class: "link", "data-key": `node ${id}`, disabled: !isThere, title: isThere ? "Show it on the canvas" : "It is not on the canvas any more", onClick: () => app.show(id) }, name),
        make("span", { class: "quiet small" }, [["running", "skipped", "cancelled"].includes(state) ? words[state].toLowerCase() : lasted(microseconds / 1000), isStale && "out of date"].filter(Boolean).join(" · "))),
      error !== "" && make("p", { class: "run-fault" }, error),
      result !== "" && this.#value(id, result));
  }

  /** Folds keep open, by node and place, whatever comes. */
  #value(id, result) {
    const view = make("div", { class: "value" }, valueView(fromJSONText(result)));
    [...view.querySelectorAll("details")].forEach((details, index) => { details.dataset.key = `${id} ${index}`; });
    return view;
  }

  #past(sight) {
    const { runs } = this.app;
    const others = [...runs.sights.values()].reverse();
    if (others.length < 2) return null;
    const now = this.app.client.serverMilliseconds;
    return make("section", { class: "run-past" }, make("h3", {}, "All runs"), make("ul", { "aria-label": "All runs" }, ...others.map(({ run, state, startedBy, startedAt }) => make("li", {}, make("button", {
      type: "button", class: "plain", "data-key": `run ${run}`, "aria-current": run === sight?.run ? "true" : null, onClick: () => runs.choose(run),
    }, make("span", { class: `run-state ${state}` }, icon(symbols[state], 14), words[state]), make("span", { class: "quiet" }, [startedBy, ago(startedAt, now)].filter(Boolean).join(" · ")))))));
  }
}
