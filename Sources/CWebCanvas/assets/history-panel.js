import { paintWho } from "./colours.js";
import { keepFocus, make } from "./dom.js";
import { HistoryDrawing } from "./history-drawing.js";
import { differenceWords } from "./history-words.js";
import { icon } from "./icons.js";
import { nodeCall } from "./labels.js";
import { initials } from "./people.js";
import { colourOf } from "./settings.js";
import { historySentence } from "./sdk/past.js";
import { ago } from "./threads.js";

/** So long after others' changes the newest page is asked for again. */
const refreshMilliseconds = 1500;
/** So long between two comparisons with a document that changes. */
const compareMilliseconds = 300;
/** More differences than that are shown when asked for. */
const linesMax = 200;
const none = [];

/** Named versions and the timeline. What is chosen is compared with now, here in words and on the canvas, and can be restored. */
export class HistoryPanel {
  title = "History";
  #entries = [];
  #nextBefore = 0;
  #floor = 0;
  #isAsked = false;
  #timer = 0;
  /** @type {{key: string, title: string, at: number, document: any} | null} */
  #chosen = null;
  /** The version whose name is being written; "" is the new one. */
  #renaming = null;
  #key = [];
  #drawing;
  /** Of what is chosen, when it was compared last. */
  #compared = { chosen: null, diff: null, at: 0 };
  #compareTimer = 0;
  #showsAll = false;

  constructor(host, app) {
    this.host = host;
    this.app = app;
    this.#drawing = new HistoryDrawing(app);
    app.on("rights", () => app.ask("panels"));
    app.on("restore", ({ error }) => {
      if (error) app.tell(`History: ${error.message}.`, "bad");
      else app.tell("Somebody else changed much at the same moment: it is restored once more.");
    });
    app.on("link", ({ state }) => {
      if (state === "live" && this.#isShown) this.shown();
      app.ask("panels");
    });
    app.on("client", () => {
      this.#close();
      this.#entries = [];
      app.client.on("versions", () => app.ask("panels"));
    });
    app.on("document", () => {
      if (!this.#isShown) return;
      if (this.#chosen) app.ask("panels");
      this.#refreshLater();
    });
    // What is pressed stays until it is let go: a button that goes meanwhile takes no click.
    app.paint("panels", () => (host.matches(":active") ? true : this.#draw()));
  }

  get #isShown() { return this.app.side?.current === "history"; }

  shown() {
    this.#key = [];
    this.#refresh();
    if (this.app.client) this.#try(() => this.app.client.listVersions());
    this.app.ask("panels");
  }

  hidden() {
    this.#close();
  }

  // ---- Asking

  /** What does not go is told; where something was only wanted to be looked at, the next look tries again. */
  async #try(ask) {
    try {
      return await ask();
    } catch (error) {
      if (error.code !== "STOPPED" && error.code !== "UNAVAILABLE") this.app.tell(`History: ${error.message}`, "bad");
      return null;
    } finally {
      this.app.ask("panels");
    }
  }

  #refreshLater() {
    if (this.#timer !== 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#isShown) this.#refresh();
    }, refreshMilliseconds);
  }

  /** The newest page, in front of what is there. */
  async #refresh() {
    if (this.#isAsked || !this.app.client) return;
    this.#isAsked = true;
    const page = await this.#try(() => this.app.client.history());
    this.#isAsked = false;
    if (!page) return;
    const oldest = page.nextBefore === 0 ? 0 : page.nextBefore;
    // Where the page does not reach what was there, there is more between.
    const reaches = this.#entries.some(({ position }) => position >= oldest);
    const older = oldest === 0 || !reaches ? [] : this.#entries.filter(({ position }) => position < oldest);
    if (older.length === 0) this.#nextBefore = page.nextBefore;
    this.#entries = [...page.entries, ...older];
    this.#floor = page.floor;
  }

  async #more() {
    const page = await this.#try(() => this.app.client.history({ before: this.#nextBefore }));
    if (!page) return;
    this.#entries = [...this.#entries, ...page.entries];
    this.#nextBefore = page.nextBefore;
    this.#floor = page.floor;
  }

  async #choose(key, title, where) {
    if (this.#chosen?.key === key) return this.#close();
    const state = await this.#try(() => this.app.client.stateAt(where));
    if (!state) return undefined;
    this.#showsAll = false;
    this.#chosen = { key, title, at: state.position, document: state.document };
    this.app.announce(`Compared with ${title}`);
    this.app.ask("panels");
    return undefined;
  }

  #close() {
    if (!this.#chosen) return;
    this.#chosen = null;
    this.#drawing.clear();
    this.app.ask("panels");
  }

  async #restore() {
    const { document, title } = this.#chosen;
    const changes = await this.#try(() => this.app.client.restore({ document }));
    if (!changes) return;
    this.app.tell(changes.length === 0 ? "Nothing differs." : `Restored ${title}. Undo takes it back.`);
    this.#close();
  }

