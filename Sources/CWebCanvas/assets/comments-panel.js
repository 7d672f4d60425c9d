import { paintWho } from "./colours.js";
import { keepFocus, make } from "./dom.js";
import { icon } from "./icons.js";
import { initials } from "./people.js";
import { colourOf } from "./settings.js";
import { ago } from "./threads.js";

/** All threads, the one that is being written on top. What somebody types is kept while the list changes around it. */
export class CommentsPanel {
  title = "Comments";
  #key = [];
  #showsResolved = false;
  #drawnDraft = null;
  /** What is typed and not sent, by thread; "" is the new one. */
  #typed = new Map();

  constructor(host, app) {
    this.host = host;
    this.app = app;
    for (const event of ["comments", "rights", "welcome"]) app.on(event, () => app.ask("panels"));
    app.paint("panels", () => this.#draw());
  }

  get count() { return this.app.comments.threads.filter(({ isResolved }) => !isResolved).length; }

  #draw() {
    const { app } = this;
    if (!app.client) return;
    const { comments } = app;
    const why = app.why("comment");
    // The list is another object whenever a comment changed.
    const key = [comments.threads, comments.open, comments.draft, why, this.#showsResolved];
    if (key.every((part, index) => part === this.#key[index])) return;
    const hadFocus = this.host.contains(document.activeElement);
    const focused = hadFocus ? document.activeElement.dataset.writes ?? null : null;
    this.#key = key;
    const threads = comments.threads.filter(({ isResolved }) => this.#showsResolved || !isResolved);
    const resolved = comments.threads.length - this.count;
    this.host.replaceChildren(
      make("div", { class: "row" },
        make("button", { type: "button", disabled: why !== "", title: why || "Pinned to what is selected, or to the middle of the view (M)", onClick: () => comments.begin() }, icon("comment", 16), "New comment"),
        resolved > 0 && make("label", { class: "check" }, make("input", {
          type: "checkbox", checked: this.#showsResolved, onChange: () => { this.#showsResolved = !this.#showsResolved; this.#draw(); },
        }), `Resolved (${resolved})`)),
      ...(comments.draft ? [this.#draft(comments.draft)] : []),
      ...(threads.length === 0 && !comments.draft ? [make("p", { class: "quiet blank" }, "No comments yet. Press M to pin one to a node or a place.")] : []),
      make("ul", { class: "threads" }, ...threads.map((thread) => this.#thread(thread, why))));
    const isNewDraft = comments.draft !== null && comments.draft !== this.#drawnDraft;
    this.#drawnDraft = comments.draft;
    if (isNewDraft) this.host.querySelector("textarea[data-writes='']")?.focus();
    else if (focused === null && hadFocus) keepFocus(this.host);
    if (focused !== null && !isNewDraft) [...this.host.querySelectorAll("textarea")].find((area) => area.dataset.writes === focused)?.focus();
  }

  shown() {
    this.#key = [];
  }

  #draft(anchor) {
    const { comments } = this.app;
    return make("div", { class: "thread open" }, make("p", { class: "about" }, comments.about(anchor)),
      this.#writer("", "Write a comment", "Comment", (text) => comments.add(text), () => comments.cancelDraft()));
  }

  #thread({ id, anchor, isResolved, remarks }, why) {
    const { comments } = this.app;
    const isOpen = comments.open === id;
    const go = () => {
      comments.show(id);
      const place = comments.placeOf(anchor);
      if (place) this.app.viewport.reveal({ x: place.x - 60, y: place.y - 60, width: 120, height: 120 });
    };
    const act = (text, name, how) => make("button", { type: "button", class: "plain icon", title: text, "aria-label": text, disabled: why !== "", onClick: how }, icon(name, 16));
    return make("li", { class: `thread ${isOpen ? "open" : ""} ${isResolved ? "resolved" : ""}`, "data-thread": id },
      make("div", { class: "thread-head" }, make("button", { type: "button", class: "link about", onClick: go, "aria-expanded": String(isOpen) }, comments.about(anchor)),
        act(isResolved ? "Open again" : "Resolve", isResolved ? "undo" : "check", () => comments.resolve(id, !isResolved)), act("Remove the thread", "remove", () => comments.remove(id))),
      ...remarks.map((remark) => this.#remark(remark)),
      isOpen && !why && this.#writer(id, "Reply", "Reply", (text) => comments.reply(id, text)));
  }

  #remark({ text, author, at }) {
    const mark = make("span", { class: "avatar small", "aria-hidden": "true" }, initials(author));
    paintWho(mark, colourOf(author));
    return make("article", { class: "remark" }, mark, make("div", {}, make("p", {}, make("b", {}, author), " ",
      make("time", { class: "quiet", datetime: new Date(at).toISOString() }, at > 0 ? ago(at, this.app.client.serverMilliseconds) : "")), make("p", { class: "said" }, text)));
  }

  /** A text and the button that sends it; Ctrl+Enter or Cmd+Enter too. */
  #writer(key, label, word, send, cancel = null) {
    const area = make("textarea", { rows: 2, placeholder: `${label}…`, "aria-label": label, "data-writes": key, maxlength: 4000 });
    area.value = this.#typed.get(key) ?? "";
    area.addEventListener("input", () => this.#typed.set(key, area.value));
    const submit = () => {
      const text = area.value.trim();
      if (text === "") return;
      // Taken out first: sending draws the list anew.
      this.#typed.delete(key);
      if (!send(text)) this.#typed.set(key, text);
    };
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(), event.preventDefault();
      if (event.key === "Escape") {
        if (cancel) cancel();
        this.app.field.focus();
        event.stopPropagation();
      }
    });
    return make("form", { class: "writer", onSubmit: (event) => { event.preventDefault(); submit(); } }, area,
      make("div", { class: "row" }, make("button", { type: "submit", class: "primary", title: "Ctrl+Enter" }, word), cancel && make("button", { type: "button", class: "plain", onClick: cancel }, "Cancel")));
  }
}
