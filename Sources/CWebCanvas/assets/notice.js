import { make } from "./dom.js";
import { keepToken } from "./settings.js";

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
    } else if (code === 4401) {
      const input = make("input", { type: "password", id: "token", autocomplete: "off", required: true });
      const enter = (event) => {
        event.preventDefault();
        keepToken(input.value.trim());
        app.open();
      };
      host.replaceChildren(make("form", { onSubmit: enter },
        make("h2", {}, "This server wants an access token."), make("label", { for: "token", class: "quiet" }, "Access token"), input,
        make("div", { class: "row" }, make("button", { type: "submit", class: "primary" }, "Enter"))));
      input.focus();
    } else host.replaceChildren(make("h2", {}, "The connection ended."), make("p", { class: "quiet" }, text), make("div", { class: "row" }, again));
  }
}
