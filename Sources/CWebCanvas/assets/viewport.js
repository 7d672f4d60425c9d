import { Emitter } from "./sdk/emitter.js";

const zoomLeast = 0.05;
const zoomMost = 2.5;
const margin = 56;

/** Which part of the canvas is seen. Screen coordinates are those of the field. Emits `change`. */
export class Viewport extends Emitter {
  x = 0;
  y = 0;
  zoom = 1;
  /** Until somebody moves it, the view follows what is on the canvas. */
  follows = true;
  width = 0;
  height = 0;

  constructor(field) {
    super();
    this.field = field;
    // Its size is known without asking the page for a layout in the middle of a frame.
    new ResizeObserver(() => this.measure()).observe(field);
    this.measure();
    field.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  measure() {
    const { left, top, width, height } = this.field.getBoundingClientRect();
    Object.assign(this, { left, top, width, height });
    this.emit("change");
  }

  /** A pointer event's place on the canvas. */
  pointOf(event) {
    return this.toCanvas({ x: event.clientX - this.left, y: event.clientY - this.top });
  }

  toCanvas({ x, y }) {
    return { x: (x - this.x) / this.zoom, y: (y - this.y) / this.zoom };
  }

  toScreen({ x, y }) {
    return { x: x * this.zoom + this.x, y: y * this.zoom + this.y };
  }

  get centre() { return this.toCanvas({ x: this.width / 2, y: this.height / 2 }); }

  /** What is seen, in canvas coordinates, with so many pixels around. */
  bounds(around = 0) {
    const { x: left, y: top } = this.toCanvas({ x: -around, y: -around });
    const { x: right, y: bottom } = this.toCanvas({ x: this.width + around, y: this.height + around });
    return { left, top, right, bottom };
  }

  panBy(dx, dy) {
    this.#move(this.x + dx, this.y + dy, this.zoom);
  }

  zoomBy(factor, at = { x: this.width / 2, y: this.height / 2 }) {
    const zoom = Math.min(zoomMost, Math.max(zoomLeast, this.zoom * factor));
    this.#move(at.x - ((at.x - this.x) * zoom) / this.zoom, at.y - ((at.y - this.y) * zoom) / this.zoom, zoom);
  }

  /** Another person's view, or a place kept: middle of the canvas and zoom. */
  show({ x, y }, zoom = this.zoom) {
    const within = Math.min(zoomMost, Math.max(zoomLeast, zoom));
    this.#move(this.width / 2 - x * within, this.height / 2 - y * within, within);
  }

  /** Shows all of `bounds`, not larger than life. */
  fit(bounds) {
    const { width, height } = this;
    if (!bounds || width === 0 || height === 0) return;
    const zoom = Math.min((width - 2 * margin) / (bounds.right - bounds.left || 1), (height - 2 * margin) / (bounds.bottom - bounds.top || 1), 1);
    this.zoom = Math.max(zoomLeast, zoom);
    this.x = (width - (bounds.left + bounds.right) * this.zoom) / 2;
    this.y = (height - (bounds.top + bounds.bottom) * this.zoom) / 2;
    this.emit("change");
  }

  /** Moves just so far that the box is seen whole. */
  reveal({ x, y, width, height }) {
    const seen = this.bounds(-24);
    const shift = (low, high, least, most) => (low < least ? least - low : high > most ? most - high : 0);
    const dx = shift(x, x + width, seen.left, seen.right);
    const dy = shift(y, y + height, seen.top, seen.bottom);
    if (dx !== 0 || dy !== 0) this.panBy(dx * this.zoom, dy * this.zoom);
  }

  #move(x, y, zoom) {
    if (this.x === x && this.y === y && this.zoom === zoom && !this.follows) return; // two who follow each other come to rest
    Object.assign(this, { x, y, zoom, follows: false });
    this.emit("change", { isByHand: true });
  }

  #wheel(event) {
    if (event.target.closest(".corner, .sheet, .refusals")) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? this.height : 1;
    if (event.shiftKey) {
      this.panBy(-(event.deltaX || event.deltaY) * unit, 0);
      return;
    }
    // A pinch on a touch pad comes as small steps with Ctrl.
    const speed = event.ctrlKey ? 120 : 500;
    this.zoomBy(Math.exp((-event.deltaY * unit) / speed), { x: event.clientX - this.left, y: event.clientY - this.top });
  }
}
