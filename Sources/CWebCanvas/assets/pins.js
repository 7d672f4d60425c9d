import { paintWho } from "./colours.js";
import { make } from "./dom.js";
import { initials } from "./people.js";
import { colourOf } from "./settings.js";

/** The marks of open threads on the canvas. They keep their size at any zoom. */
export class Pins {
  #pins = new Map();

  constructor(host, app) {
    this.host = host;
    this.app = app;
    app.paint("pins", () => this.#draw());
  }

  #draw() {
    const { app } = this;
    const { comments, viewport } = app;
    const shown = new Set();
    const bounds = viewport.bounds(40);
    const wanted = comments.threads.filter(({ isResolved }) => !isResolved).map(({ id, anchor, remarks }) => ({ id, anchor, remarks }));
    if (comments.draft) wanted.push({ id: "", anchor: comments.draft, remarks: [{ author: app.name, text: "New comment" }] });
    for (const { id, anchor, remarks } of wanted) {
      const place = comments.placeOf(anchor);
      if (!place || place.x < bounds.left || place.x > bounds.right || place.y < bounds.top || place.y > bounds.bottom) continue;
      shown.add(id);
      const pin = this.#pins.get(id) ?? this.#make(id);
      const [first] = remarks;
      const words = `${first.author}: ${first.text}${remarks.length > 1 ? `, ${remarks.length - 1} replies` : ""}`;
      if (pin.title !== words) pin.title = words, pin.setAttribute("aria-label", `Comment by ${words}`), pin.textContent = initials(first.author);
      paintWho(pin, colourOf(first.author));
      pin.setAttribute("aria-pressed", String(comments.open === id || id === ""));
      const { x, y } = viewport.toScreen(place);
      pin.style.transform = `translate(${x}px, ${y}px) translate(-4px, -100%)`;
    }
    for (const [id, pin] of this.#pins) if (!shown.has(id)) pin.remove(), this.#pins.delete(id);
  }

  #make(id) {
    const pin = make("button", { type: "button", class: "pin", onClick: () => {
      if (id === "") return;
      this.app.comments.show(id);
      this.app.side.open("comments");
    } });
    this.host.append(pin);
    this.#pins.set(id, pin);
    return pin;
  }
}
