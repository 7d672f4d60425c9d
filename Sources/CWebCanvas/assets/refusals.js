import { sentence } from "./activity.js";
import { make } from "./dom.js";
import { nodeName } from "./labels.js";

const shownMax = 5;

/** What the server did not take of one's own changes, and why. It stays until it is read: the document shows it no longer. */
export class Refusals {
  constructor(host, app) {
    this.host = host;
    this.app = app;
    app.on("refused", ({ change, refusal }) => this.#add(change, refusal));
  }

  #add(change, { text }) {
    const what = sentence(change.ops, (id) => nodeName(this.app.document, id));
    const entry = make("div", { class: "refusal" }, make("p", {}, make("b", {}, "Not saved: "), `you ${what}. ${text}`),
      make("button", { type: "button", class: "plain", onClick: () => entry.remove() }, "Dismiss"));
    this.host.append(entry);
    while (this.host.childElementCount > shownMax) this.host.firstElementChild.remove();
  }
}
