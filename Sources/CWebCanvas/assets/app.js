import { CollabClient } from "./sdk/client.js";
import { Emitter } from "./sdk/emitter.js";
import { IndexedDBStorage } from "./sdk/indexeddb.js";
import { allNodeTypes, fetchCatalogue, nodeTypes } from "./sdk/issues.js";
import { isAtLeast } from "./sdk/options.js";
import { byId, say } from "./dom.js";
import { CanvasGraph } from "./graph.js";
import { issueWords } from "./issues.js";
import { Selection } from "./selection.js";
import { colourOf, keepsNothing, token } from "./settings.js";

/** What each thing that people do needs. */
const needs = { comment: "COMMENTER", edit: "EDITOR", run: "RUNNER" };
/** In this order things are drawn within a frame: what comes later looks at what came before. */
const parts = ["presence", "graph", "selection", "stage", "far", "pins", "minimap", "panels"];

/**
 * What all parts of the page share: the client, what is on the canvas, the viewport, what is selected.
 *
 * Events: `client` (a new one is there), `document` {nodes, edges, meta, comments, replaced, isLocal}, `changes`, `selection`, `viewport`, `presence`,
 * `people`, `issues`, `catalogue` (plug-ins brought types of nodes, or took them away), `run` {event}, `save`, `link`, `rights`, `welcome`, `refused`, `restore` {error}, `token` {error}.
 */
export class App extends Emitter {
  graph = new CanvasGraph();
  selection = new Selection();
  /** Made by main.js, once each. */
  viewport = null;
  view = null;
  presence = null;
  actions = null;
  side = null;
  access = null;
  /** @type {CollabClient | null} */
  client = null;
  /** Where one's pointer is on the canvas; null: elsewhere. */
  pointer = null;
  /** Positions of what is in one's own hand, by node. */
  hand = new Map();
  /** Whether what is dragged comes to lie on the grid. */
  snaps = true;
  #painters = new Map(parts.map((part) => [part, []]));
  #due = new Set();
  #frame = 0;
  #isLiveDue = false;
  #opening = null;
  /** Whether edits that wait outlive the page. */
  isKept = false;

  constructor({ workflow, name }) {
    super();
    this.workflow = workflow;
    this.name = name;
    this.selection.on("change", () => {
      this.emit("selection");
      this.ask("selection");
    });
  }

  /** @returns {import("./sdk/document.js").WorkflowDocument} */
  get document() { return this.client.document; }

  // ---- Drawing: whatever happens within one frame is drawn once

  /** @param {(now: number) => boolean | void} draw true: again in the next frame */
  paint(part, draw) {
    this.#painters.get(part).push(draw);
  }

  ask(part) {
    this.#due.add(part);
    this.#frame ||= requestAnimationFrame((now) => this.#draw(now));
  }

