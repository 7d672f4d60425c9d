import { make } from "./dom.js";

const shownMilliseconds = 5000;
const shownMax = 3;

/** A few words about what did not go as wished; they go by themselves. Those who listen hear them from the live region. */
export class Toasts {
  constructor(host, app) {
    this.host = host;
    app.on("toast", ({ text, tone }) => this.#add(text, tone));
  }

  #add(text, tone) {
    const last = this.host.lastElementChild;
    if (last?.textContent === text) last.remove();
    const toast = make("div", { class: `toast ${tone}`, "aria-hidden": "true" }, text);
    this.host.append(toast);
    while (this.host.childElementCount > shownMax) this.host.firstElementChild.remove();
    setTimeout(() => toast.remove(), shownMilliseconds);
  }
}
