import { make, set } from "./dom.js";
import { nodeHeight, nodeWidth } from "./geometry.js";
import { icon } from "./icons.js";
import { typeKind } from "./labels.js";
import { byCategory, findTypes } from "./palette-search.js";

const clickPixels = 4;

/** Everything that can be put on the canvas, searched by words; a press puts it into the middle, a drag to where it is dropped. */
export class Palette {
  #buttons = [];

  constructor(host, app) {
    this.host = host;
    this.app = app;
    this.input = make("input", { type: "search", placeholder: "Search nodes", "aria-label": "Search nodes", "aria-controls": "palette-list", autocomplete: "off", spellcheck: "false" });
    this.list = make("div", { id: "palette-list", class: "palette-list" });
    host.append(make("div", { class: "search" }, icon("search", 16), this.input, make("kbd", { "aria-hidden": "true" }, "/")), this.list);
    this.input.addEventListener("input", () => this.#draw());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("keydown", (event) => this.#arrow(event));
    for (const event of ["rights", "welcome", "link"]) app.on(event, () => this.#right());
    app.on("catalogue", () => this.#draw());
    this.#draw();
  }

  focus() {
    document.body.classList.remove("no-palette");
    // On a narrow screen there is no room for it.
    if (!this.host.checkVisibility()) return this.app.emit("quickAdd", { point: this.app.viewport.centre });
    this.input.focus();
    return this.input.select();
  }

  #draw() {
    const found = findTypes(this.input.value);
    this.#buttons = [];
    const groups = byCategory(found).map(([category, entries]) => make("section", {},
      make("h2", {}, category), make("ul", {}, ...entries.map((entry) => make("li", {}, this.#button(entry))))));
    this.list.replaceChildren(...(groups.length > 0 ? groups : [make("p", { class: "quiet" }, `No node is called “${this.input.value.trim()}”.`)]));
    this.#right();
  }

  #button({ type, title }) {
    const kind = typeKind(type.engineName);
    const button = make("button", { type: "button", class: "plain item", title: type.summary, "data-type": type.engineName }, make("i", { class: `chip ${kind}` }, icon(kind)), title);
    button.addEventListener("click", (event) => { if (event.detail === 0) this.#create(type.engineName, this.#freePlace()); });
    button.addEventListener("pointerdown", (event) => this.#press(event, button, type.engineName));
    this.#buttons.push(button);
    return button;
  }

  /** The middle of what is seen, a little further where a node is already. */
  #freePlace() {
    const { viewport, graph } = this.app;
    const place = { ...viewport.centre };
    // Where everything is taken, or numbers so large that a step is none, one lies on another.
    for (let steps = 0; steps < 50 && graph.nodeAt(place); steps += 1) {
      place.x += 32;
      place.y += 32;
    }
    return place;
  }

  #create(type, point) {
    const id = this.app.actions.create(type, point);
    if (id) this.app.viewport.reveal({ x: point.x - nodeWidth / 2, y: point.y - nodeHeight / 2, width: nodeWidth, height: nodeHeight });
  }

  /** A press that moves becomes a drag with a shadow of the node. */
  #press(event, button, type) {
    if (event.button !== 0) return;
    const { app } = this;
    const start = { x: event.clientX, y: event.clientY };
    let ghost = null;
    const move = (now) => {
      if (!ghost) {
        if (Math.hypot(now.clientX - start.x, now.clientY - start.y) < clickPixels) return;
        if (!app.can("edit")) return finish(), app.tell(app.why("edit"));
        ghost = make("div", { class: "ghost" }, ...[...button.childNodes].map((child) => child.cloneNode(true)));
        document.body.append(ghost);
      }
      ghost.style.transform = `translate(${now.clientX}px, ${now.clientY}px) translate(-50%, -50%)`;
    };
    const finish = () => {
      ghost?.remove();
      button.removeEventListener("pointermove", move);
      button.removeEventListener("pointerup", up);
      button.removeEventListener("pointercancel", finish);
      removeEventListener("keydown", escape, true);
    };
    const up = (end) => {
      const wasDragged = ghost !== null;
      finish();
      if (!wasDragged) return this.#create(type, this.#freePlace());
      app.viewport.measure();
      const { left, top, width, height } = app.viewport;
      const isInside = end.clientX >= left && end.clientX <= left + width && end.clientY >= top && end.clientY <= top + height;
      if (isInside) this.#create(type, app.viewport.pointOf(end));
      return undefined;
    };
    const escape = (key) => { if (key.key === "Escape") finish(), key.stopPropagation(); };
    button.setPointerCapture(event.pointerId);
    button.addEventListener("pointermove", move);
    button.addEventListener("pointerup", up);
    button.addEventListener("pointercancel", finish);
    addEventListener("keydown", escape, true);
  }

  #right() {
    const why = this.app.why("edit");
    for (const button of this.#buttons) {
      if (button.getAttribute("aria-disabled") !== String(why !== "")) set(button, { "aria-disabled": String(why !== "") });
    }
    this.host.classList.toggle("off", why !== "");
  }

  #key(event) {
    if (event.key === "Enter" && this.#buttons.length > 0 && this.input.value.trim() !== "") {
      this.#create(this.#buttons[0].dataset.type, this.#freePlace());
      event.preventDefault();
    } else if (event.key === "ArrowDown") {
      this.#buttons[0]?.focus();
      event.preventDefault();
    } else if (event.key === "Escape") {
      this.input.value = "";
      this.#draw();
      this.app.field.focus();
    }
  }

  #arrow(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const at = this.#buttons.indexOf(document.activeElement) + step;
    (at < 0 ? this.input : this.#buttons[Math.min(at, this.#buttons.length - 1)]).focus();
    event.preventDefault();
  }
}
