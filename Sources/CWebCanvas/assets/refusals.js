import { sentence } from "./activity.js";
import { counted } from "./counting.js";
import { make, say } from "./dom.js";
import { nodeName } from "./labels.js";

/** What is beyond it is counted only. */
const keptMax = 200;

/** What the server did not take of one's own changes, and why. It stays until it is read: the document shows it no longer. */
export class Refusals {
  #beyond = 0;

  constructor(host, app) {
    this.host = host;
    this.app = app;
    this.list = make("ul", { "aria-label": "Not saved", tabindex: 0 });
    this.head = make("b");
    host.append(make("div", { class: "refusals-head" }, this.head, make("button", { type: "button", onClick: () => this.#clear() }, "Dismiss all")), this.list);
    app.on("refused", ({ change, refusal, isRestoredAgain }) => { if (!isRestoredAgain) this.#add(change, refusal); });
    this.#show();
  }

  #add(change, { text }) {
    const what = sentence(change.ops, (id) => nodeName(this.app.document, id));
    if (this.list.childElementCount >= keptMax) this.#beyond += 1;
    else {
      const entry = make("li", { class: "refusal" }, make("p", {}, make("b", {}, "Not saved: "), `you ${what}. ${text.charAt(0).toUpperCase()}${text.slice(1)}`),
        make("button", { type: "button", class: "plain", onClick: () => { entry.remove(); this.#show(); } }, "Dismiss"));
      this.list.append(entry);
    }
    this.#show();
  }

  #clear() {
    this.#beyond = 0;
    this.list.replaceChildren();
    this.#show();
    this.app.field.focus();
  }

  #show() {
    const count = this.list.childElementCount + this.#beyond;
    this.host.hidden = count === 0;
    say(this.head, `${counted(count, "change")} not saved${this.#beyond > 0 ? `, the first ${keptMax} of them listed` : ""}`);
  }
}
