import { paintWho } from "./colours.js";
import { make } from "./dom.js";

/** The view goes where another person's goes, until one moves it by hand, presses Escape, or they leave. */
export class Follow {
  /** @type {string | null} */
  session = null;
  #isMoving = false;

  constructor(app, host) {
    this.app = app;
    this.host = host;
    app.on("presence", () => this.#step());
    app.on("people", () => this.#step());
    app.viewport.on("change", (how) => { if (how?.isByHand && !this.#isMoving && this.session) this.stop(); });
  }

  toggle(session) {
    if (this.session === session) this.stop();
    else this.start(session);
  }

  start(session) {
    this.session = session;
    const { author, colour } = this.app.client.presence.participants.get(session) ?? {};
    const name = author?.name || "somebody";
    this.host.replaceChildren(make("span", {}, `Following ${name}`), make("button", { type: "button", class: "plain", onClick: () => this.stop() }, "Stop"));
    paintWho(this.host, colour);
    this.host.hidden = false;
    this.app.announce(`Following ${name}. Escape ends it.`);
    this.app.emit("following");
    this.#step();
  }

  stop() {
    if (!this.session) return;
    this.session = null;
    this.host.hidden = true;
    this.app.announce("No longer following.");
    this.app.emit("following");
  }

  #step() {
    if (!this.session) return;
    const { client, viewport } = this.app;
    if (!client.presence.participants.has(this.session)) return this.stop();
    const state = client.presence.states.get(this.session);
    const seen = state?.viewport;
    this.#isMoving = true;
    // A viewport in presence is the middle of what somebody sees, and how large.
    if (seen && seen.zoom > 0) viewport.show(seen, seen.zoom);
    else if (state?.cursor) viewport.reveal({ x: (state.cursor.x ?? 0) - 120, y: (state.cursor.y ?? 0) - 80, width: 240, height: 160 });
    this.#isMoving = false;
  }
}
