import { placeClipping, readClipping, withOwnLabels, writeClipping } from "./clipping.js";
import { counted } from "./counting.js";
import { takesKeys } from "./dom.js";
import { gridPitch, snapped } from "./geometry.js";
import { newID } from "./ids.js";

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

  #paste(event) {
    const { app } = this;
    const text = event.clipboardData.getData("text/plain");
    const clipping = readClipping(text);
    if (!clipping) return text.trim() === "" ? undefined : app.tell("The clipboard holds no nodes.");
    event.preventDefault();
    // Pasted again at the same place, it lies a little further.
    const middle = app.pointer ?? app.viewport.centre;
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
