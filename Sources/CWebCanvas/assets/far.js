import { make } from "./dom.js";
import { meets } from "./geometry.js";
import { typeKind } from "./labels.js";

/** Below this zoom nobody can read a node's words. */
const farZoom = 0.45;
/** So few nodes are drawn as elements at any zoom. */
const elementsMax = 150;
const kinds = ["input", "work", "control", "state", "guard", "output", "context", "other"];
/** What shows of a node's class names from afar, the first that it has: by token. */
const marks = { failed: "--bad", running: "--wait", succeeded: "--good", "since-added": "--good", "since-changed": "--wait", can: "--accent" };

/** Many nodes from afar: one drawing in place of thousands of elements. */
export class FarView {
  #wires = null;
  #wiresOf = -1;
  #colours = null;

  constructor(app) {
    this.app = app;
    this.canvas = make("canvas", { class: "far-view", "aria-hidden": "true" });
    this.canvas.hidden = true;
    app.stage.before(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
  }

  get isNeeded() {
    const { viewport, graph } = this.app;
    return viewport.zoom < farZoom && graph.nodes.size > elementsMax;
  }

  recolour() {
    this.#colours = null;
    this.app.ask("stage");
  }

  hide() {
    if (!this.canvas.hidden) this.canvas.hidden = true;
  }

  draw() {
    const { app, canvas } = this;
    const { graph, viewport, selection, view } = app;
    const context = this.#prepare();
    const colours = (this.#colours ??= this.#readColours());
    const bounds = viewport.bounds();
    const unit = 1 / viewport.zoom;
    if (this.#wiresOf !== graph.revision) this.#wires = this.#linesOf(graph);
    this.#wiresOf = graph.revision;
    context.lineWidth = unit;
    context.strokeStyle = colours["--wire"];
    context.stroke(this.#wires.visible);
    context.strokeStyle = colours["--bad"];
    context.stroke(this.#wires.parked);
    const chosenByOthers = app.presence.chosen();
    for (const [id, { node }] of graph.nodes) {
      const box = graph.box(id);
      if (!meets(bounds, box)) continue;
      const mark = classOf(view, id).map((name) => marks[name]).find(Boolean);
      const kind = typeKind(node.type);
      context.fillStyle = mark ? colours[mark] : colours[kind];
      context.fillRect(box.x, box.y, box.width, box.height);
      const ring = selection.nodes.has(id) ? colours["--accent"] : chosenByOthers.get(id)?.colour ?? (app.issues.byNode.has(id) ? colours["--wait"] : null);
      if (!ring) continue;
      context.strokeStyle = ring;
      context.lineWidth = 2 * unit;
      context.strokeRect(box.x - 2 * unit, box.y - 2 * unit, box.width + 4 * unit, box.height + 4 * unit);
    }
    if (canvas.hidden) canvas.hidden = false;
  }

  /** The canvas at the field's size, cleared, in the document's coordinates. */
  #prepare() {
    const { canvas } = this;
    const { x, y, zoom, width, height } = this.app.viewport;
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== high) canvas.height = high;
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, high);
    context.setTransform(ratio * zoom, 0, 0, ratio * zoom, ratio * x, ratio * y);
    return context;
  }

  /** From afar a curve and a line look the same. */
  #linesOf(graph) {
    const paths = { visible: new Path2D(), parked: new Path2D() };
    for (const { key, standing } of graph.edges.values()) {
      const { from, to } = graph.ends(key);
      if (!from || !to) continue;
      const path = standing === "visible" ? paths.visible : paths.parked;
      path.moveTo(from.x, from.y);
      path.lineTo(to.x, to.y);
    }
    return paths;
  }

  /** Tokens and kinds as colours that a canvas understands. */
  #readColours() {
    const colours = {};
    const probe = make("i", {});
    this.app.field.append(probe);
    for (const token of ["--wire", "--bad", "--good", "--wait", "--accent"]) {
      probe.style.color = `var(${token})`;
      colours[token] = getComputedStyle(probe).color;
    }
    probe.style.color = "";
    for (const kind of kinds) {
      probe.className = `chip ${kind}`;
      colours[kind] = getComputedStyle(probe).color;
    }
    probe.remove();
    return colours;
  }
}

/** What was marked goes before what a run says. */
const classOf = (view, id) => [...view.marksOf(id).split(" "), view.badgesOf(id).state].filter(Boolean);
