import { newID } from "./ids.js";
import { nodeName } from "./labels.js";
import { threadsOf } from "./threads.js";

/** The workflow's threads and what can be done with them. Commenters may do all of it. Emits `comments` at the app. */
export class Comments {
  /** @type {ReturnType<typeof threadsOf>} */
  threads = [];
  /** The thread that is open; null: none. */
  open = null;
  /** Where the next thread begins; null: none is being written. */
  draft = null;

  constructor(app) {
    this.app = app;
    app.on("document", ({ comments, replaced }) => { if (replaced || comments.length > 0) this.#take(); });
    app.on("commentHere", () => this.begin());
  }

  #take() {
    this.threads = threadsOf(this.app.document);
    if (!this.threads.some(({ id }) => id === this.open)) this.open = null;
    this.#tell();
  }

  #tell() {
    this.app.emit("comments");
    this.app.ask("pins");
    this.app.ask("panels");
  }

  /** Begins a thread at the node that is selected, else at a place. */
  begin(place = null) {
    const { app } = this;
    const fault = app.why("comment");
    if (fault) return app.tell(fault, "bad");
    const { single } = app.selection;
    const point = place ?? app.pointer ?? app.viewport.centre;
    this.draft = single && !place ? { node: single } : { x: Math.round(point.x), y: Math.round(point.y) };
    this.open = null;
    this.#tell();
    return app.side.open("comments", { focus: true });
  }

  cancelDraft() {
    this.draft = null;
    this.#tell();
  }

  show(id) {
    this.open = id;
    this.draft = null;
    this.#tell();
  }

  #remark(text) {
    return { text, author: this.app.name, at: Math.round(this.app.client.serverMilliseconds) };
  }

  add(text) {
    const { app, draft } = this;
    const id = newID("c");
    if (!app.actions.edit((t) => t.addComment(id, { anchor: draft, ...this.#remark(text) }), { what: "comment", say: "Comment added." })) return false;
    this.draft = null;
    this.show(id);
    return true;
  }

  reply(thread, text) {
    return this.app.actions.edit((t) => t.addComment(newID("c"), { parent: thread, ...this.#remark(text) }), { what: "comment", say: "Reply added." });
  }

  resolve(thread, isResolved) {
    return this.app.actions.edit((t) => t.setComment(thread, { resolved: isResolved }), { what: "comment", say: isResolved ? "Resolved." : "Opened again." });
  }

  remove(thread) {
    const { remarks } = this.threads.find(({ id }) => id === thread);
    return this.app.actions.edit((t) => { for (const { id } of remarks) t.removeComment(id); }, { what: "comment", say: "Thread removed. Undo brings it back." });
  }

  /** Where a thread is pinned, in canvas coordinates; null when its node is gone. */
  placeOf(anchor) {
    if (!anchor) return null;
    if (anchor.node === undefined) return anchor;
    const box = this.app.graph.box(anchor.node);
    return box && { x: box.x + box.width - 4, y: box.y };
  }

  /** What a thread is about, in words. */
  about(anchor) {
    if (anchor?.node === undefined) return anchor ? "A place on the canvas" : "The workflow";
    return this.app.graph.nodes.has(anchor.node) ? nodeName(this.app.document, anchor.node) : "A node that was removed";
  }
}
