import { placeClipping, readClipping, withOwnLabels, writeClipping } from "./clipping.js";
import { counted } from "./counting.js";
import { takesKeys } from "./dom.js";
import { gridPitch, snapped } from "./geometry.js";
import { newID } from "./ids.js";
import { commandKey } from "./keys.js";

/** Copy, cut and paste through the system's clipboard, across tabs, workflows and programs. */
export class Clipboard {
  #last = { text: "", x: 0, y: 0, times: 0 };

  constructor(app) {
    this.app = app;
    const listen = (type, act) => addEventListener(type, (event) => {
      // Somebody who has marked text wants the text.
      if (takesKeys(event.target) || (type !== "paste" && String(getSelection()) !== "")) return;
      act(event);
    });
    listen("copy", (event) => this.#copy(event));
    listen("cut", (event) => { if (this.#copy(event)) app.actions.removeSelected(); });
    listen("paste", (event) => this.#paste(event));
  }

  #text() {
    const { graph, selection, document } = this.app;
    const ids = [...selection.nodes].flatMap((id) => graph.family(id));
    return ids.length === 0 ? "" : writeClipping(document, ids, (id) => ({ x: graph.box(id).x, y: graph.box(id).y }));
  }

  #copy(event) {
    const text = this.#text();
    if (text === "") return false;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    this.#last = { text: "", x: 0, y: 0, times: 0 };
    this.app.announce(`Copied ${counted(this.app.selection.nodes.size, "node")}.`);
    return true;
  }

  /** From a menu. A page may write there only over TLS, and read only when the person allows it: then the keys do it. */
  async copyNow() {
    const text = this.#text();
    if (text === "") return this.app.tell("Select what to copy first.");
    try { await navigator.clipboard.writeText(text); } catch { return this.app.tell(`This browser copies by ${commandKey}+C only.`); }
    this.#last = { text: "", x: 0, y: 0, times: 0 };
    return this.app.announce(`Copied ${counted(this.app.selection.nodes.size, "node")}.`);
  }

  /** @param {{x: number, y: number}} point on the canvas */
  async pasteNow(point) {
    let text;
    try { text = await navigator.clipboard.readText(); } catch { return this.app.tell(`This browser pastes by ${commandKey}+V only.`); }
    return this.#pasteText(text, point);
  }

  #paste(event) {
    const text = event.clipboardData.getData("text/plain");
    if (readClipping(text)) event.preventDefault();
    this.#pasteText(text, this.app.pointer ?? this.app.viewport.centre);
  }

  #pasteText(text, middle) {
    const { app } = this;
    const clipping = readClipping(text);
    if (!clipping) return text.trim() === "" ? undefined : app.tell("The clipboard holds no nodes.");
    // Pasted again at the same place, it lies a little further.
    const last = this.#last;
    const isAgain = last.text === text && last.x === middle.x && last.y === middle.y;
    this.#last = { text, x: middle.x, y: middle.y, times: isAgain ? last.times + 1 : 0 };
    const step = this.#last.times * 2 * gridPitch;
    return this.#insert(placeClipping(clipping, newID, { middle: { x: middle.x + step, y: middle.y + step }, snap: snapped }), "Pasted");
  }

  duplicate() {
    const text = this.#text();
    if (text === "") return this.app.tell("Select what to duplicate first.");
    const by = 2 * gridPitch;
    return this.#insert(placeClipping(readClipping(text), newID, { shift: { x: by, y: by } }), "Duplicated");
  }

  #insert({ nodes: placed, edges }, word) {
    const { app } = this;
    const nodes = withOwnLabels(placed, [...app.graph.nodes.values()].map(({ node }) => node.data.label));
    const isDone = app.actions.edit((t) => {
      for (const node of nodes) t.addNode(node);
      for (const { key, fields } of edges) t.connect(key, fields);
    }, { say: `${word} ${counted(nodes.length, "node")}.` });
    if (isDone) app.selection.set(nodes.map(({ id }) => id), edges.map(({ key }) => key));
  }
}
