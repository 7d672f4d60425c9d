import { counted } from "./counting.js";
import { byId, say, set } from "./dom.js";

/** The workflow's title, changed in its place, and how large it is. */
export class Heading {
  constructor(app) {
    this.app = app;
    this.title = byId("title");
    this.counts = byId("counts");
    this.title.addEventListener("change", () => this.#write());
    this.title.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.title.blur();
      if (event.key === "Escape") this.title.value = this.text, this.title.blur();
    });
    for (const event of ["document", "rights", "link"]) app.on(event, () => app.ask("panels"));
    app.paint("panels", () => this.#draw());
    document.title = `${app.workflow} · Thaiyyal Live`;
    this.title.value = app.workflow;
  }

  /** The title that the document has; the workflow's id when it has none. */
  get text() {
    const { client, workflow } = this.app;
    const title = client?.document.meta("title");
    const text = title ? JSON.parse(title) : "";
    return typeof text === "string" && text !== "" ? text : workflow;
  }

  #write() {
    const text = this.title.value.trim();
    if (text !== this.text) this.app.actions.setTitle(text === "" ? undefined : text);
    this.title.value = this.text;
  }

  #draw() {
    const { app, text } = this;
    if (!app.client) return;
    if (document.activeElement !== this.title && this.title.value !== text) this.title.value = text;
    document.title = `${text} · Thaiyyal Live`;
    const why = app.why("edit");
    set(this.title, { readonly: why !== "", title: why || "Title of the workflow" });
    const parked = [...app.graph.edges.values()].filter(({ standing }) => standing !== "visible").length;
    const parts = [counted(app.graph.nodes.size, "node"), counted(app.graph.edges.size - parked, "connection")];
    if (parked > 0) parts.push(`${parked} parked`);
    say(this.counts, parts.join(" · "));
  }
}
