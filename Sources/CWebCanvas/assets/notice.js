import { make } from "./dom.js";
import { dropShare, isByShare, keepToken } from "./settings.js";

/** What a person can do about an end that does not heal by itself. */
export class Notice {
  constructor(host, app) {
    this.host = host;
    this.app = app;
    app.on("link", (link) => this.#show(link));
  }

  #show({ state, code, text }) {
    const { host, app } = this;
    host.hidden = state !== "stopped";
    if (state !== "stopped") return;
    const again = make("button", { type: "button", class: "primary", onClick: () => app.open() }, "Try again");
    if (code === 4404) {
      host.replaceChildren(
        make("h2", {}, `There is no workflow “${app.workflow}” yet.`),
        make("div", { class: "row" }, make("button", { type: "button", class: "primary", onClick: () => app.open({ create: true }) }, "Create it"),
          make("button", { type: "button", onClick: () => app.open() }, "Look again")));
    } else if ((code === 4401 || code === 4403) && isByShare()) this.#linkEnded(again);
    else if (code === 4403) {
      host.replaceChildren(make("h2", {}, "You have no access to this workflow."), make("p", { class: "quiet" }, text),
        make("div", { class: "row" }, again, make("button", { type: "button", onClick: () => this.#enterAnew() }, "Use another token")));
    } else host.replaceChildren(make("h2", {}, "The connection ended."), make("p", { class: "quiet" }, text), make("div", { class: "row" }, again));
  }

  /** Revoked while one was here, or before one came: it is the same to who holds it. */
  #linkEnded(again) {
    const own = () => {
      dropShare();
      this.app.open();
    };
    this.host.replaceChildren(
      make("h2", {}, "This link is no longer valid."),
      make("p", { class: "quiet" }, "It was revoked, or its time is over. Whoever gave it to you can give you another one."),
      make("div", { class: "row" }, again, make("button", { type: "button", onClick: own }, "Use my own access")));
  }

  /** The server asks for the other one, and the person is asked then. */
  #enterAnew() {
    keepToken("");
    this.app.open();
  }
}
