import { draw } from "./dom.js";

const width = 176;
const height = 112;
const margin = 6;

/** The whole workflow in small, and which part of it is seen. A press or drag goes there. */
export class Minimap {
  #revision = -1;
  #bounds = null;
  #scale = 1;

  constructor(host, app) {
    this.app = app;
    this.host = host;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.ratio = ratio;
    this.frame = draw("rect", { class: "frame", rx: 3 });
    host.append(this.canvas, draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" }, this.frame));
    let isHeld = false;
    host.addEventListener("pointerdown", (event) => { isHeld = true; host.setPointerCapture(event.pointerId); this.#go(event); });
    host.addEventListener("pointermove", (event) => { if (isHeld) this.#go(event); });
    host.addEventListener("pointerup", () => { isHeld = false; });
    host.addEventListener("pointercancel", () => { isHeld = false; });
    app.paint("minimap", () => this.#draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }

  repaint() {
    this.#revision = -1;
    this.app.ask("minimap");
  }

  #go(event) {
    if (!this.#bounds) return;
    const { left, top } = this.host.getBoundingClientRect();
    this.app.viewport.show(this.#toCanvas({ x: event.clientX - left, y: event.clientY - top }));
  }

  #toCanvas({ x, y }) {
    return { x: (x - this.offset.x) / this.#scale, y: (y - this.offset.y) / this.#scale };
  }

  #draw() {
    const { graph, viewport } = this.app;
    const isEmpty = graph.nodes.size === 0;
    if (this.host.hidden !== isEmpty) this.host.hidden = isEmpty;
    if (isEmpty) return;
    if (this.#revision !== graph.revision) {
      this.#revision = graph.revision;
      this.#paint();
    }
    const seen = viewport.bounds();
    const rect = {
      x: seen.left * this.#scale + this.offset.x, y: seen.top * this.#scale + this.offset.y,
      width: (seen.right - seen.left) * this.#scale, height: (seen.bottom - seen.top) * this.#scale,
    };
    for (const [name, value] of Object.entries(rect)) this.frame.setAttribute(name, value.toFixed(1));
  }

  #paint() {
    const { graph } = this.app;
    const bounds = graph.bounds();
    this.#bounds = bounds;
    this.#scale = Math.min((width - 2 * margin) / Math.max(1, bounds.right - bounds.left), (height - 2 * margin) / Math.max(1, bounds.bottom - bounds.top), 0.2);
    this.offset = {
      x: width / 2 - ((bounds.left + bounds.right) / 2) * this.#scale, y: height / 2 - ((bounds.top + bounds.bottom) / 2) * this.#scale,
    };
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(this.host).color;
    for (const id of graph.nodes.keys()) {
      const box = graph.box(id);
      context.fillRect(box.x * this.#scale + this.offset.x, box.y * this.#scale + this.offset.y, Math.max(2, box.width * this.#scale), Math.max(1.5, box.height * this.#scale));
    }
  }
}
