import { ConnectGesture } from "./connect.js";
import { DragGesture } from "./drag.js";
import { BandGesture, clickEdge, clickNode } from "./select.js";
import { PanGesture, PinchGesture } from "./pan.js";
import { takesKeys } from "./dom.js";

/** So far a pointer goes before a click becomes a drag. Pixels. */
const clickPixels = 4;

/**
 * Turns pointers on the field into gestures, one at a time. What was pressed says which: a port connects, a node is dragged, the ground draws a band or, with the
 * space bar, the middle button or a finger, moves the view.
 *
 * A gesture has `move(event)`, `end(event)` and `cancel()`; nothing of it is durable before its end.
 */
export class Gestures {
  #pointers = new Map();
  #gesture = null;
  #press = null;
  #isSpaceDown = false;

  constructor(app, field) {
    this.app = app;
    this.field = field;
    field.addEventListener("pointerdown", (event) => this.#down(event));
    field.addEventListener("pointermove", (event) => this.#move(event));
    field.addEventListener("pointerup", (event) => this.#up(event, true));
    field.addEventListener("pointercancel", (event) => this.#up(event, false));
    field.addEventListener("lostpointercapture", (event) => { if (this.#pointers.has(event.pointerId)) this.#up(event, false); });
    field.addEventListener("dblclick", (event) => this.#double(event));
    field.addEventListener("auxclick", (event) => { if (event.button === 1) event.preventDefault(); });
    addEventListener("keydown", (event) => {
      if (event.key === " " && !takesKeys(event.target) && !event.target.closest("button, a, input, summary, [role=tab]")) this.#space(true), event.preventDefault();
      if (event.key === "Escape" && this.#gesture) this.cancel(), event.stopImmediatePropagation();
    }, { capture: true });
    addEventListener("keyup", (event) => { if (event.key === " ") this.#space(false); });
    addEventListener("blur", () => this.#space(false));
  }

  get isBusy() { return this.#gesture !== null; }

  #space(isDown) {
    this.#isSpaceDown = isDown;
    this.field.classList.toggle("hand", isDown);
  }

  cancel() {
    this.#gesture?.cancel();
    this.#gesture = this.#press = null;
    this.field.classList.remove("busy");
  }

  #down(event) {
    if (event.target.closest(".corner, .sheet, .pin, .following, .refusals, .empty button") || event.button === 2) return;
    this.app.viewport.measure();
    this.app.viewport.follows = false; // nobody's ground moves under their hands
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.field.setPointerCapture(event.pointerId);
    this.field.focus({ preventScroll: true });
    if (event.button === 1) event.preventDefault();
    if (this.#pointers.size === 2) {
      this.cancel();
      this.#gesture = new PinchGesture(this.app, this.#pointers);
      return;
    }
    if (this.#pointers.size > 2) return;
    this.#press = { x: event.clientX, y: event.clientY, make: this.#gestureFor(event), click: this.#clickFor(event) };
  }

  /** The node that an event is about; from afar it has no element. */
  #nodeAt(event) {
    const { app } = this;
    return app.view.isFar ? app.graph.nodeAt(app.viewport.pointOf(event)) : event.target.closest?.("[data-node]")?.dataset.node ?? null;
  }

  #gestureFor(event) {
    const { app } = this;
    const { target, pointerType } = event;
    const from = app.viewport.pointOf(event);
    if (event.button === 1 || this.#isSpaceDown) return () => new PanGesture(app, event);
    const port = target.closest?.("[data-port]");
    const node = this.#nodeAt(event);
    if (port && node) return () => ConnectGesture.fromPort(app, node, port.dataset.port, port.dataset.handle ?? null);
    if (node) return () => DragGesture.begin(app, node, from, event);
    const wire = target.closest?.("[data-edge]");
    if (wire) return () => ConnectGesture.fromEdge(app, app.graph.edges.get(wire.dataset.edge)?.key, from) ?? new PanGesture(app, event);
    return pointerType === "touch" ? () => new PanGesture(app, event) : () => new BandGesture(app, from, event);
  }

  #clickFor(event) {
    const { app } = this;
    const { target } = event;
    if (event.button === 1 || this.#isSpaceDown) return () => {};
    const node = this.#nodeAt(event);
    const port = target.closest?.("[data-port]");
    if (port?.dataset.port === "out") return () => app.emit("connectFrom", { source: node, sourceHandle: port.dataset.handle ?? null });
    if (node) return (up) => clickNode(app, node, up);
    const edge = app.graph.edges.get(target.closest?.("[data-edge]")?.dataset.edge);
    if (edge) return (up) => clickEdge(app, edge.key, up);
    return (up) => { if (!up.shiftKey) app.selection.clear(); };
  }

  #move(event) {
    this.app.emit("pointer", event);
    const held = this.#pointers.get(event.pointerId);
    if (!held) return;
    held.x = event.clientX;
    held.y = event.clientY;
    const press = this.#press;
    if (press && !this.#gesture && Math.hypot(event.clientX - press.x, event.clientY - press.y) >= clickPixels) {
      this.#gesture = press.make() ?? new PanGesture(this.app, event);
      this.field.classList.add("busy");
    }
    this.#gesture?.move(event);
  }

  #up(event, isOver) {
    this.#pointers.delete(event.pointerId);
    const gesture = this.#gesture;
    const press = this.#press;
    if (this.#pointers.size > 0 && gesture instanceof PinchGesture) return;
    this.#gesture = this.#press = null;
    this.field.classList.remove("busy");
    if (gesture) isOver ? gesture.end(event) : gesture.cancel();
    else if (press && isOver) press.click(event);
  }

  #double(event) {
    // The field has captured the pointer: the event itself names only the field.
    const target = document.elementFromPoint(event.clientX, event.clientY) ?? event.target;
    if (target.closest(".corner, .sheet, .pin, .refusals")) return;
    const node = this.#nodeAt({ target, clientX: event.clientX, clientY: event.clientY });
    if (node) this.app.side.open("inspector", { focus: true });
    else if (!target.closest("[data-edge]")) this.app.emit("quickAdd", { point: this.app.viewport.pointOf(event) });
  }
}
