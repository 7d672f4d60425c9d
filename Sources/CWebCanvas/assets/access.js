import { make, say } from "./dom.js";
import { isByShare, keepToken, token } from "./settings.js";

/**
 * Gives the client its tokens: the one of this tab, and another one from the person when the server does not take it or it is about to end.
 *
 * The canvas stays usable meanwhile: what is done waits, and goes out with the fresh token. Who came by a link has no other token to give.
 */
export class Access {
  /** What the client waits for. @type {{resolve: (token: string | null) => void} | null} */
  #asked = null;
  /** Entered, and not yet known to be good. */
  #entered = "";

  constructor(host, app) {
    this.host = host;
    this.app = app;
    app.on("client", () => this.#end());
    app.on("link", () => this.#link());
    // Let in, with what was entered or because the server took the old one after all. Whatever asks the server next shows it.
    app.on("welcome", () => this.#welcome());
    app.on("token", ({ error }) => this.#fault(error.message));
  }

  /**
   * For `getToken` of the client.
   * @param {{reason: "first" | "ending" | "refused", endsAtMilliseconds?: number, text?: string}} need
   * @returns {string | null | Promise<string | null>}
   */
  token(need) {
    if (need.reason === "first") return token();
    if (isByShare()) {
      if (need.reason === "ending") this.app.tell("This link ends soon. Whoever gave it to you can give you another one.");
      return null;
    }
    return new Promise((resolve) => {
      this.#asked = { resolve };
      this.#show();
    });
  }

  get #isRefused() { return this.app.client?.link.state === "waitingForToken"; }

  /** Whether this client was ever let in: if not, there is nothing yet that one could go on with. */
  get #isFirst() { return !this.app.client || this.app.client.role === null; }

  #show() {
    const { host } = this;
    const title = this.#isFirst ? "This server asks who you are." : this.#isRefused ? "Your access has ended." : "Your access ends soon.";
    const text = this.#isFirst ? "" : this.#isRefused ? "What you do waits here, and is saved when you give a fresh token." : "Give a fresh token to go on without a break.";
    this.input = make("input", { type: "password", id: "token", autocomplete: "off", required: true });
    this.button = make("button", { type: "submit", class: "primary" }, "Enter");
    this.fault = make("p", { class: "fault", role: "alert", hidden: true });
    host.classList.toggle("first", this.#isFirst);
    host.hidden = false;
    host.onsubmit = (event) => { event.preventDefault(); this.#enter(this.input.value.trim()); };
    host.replaceChildren(make("h2", { id: "access-title" }, title), text && make("p", { class: "quiet" }, text),
      make("label", { for: "token", class: "quiet" }, "Access token"), make("div", { class: "row" }, this.input, this.button), this.fault);
    // Who is in the middle of something is told and not torn away.
    if (this.#isFirst) this.input.focus();
    else this.app.announce(`${title} ${text}`);
    if (this.#entered !== "" && this.#isRefused) this.#fault("The server does not take that token.");
  }

  async #enter(fresh) {
    if (fresh === "") return;
    this.#entered = fresh;
    this.fault.hidden = true;
    this.button.disabled = true;
    if (this.#isRefused) return this.#give(fresh);
    // Shown at once, so that the person hears at once whether it is good.
    try {
      await this.app.client.refreshToken(fresh);
      this.#taken();
    } catch (error) { this.#fault(error.message); }
  }

  #give(fresh) {
    const asked = this.#asked;
    this.#asked = null;
    asked.resolve(fresh);
  }

  #fault(text) {
    if (this.host.hidden) return;
    say(this.fault, text);
    this.fault.hidden = false;
    this.button.disabled = false;
  }

  #link() {
    if (this.host.hidden) return;
    const { state } = this.app.client.link;
    if (state === "waitingForToken" && this.#asked && !this.button.disabled) this.#show();
    // Entered while it was about to end, and too late.
    else if (state === "waitingForToken" && this.#asked && this.#entered !== "") this.#give(this.#entered);
    else if (state === "stopped") this.#end();
  }

  #welcome() {
    if (!this.host.hidden && this.#isLetIn) this.#taken();
  }

  /** After the server had refused what there was. */
  get #isLetIn() { return this.#asked === null && this.#entered !== ""; }

  #taken() {
    keepToken(this.#entered);
    this.#end();
    this.app.announce("The token was taken.");
  }

  #end() {
    const asked = this.#asked;
    this.#asked = null;
    this.#entered = "";
    this.host.hidden = true;
    if (this.host.contains(document.activeElement)) this.app.field.focus();
    asked?.resolve(null);
  }
}
