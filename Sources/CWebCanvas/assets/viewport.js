const zoomLeast = 0.05;
const zoomMost = 2.5;
const margin = 60;

/** Pan and zoom by pointer, wheel, two fingers and keys. Calls `changed` after every move. */
export class Viewport {
  x = 0;
  y = 0;
  zoom = 1;
  /** Until somebody moves it, the view follows what is on the canvas. */
  follows = true;
  #pointers = new Map();

  constructor(field, changed) {
    this.field = field;
    this.changed = changed;
    field.addEventListener("pointerdown", (event) => this.#down(event));
    field.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) field.addEventListener(type, (event) => this.#pointers.delete(event.pointerId));
    field.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    field.addEventListener("keydown", (event) => this.#key(event));
  }

  toCanvas(x, y) {
    return { x: (x - this.x) / this.zoom, y: (y - this.y) / this.zoom };
  }

  toScreen({ x, y }) {
    return { x: x * this.zoom + this.x, y: y * this.zoom + this.y };
  }

  zoomBy(factor, x = this.field.clientWidth / 2, y = this.field.clientHeight / 2) {
    const zoom = Math.min(zoomMost, Math.max(zoomLeast, this.zoom * factor));
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.#moved();
  }

  /** Shows all of `bounds`, not larger than life. The caller draws. */
  fit(bounds) {
    const width = this.field.clientWidth;
    const height = this.field.clientHeight;
    if (!bounds || width === 0 || height === 0) return;
    const zoom = Math.min((width - 2 * margin) / (bounds.right - bounds.left || 1), (height - 2 * margin) / (bounds.bottom - bounds.top || 1), 1);
    this.zoom = Math.max(zoomLeast, zoom);
    this.x = (width - (bounds.left + bounds.right) * this.zoom) / 2;
    this.y = (height - (bounds.top + bounds.bottom) * this.zoom) / 2;
  }

  #moved() {
    this.follows = false;
    this.changed();
  }

  #down(event) {
    if (event.target.closest?.("#notice")) return;
    this.#pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY, clientX: event.clientX, clientY: event.clientY });
    this.field.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const held = this.#pointers.get(event.pointerId);
    if (!held) return;
    const before = this.#spread();
    this.x += (event.clientX - held.clientX) / this.#pointers.size;
    this.y += (event.clientY - held.clientY) / this.#pointers.size;
    held.clientX = event.clientX;
    held.clientY = event.clientY;
    const after = this.#spread();
    if (before && after) this.zoomBy(after.distance / before.distance, after.x, after.y);
    else this.#moved();
  }

  #spread() {
    if (this.#pointers.size !== 2) return null;
    const [a, b] = [...this.#pointers.values()];
    const { left, top } = this.field.getBoundingClientRect();
    return {
      distance: Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
      x: (a.clientX + b.clientX) / 2 - left, y: (a.clientY + b.clientY) / 2 - top,
    };
  }

  #wheel(event) {
    event.preventDefault();
    const { left, top } = this.field.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoomBy(Math.exp((-event.deltaY * lines) / 500), event.clientX - left, event.clientY - top);
  }

  #key(event) {
    const step = 60;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (moves[event.key]) {
      this.x += moves[event.key][0];
      this.y += moves[event.key][1];
      this.#moved();
    } else if (event.key === "+" || event.key === "=") this.zoomBy(1.25);
    else if (event.key === "-") this.zoomBy(0.8);
  }
}
