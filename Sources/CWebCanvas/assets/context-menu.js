import { counted } from "./counting.js";
import { commandKey } from "./keys.js";
import { Menu } from "./menu.js";

/** A press of a key that opens the menu also makes the browser's own event; so long after it that one is passed over. */
const sameMilliseconds = 500;
const sides = [["Align left", "left"], ["Align centres", "centre"], ["Align right", "right"], ["Align top", "top"], ["Align middles", "middle"], ["Align bottom", "bottom"]];

/** What can be done with what is under the pointer, or with what is selected when it is opened by keyboard. */
export class ContextMenu {
  #openedAt = -Infinity;

  constructor(app) {
    this.app = app;
    this.menu = new Menu();
    app.field.addEventListener("contextmenu", (event) => this.#pointed(event));
    app.keys.add({ group: "Choose", text: "Menu of what is selected", show: ["Shift F10"], keys: [{ key: "contextmenu" }, { key: "f10", shift: true }], inField: true, act: () => this.#byKey() });
  }

  #pointed(event) {
    if (event.target.closest?.(".sheet, .refusals, .corner, .chooser")) return;
    event.preventDefault();
    if (performance.now() - this.#openedAt < sameMilliseconds) return;
    const { app } = this;
    const point = app.viewport.pointOf(event);
    const node = app.view.isFar ? app.graph.nodeAt(point) : event.target.closest?.("[data-node]")?.dataset.node ?? null;
    const edge = app.graph.edges.get(event.target.closest?.("[data-edge]")?.dataset.edge);
    // What is part of a selection stands for all of it.
    if (node && !app.selection.nodes.has(node)) app.selection.set([node]);
    else if (!node && edge && !app.selection.edges.has(edge.name)) app.selection.set([], [edge.key]);
    else if (!node && !edge) app.selection.clear();
    if (node) app.selection.at = node;
    this.#open(event.clientX, event.clientY, point);
  }

  /** At what is selected; else in the middle of the view. */
  #byKey() {
    const { app } = this;
    this.#openedAt = performance.now();
    const { viewport, graph, selection } = app;
    const box = graph.box(selection.at ?? [...selection.nodes][0] ?? "");
    const edge = selection.edges.values().next().value;
    const ends = edge && graph.ends(edge);
    const point = box ? { x: box.x + box.width / 2, y: box.y + box.height } : ends?.from && ends.to ? { x: (ends.from.x + ends.to.x) / 2, y: (ends.from.y + ends.to.y) / 2 } : viewport.centre;
    const { x, y } = viewport.toScreen(point);
    this.#open(viewport.left + x, viewport.top + y, viewport.centre);
  }

  #open(x, y, point) {
    const { selection } = this.app;
    const { nodes, edges } = selection;
    if (nodes.size > 0) this.menu.open({ label: counted(nodes.size, "node"), x, y, entries: this.#nodeEntries() });
    else if (edges.size > 0) this.menu.open({ label: counted(edges.size, "connection"), x, y, entries: this.#edgeEntries([...edges.values()]) });
    else this.menu.open({ label: "Canvas", x, y, entries: this.#canvasEntries(point) });
  }

  #nodeEntries() {
    const { app } = this;
    const { actions, selection } = app;
    const edit = app.why("edit");
    const count = selection.nodes.size;
    const alone = count === 1 ? "" : "Select one node first.";
    const many = count > 1 ? [
      ...sides.map(([text, side]) => ({ text, fault: edit, act: () => actions.align(side) })),
      { text: "Spread evenly across", fault: edit || (count > 2 ? "" : "It takes three nodes."), act: () => actions.distribute("across") },
      { text: "Spread evenly down", fault: edit || (count > 2 ? "" : "It takes three nodes."), act: () => actions.distribute("down") },
      { text: "Arrange in columns", icon: "arrange", keys: "L", fault: edit, act: () => actions.arrange() },
      null,
    ] : [];
    return [
      { text: "Settings", icon: "panel", keys: "Enter", act: () => app.side.open("inspector", { focus: true }) },
      { text: "Connect to…", icon: "link", keys: "C", fault: edit || alone, act: () => app.quick.connect() },
      { text: "Comment", icon: "comment", keys: "M", fault: app.why("comment"), act: () => app.comments.begin() },
      null,
      { text: "Copy", icon: "copy", keys: `${commandKey} C`, act: () => app.clipboard.copyNow() },
      { text: "Duplicate", icon: "copy", keys: `${commandKey} D`, fault: edit, act: () => app.clipboard.duplicate() },
      null,
      ...many,
      { text: "Fit into view", icon: "fit", keys: "Shift F", act: () => app.fitSelection() },
      { text: "Remove", icon: "remove", keys: "Delete", fault: edit, act: () => actions.removeSelected() },
    ];
  }

  #edgeEntries(keys) {
    const { app } = this;
    const edit = app.why("edit");
    const alone = edit || (keys.length === 1 ? "" : "Select one connection first.");
    return [
      { text: "Details", icon: "panel", keys: "Enter", act: () => app.side.open("inspector", { focus: true }) },
      { text: "Lead to another node…", icon: "link", keys: "C", fault: alone, act: () => app.quick.redraw(keys[0], "target") },
      { text: "Come from another node…", icon: "link", fault: alone, act: () => app.quick.redraw(keys[0], "source") },
      null,
      { text: "Remove", icon: "remove", keys: "Delete", fault: edit, act: () => app.actions.removeSelected() },
    ];
  }

  #canvasEntries(point) {
    const { app } = this;
    const edit = app.why("edit");
    return [
      { text: "Add a node here…", icon: "plus", keys: "A", fault: edit, act: () => app.emit("quickAdd", { point }) },
      { text: "Paste", icon: "copy", keys: `${commandKey} V`, fault: edit, act: () => app.clipboard.pasteNow(point) },
      { text: "Comment here", icon: "comment", keys: "M", fault: app.why("comment"), act: () => app.comments.begin(point) },
      null,
      { text: "Select everything", keys: `${commandKey} A`, act: () => app.actions.selectAll() },
      { text: "Arrange in columns", icon: "arrange", keys: "L", fault: edit, act: () => app.actions.arrange() },
      { text: "Fit into view", icon: "fit", keys: "F", act: () => app.fit() },
      { text: app.snaps ? "Do not snap to the grid" : "Snap to the grid", icon: "grid", keys: "G", act: () => app.toggleSnap() },
    ];
  }
}
