import { boundsOf, boxesOf, handlePlaces, stubPath, wirePath } from "./geometry.js";
import { brief, describe, valuesOf } from "./labels.js";

const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

/** Draws a replica: one element per node and per wire, kept between drawings, touched only where something differs. */
export class View {
  #nodes = new Map();
  #wires = new Map();
  #findings = new Set();
  #results = new Map();

  constructor({ stage, nodes, wires }) {
    this.stage = stage;
    this.nodeLayer = nodes;
    this.wireLayer = wires;
    this.dragged = new Map();
    this.graph = { edges: [], parked: [], parents: new Map() };
    this.values = new Map();
  }

  /** Takes over a new state of the document. */
  update(document) {
    this.values = new Map();
    const parents = new Map();
    for (const id of document.nodeIds()) {
      const node = document.node(id);
      this.values.set(id, valuesOf(node));
      if (node.parentId !== null) parents.set(id, node.parentId);
    }
    this.graph = { edges: [...document.edgeKeys()], parked: document.parkedEdges(), parents };
  }

  /** Findings that are new or gone; only where they are shows here. */
  setIssues(added, removed) {
    const name = ({ code, node }) => JSON.stringify([node, code]);
    for (const issue of removed) this.#findings.delete(name(issue));
    for (const issue of added) if (issue.node) this.#findings.add(name(issue));
  }

  clearIssues() {
    this.#findings.clear();
  }

  setRunEvent({ kind, node, result, error }) {
    if (kind === "RUN_STARTED") this.#results.clear();
    if (kind === "NODE_SKIPPED") this.#results.delete(node); // it may have run ahead of a node that failed
    const states = { NODE_STARTED: "running", NODE_SUCCEEDED: "succeeded", NODE_FAILED: "failed" };
    if (node && states[kind]) this.#results.set(node, { state: states[kind], text: error || (result ? brief(result) : "") });
  }

  /** Lets the nodes that a change wrote to light up. */
  touch(ids) {
    for (const id of ids) {
      const element = this.#nodes.get(id)?.element;
      if (!element) continue;
      element.classList.remove("touched");
      void element.offsetWidth; // without a layout in between the animation would not start anew
      element.classList.add("touched");
    }
  }

  bounds() {
    return boundsOf(boxesOf(this.values, this.graph.parents, this.dragged));
  }

  draw() {
    const boxes = boxesOf(this.values, this.graph.parents, this.dragged);
    const flagged = new Set([...this.#findings].map((name) => JSON.parse(name)[0]));
    for (const [id, values] of this.values) this.#drawNode(id, values, boxes.get(id), flagged.has(id));
    drop(this.#nodes, (id) => this.values.has(id));
    this.#drawWires(boxes);
  }

  #drawNode(id, values, box, isFlagged) {
    let shown = this.#nodes.get(id);
    if (!shown) {
      const element = document.createElement("div");
      const parts = ["b", "span", "small"].map((tag) => document.createElement(tag));
      element.append(...parts);
      element.dataset.node = id;
      this.nodeLayer.append(element);
      this.#nodes.set(id, (shown = { element, parts, key: "" }));
    }
    const { kind, type, label, setting } = describe(id, values);
    const run = this.#results.get(id);
    const name = ["node", kind, run?.state, isFlagged ? "finding" : ""].filter(Boolean).join(" ");
    const texts = [type, label, run?.text ? `= ${run.text}` : setting];
    const key = JSON.stringify([name, texts, box]);
    if (shown.key === key) return;
    shown.key = key;
    const wasTouched = shown.element.classList.contains("touched");
    shown.element.className = wasTouched ? `${name} touched` : name;
    shown.parts.forEach((part, index) => { part.textContent = texts[index]; });
    shown.element.title = `${id}\n${setting}`;
    shown.element.style.transform = `translate(${box.x}px, ${box.y}px)`;
    shown.element.style.width = `${box.width}px`;
    shown.element.style.height = `${box.height}px`;
  }

  #drawWires(boxes) {
    const all = [...this.graph.edges, ...this.graph.parked.map(({ key }) => key)];
    const out = handlePlaces(all, "source", "sourceHandle");
    const into = handlePlaces(all, "target", "targetHandle");
    const drawn = new Set();
    const draw = (key, className, title) => {
      const from = boxes.get(key.source);
      const to = boxes.get(key.target);
      if (!from && !to) return;
      const path = from && to ? wirePath(from, out(key), to, into(key)) : stubPath(from ?? to, Boolean(from));
      const name = JSON.stringify(key);
      drawn.add(name);
      this.#drawWire(name, path, className, title);
    };
    for (const key of this.graph.edges) draw(key, "", `${key.source} → ${key.target}`);
    for (const { key, reason } of this.graph.parked) draw(key, `parked ${reason}`, `parked (${reason}): ${key.source} → ${key.target}`);
    drop(this.#wires, (name) => drawn.has(name));
  }

  #drawWire(name, path, className, title) {
    let shown = this.#wires.get(name);
    if (!shown) {
      const element = svg("path");
      const label = svg("title");
      element.append(label);
      this.wireLayer.append(element);
      this.#wires.set(name, (shown = { element, label, key: "" }));
    }
    const key = `${className} ${path}`;
    if (shown.key === key) return;
    shown.key = key;
    shown.element.setAttribute("d", path);
    shown.element.setAttribute("class", className);
    shown.label.textContent = title;
  }
}

function drop(shown, isKept) {
  for (const [name, { element }] of shown) if (!isKept(name)) element.remove(), shown.delete(name);
}