  // ---- Drawing

  #draw() {
    const { app } = this;
    if (!app.client || !this.#isShown) return;
    const why = app.why("edit");
    const versions = app.client.versions ?? none;
    const diff = this.#difference();
    // Lists and differences are other objects when they differ.
    const key = [why, versions, this.#entries, this.#nextBefore, this.#floor, this.#chosen, diff, this.#renaming, this.#showsAll];
    if (key.every((part, index) => part === this.#key[index])) return;
    const typed = this.host.querySelector("input[data-writes]");
    const hadFocus = this.host.contains(document.activeElement);
    const kept = typed && { writes: typed.dataset.writes, value: typed.value, hasFocus: typed === document.activeElement };
    this.#key = key;
    this.host.replaceChildren(...[
      diff && this.#comparison(diff, why), this.#naming(why), this.#versionList([...versions].reverse(), why),
      make("h3", {}, "Timeline"), this.#timeline(), this.#end(),
    ].filter(Boolean));
    const field = kept && [...this.host.querySelectorAll("input[data-writes]")].find(({ dataset }) => dataset.writes === kept.writes);
    if (field) field.value = kept.value;
    if (field && kept.hasFocus) field.focus();
    else if (hadFocus) keepFocus(this.host);
  }

  /** While others edit without a pause, it is compared again only now and then: that looks at the whole document. */
  #difference() {
    const chosen = this.#chosen;
    if (!chosen) return null;
    const last = this.#compared;
    const now = performance.now();
    const wait = last.chosen === chosen ? last.at + compareMilliseconds - now : 0;
    if (wait > 0) {
      this.#compareTimer ||= setTimeout(() => { this.#compareTimer = 0; this.app.ask("panels"); }, wait);
      return last.diff;
    }
    this.#compared = { chosen, diff: this.#drawing.show(chosen.document), at: now };
    return this.#compared.diff;
  }

  #comparison(diff, why) {
    const all = differenceWords(diff, (id) => this.#name(id));
    const lines = this.#showsAll ? all : all.slice(0, linesMax);
    return make("section", { class: "compared", "aria-label": "Comparison" },
      make("p", {}, make("b", {}, this.#chosen.title), " compared with now"),
      lines.length === 0 ? make("p", { class: "quiet" }, "Nothing differs.")
        : make("ul", { class: "differences" }, ...lines.map(({ kind, text, node }) => make("li", { class: kind },
          node && this.app.graph.nodes.has(node) ? make("button", { type: "button", class: "link", onClick: () => this.app.show(node) }, text) : text))),
      lines.length < all.length && make("button", { type: "button", onClick: () => { this.#showsAll = true; this.app.ask("panels"); } }, `Show all ${all.length}`),
      make("div", { class: "row" },
        make("button", { type: "button", class: "primary", disabled: why !== "" || lines.length === 0, title: why || "An ordinary edit: undo takes it back", onClick: () => this.#restore() },
          icon("history", 16), "Restore"),
        make("button", { type: "button", class: "plain", onClick: () => this.#close() }, "Close")));
  }

  #naming(why) {
    const field = make("input", { "data-writes": "", placeholder: "Name what is here now", "aria-label": "Name of the version", maxlength: 80, autocomplete: "off", disabled: why !== "" });
    return make("form", { class: "row naming", onSubmit: async (event) => {
      event.preventDefault();
      const name = field.value.trim();
      if (name === "") return;
      if (await this.#try(async () => {
        await this.app.client.saved();
        return this.app.client.nameVersion(name);
      })) {
        const written = this.host.querySelector("input[data-writes='']");
        if (written) written.value = "";
        this.app.announce(`${name} is named`);
      }
    } }, field, make("button", { type: "submit", disabled: why !== "", title: why }, "Name"));
  }

  #versionList(versions, why) {
    if (versions.length === 0) return null;
    return make("ul", { class: "entries versions", "aria-label": "Named versions" }, ...versions.map((version) => {
      const key = `version ${version.id}`;
      if (this.#renaming === version.id) return make("li", { class: "entry" }, this.#renamer(version));
      return this.#line(key, version.name, version.author, version.namedAtMilliseconds, version.note, { version: version.id },
        this.#button("Rename", "rename", why, () => { this.#renaming = version.id; this.app.ask("panels"); }),
        this.#button("Remove the name", "remove", why, () => this.#try(() => this.app.client.dropVersion(version.id))));
    }));
  }

  #renamer(version) {
    const field = make("input", { "data-writes": version.id, "aria-label": "New name", maxlength: 80 });
    field.value = version.name;
    const done = () => { this.#renaming = null; this.app.ask("panels"); };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      done();
      event.stopPropagation();
    });
    return make("form", { class: "row", onSubmit: async (event) => {
      event.preventDefault();
      if (field.value.trim() !== "") await this.#try(() => this.app.client.renameVersion(version.id, field.value.trim(), version.note));
      done();
    } }, field, make("button", { type: "submit" }, "Rename"), make("button", { type: "button", class: "plain", onClick: done }, "Cancel"));
  }

  #button(text, name, why, how) {
    return make("button", { type: "button", class: "plain icon", title: why || text, "aria-label": text, disabled: why !== "", onClick: how }, icon(name, 16));
  }

  #timeline() {
    return make("ol", { class: "entries timeline", "aria-label": "Timeline" }, ...this.#entries.map((entry) => {
      const { author, position, throughMilliseconds } = entry;
      return this.#line(`entry ${position}`, historySentence(entry, (id) => this.#name(id)), author, throughMilliseconds, "", { position });
    }));
  }

  #line(key, text, author, at, note, where, ...buttons) {
    const { app } = this;
    const isChosen = this.#chosen?.key === key;
    const who = author?.name ?? "";
    const mark = make("span", { class: "avatar small", "aria-hidden": "true" }, initials(who));
    paintWho(mark, colourOf(who));
    const kind = author?.kind === "BOT" ? "bot" : author?.kind === "AGENT" ? "agent" : "";
    return make("li", { class: `entry ${isChosen ? "chosen" : ""}` }, mark,
      make("button", { type: "button", class: "plain look", "aria-pressed": String(isChosen), onClick: () => this.#choose(key, text, where) },
        make("span", {}, text), kind && make("em", { class: "kind" }, kind), note && make("span", { class: "quiet note" }, note),
        make("time", { class: "quiet", datetime: new Date(at).toISOString(), title: new Date(at).toLocaleString() }, ago(at, app.client.serverMilliseconds))), ...buttons);
  }

  #end() {
    if (this.#nextBefore !== 0) return make("button", { type: "button", onClick: () => this.#more() }, "Show older");
    if (this.#entries.length === 0) return make("p", { class: "quiet" }, "Nothing has been changed yet.");
    return make("p", { class: "quiet" }, this.#floor === 0 ? "The beginning." : `History reaches back to change ${this.#floor + 1}. Older ones are in what is here, but no longer told.`);
  }

  /** What is gone from here is called as it was then. */
  #name(id) {
    const { document } = this.app;
    if (document.node(id) || !this.#chosen) return nodeCall(document, id);
    return nodeCall(this.#chosen.document, id);
  }
}
