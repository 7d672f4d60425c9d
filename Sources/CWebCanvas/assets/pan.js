/** The view goes with the pointer. */
export class PanGesture {
  constructor(app, event) {
    this.app = app;
    this.x = event.clientX;
    this.y = event.clientY;
  }

  move(event) {
    this.app.viewport.panBy(event.clientX - this.x, event.clientY - this.y);
    this.x = event.clientX;
    this.y = event.clientY;
  }

  end() {}
  cancel() {}
}

/** Two fingers: the points under them stay under them. */
export class PinchGesture {
  /** @param {Map<number, {x: number, y: number}>} pointers kept up to date by whoever made it */
  constructor(app, pointers) {
    this.app = app;
    this.pointers = pointers;
    this.last = this.#spread();
  }

  #spread() {
    const [a, b] = [...this.pointers.values()];
    if (!a || !b) return null;
    return { distance: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  }

  move() {
    const { viewport } = this.app;
    const now = this.#spread();
    if (now && this.last) {
      viewport.panBy(now.x - this.last.x, now.y - this.last.y);
      viewport.zoomBy(now.distance / this.last.distance, { x: now.x - viewport.left, y: now.y - viewport.top });
    }
    this.last = now;
  }

  end() {}
  cancel() {}
}