  /** What is asked for while its turn is still to come is drawn in the same frame. */
  #draw(now) {
    const hadGraph = this.#due.has("graph");
    const again = new Set();
    for (const part of parts) {
      if (!this.#due.delete(part)) continue;
      for (const draw of this.#painters.get(part)) {
        // A part that cannot draw keeps no other from it, and none from the next frame.
        try { if (draw(now)) again.add(part); } catch (error) { reportError(error); }
      }
    }
    this.#frame = 0;
    for (const part of [...again, ...this.#due]) this.ask(part);
    document.body.dataset.position = this.client?.position ?? 0;
    // What says that it is live shows what is there: not before it is drawn.
    if (this.#isLiveDue && hadGraph) document.body.dataset.state = "live", this.#isLiveDue = false;
  }

  /** Takes nodes into one's hand; none lets go. @param {Map<string, {x: number, y: number}>} held */
  hold(held) {
    this.hand = held;
    this.ask("presence");
  }

  toggleSnap() {
    this.snaps = !this.snaps;
    this.announce(this.snaps ? "What is dragged snaps to the grid." : "What is dragged goes anywhere.");
    this.ask("panels");
  }

  fit() {
    this.viewport.follows = false;
    this.viewport.fit(this.graph.bounds());
  }

  fitSelection() {
    const bounds = this.graph.bounds(this.selection.nodes);
    if (!bounds) return this.fit();
    this.viewport.follows = false;
    return this.viewport.fit(bounds);
  }

  /** Selects a node and brings it into sight. */
  show(id) {
    const box = this.graph.box(id);
    if (!box) return;
    this.selection.set([id]);
    this.viewport.reveal(box);
  }

  /** One step back: following, then what is selected. */
  escape() {
    if (this.follow.session) this.follow.stop();
    else this.selection.clear();
  }

  /** A finding in people's words. */
  words(issue) {
    return issueWords(this.document, issue);
  }

  // ---- Rights

  /** @param {"edit" | "run" | "comment"} what */
  can(what) {
    return this.why(what) === "";
  }

  /** Why something is not possible now, for people; empty when it is. */
  why(what) {
    const { client } = this;
    if (!client || client.role === null) return "Not connected yet.";
    if (!isAtLeast(client.role, needs[what])) {
      return `You are a ${client.role.toLowerCase()} here; this takes the role ${needs[what].toLowerCase()}.`;
    }
    if (client.link.state === "stopped") return "The connection ended: nothing would be saved.";
    return what === "run" || client.canEdit || (what === "comment" && client.role === "COMMENTER") ? "" : "Not ready yet.";
  }

  /** Who may comment takes back comments. */
  get whyNoUndo() {
    return this.why(this.client?.role === "COMMENTER" ? "comment" : "edit");
  }

  // ---- Telling people

  /** For those who listen instead of looking. */
  announce(text) {
    const live = byId("live");
    // The same words once more are read only when they differ from what is there.
    say(live, live.textContent === text ? `${text}\u00a0` : text);
  }

  /** A few words that go by themselves. @param {"info" | "bad"} tone */
  tell(text, tone = "info") {
    this.announce(text);
    this.emit("toast", { text, tone });
  }

  // ---- The client

  /** Another while one is under way is that one. */
  open(how) {
    return (this.#opening ??= this.#open(how).finally(() => { this.#opening = null; }));
  }

  async #open({ create = false } = {}) {
    await this.client?.close();
    const { workflow, name } = this;
    const storage = globalThis.indexedDB && !keepsNothing ? new IndexedDBStorage() : null;
    const client = await CollabClient.open({
      url: location.origin, workflow, name, colour: colourOf(name), getToken: (need) => this.access.token(need), client: "web-canvas/3", create,
      storage,
    });
    this.client = client;
    this.isKept = storage !== null && client.isKept;
    this.#listen(client);
    this.emit("client");
    this.#documentChanged(null);
    this.#linkChanged(client.link);
    this.emit("save");
  }

  #listen(client) {
    const tell = (type, as = type) => client.on(type, (detail) => this.emit(as, detail));
    client.on("change", (change) => this.#documentChanged(change));
    client.on("link", ({ link }) => this.#linkChanged(link));
    client.on("welcome", (detail) => {
      this.emit("welcome", detail);
      for (const event of ["rights", "people", "issues"]) this.emit(event);
      this.#askForTypes().finally(() => { document.body.dataset.types = "asked"; });
    });
    client.on("presence", ({ frame }) => {
      this.emit("presence", frame);
      if (frame.joined.length + frame.left.length > 0) this.emit("people");
      this.ask("presence");
    });
    tell("role", "rights");
    for (const type of ["changes", "save", "issues", "run", "refused", "restore", "token"]) tell(type);
    client.on("storage", ({ error }) => {
      if (error) this.isKept = false;
      this.emit("save");
    });
  }

  /** Asked at every welcome: the server that came back may have other plug-ins. Without an answer what was known stays. */
  async #askForTypes() {
    const types = () => JSON.stringify(allNodeTypes().slice(nodeTypes.length));
    const before = types();
    try {
      await fetchCatalogue(location.origin, { token: token() });
    } catch {
      return;
    }
    if (types() === before) return;
    this.emit("catalogue");
    this.#documentChanged(null);
  }

  /** @param {any} change null: everything may differ */
  #documentChanged(change) {
    this.graph.take(this.document, change);
    if (change?.isLocal) this.viewport.follows = false; // nobody's ground moves under their hands
    this.selection.keep((id) => this.graph.nodes.has(id), (name) => this.graph.edges.has(name));
    this.emit("document", change ?? { nodes: [], edges: [], meta: [], comments: [], replaced: true, isLocal: false });
    this.ask("graph");
  }

  #linkChanged(link) {
    if (link.state === "stopped" && link.reason === "closedHere") return;
    this.#isLiveDue = link.state === "live";
    if (link.state === "live") this.ask("graph");
    else document.body.dataset.state = link.state === "stopped" ? "ended" : ["offline", "waitingForToken"].includes(link.state) ? "waiting" : "connecting";
    this.emit("link", link);
    this.emit("rights");
  }
}
