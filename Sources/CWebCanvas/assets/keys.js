import { takesKeys } from "./dom.js";
import { gridPitch } from "./geometry.js";

const isMac = /mac|iphone|ipad/i.test(globalThis.navigator?.platform ?? "");
export const commandKey = isMac ? "⌘" : "Ctrl";

/**
 * Every shortcut once: for the handler and for the table that `?` shows.
 *
 * `key` is what the event says, in lower case; `command` is Ctrl or Cmd. `inField`: only while the canvas has the keyboard.
 */
export function shortcuts(app) {
  const { actions, viewport } = app;
  const step = (dx, dy) => (event) => {
    const unit = event.shiftKey ? gridPitch * 5 : gridPitch;
    if (app.selection.nodes.size > 0) actions.nudge(dx * unit, dy * unit);
    else viewport.panBy(-dx * 60, -dy * 60);
  };
  return [
    { group: "Add", text: "Search the palette", show: ["/"], keys: [{ key: "/" }, { key: "k", command: true }], act: () => app.palette.focus() },
    { group: "Add", text: "Add a node here", show: ["A"], keys: [{ key: "a" }], inField: true, act: () => app.emit("quickAdd", { point: app.pointer ?? viewport.centre }) },
    { group: "Add", text: "Connect the node, or lead the connection, to…", show: ["C"], keys: [{ key: "c" }], inField: true, act: () => app.quick.connect() },
    { group: "Add", text: "Comment", show: ["M"], keys: [{ key: "m" }], inField: true, act: () => app.emit("commentHere") },
    { group: "Choose", text: "Next or previous node", show: ["Tab", "Shift Tab"], keys: [] },
    { group: "Choose", text: "Open the node's settings", show: ["Enter"], keys: [{ key: "enter" }], inField: true, act: () => app.walk.enter() },
    { group: "Choose", text: "Add to or take from the selection", show: ["Shift Enter"], keys: [{ key: "enter", shift: true }], inField: true, act: () => app.walk.toggle() },
    { group: "Choose", text: "Everything", show: [`${commandKey} A`], keys: [{ key: "a", command: true }], act: () => actions.selectAll() },
    { group: "Choose", text: "Nothing; then Tab leaves the canvas", show: ["Esc"], keys: [{ key: "escape" }], act: () => app.escape() },
    { group: "Change", text: "Move, with Shift further", show: ["←", "↑", "→", "↓"], inField: true, keys: [], },
    ...[["arrowleft", -1, 0], ["arrowright", 1, 0], ["arrowup", 0, -1], ["arrowdown", 0, 1]].flatMap(([key, dx, dy]) =>
      [false, true].map((shift) => ({ group: "", text: "", show: [], inField: true, keys: [{ key, shift }], act: step(dx, dy) }))),
    { group: "Change", text: "Remove", show: ["Delete"], keys: [{ key: "delete" }, { key: "backspace" }], inField: true, act: () => actions.removeSelected() },
    { group: "Change", text: "Undo", show: [`${commandKey} Z`], keys: [{ key: "z", command: true }], act: () => actions.turnBack("undo") },
    { group: "Change", text: "Redo", show: [`${commandKey} Shift Z`], keys: [{ key: "z", command: true, shift: true }, { key: "y", command: true }], act: () => actions.turnBack("redo") },
    { group: "Change", text: "Copy, cut, paste", show: [`${commandKey} C`, `${commandKey} X`, `${commandKey} V`], keys: [] },
    { group: "Change", text: "Duplicate", show: [`${commandKey} D`], keys: [{ key: "d", command: true }], act: () => app.clipboard.duplicate() },
    { group: "Change", text: "Arrange in columns", show: ["L"], keys: [{ key: "l" }], inField: true, act: () => actions.arrange() },
    { group: "Change", text: "Snap to the grid or not", show: ["G"], keys: [{ key: "g" }], inField: true, act: () => app.toggleSnap() },
    { group: "Look", text: "Fit everything", show: ["F"], keys: [{ key: "f" }, { key: "1", shift: true }, { key: "!", shift: true }], act: () => app.fit() },
    { group: "Look", text: "Fit the selection", show: ["Shift F"], keys: [{ key: "f", shift: true }], act: () => app.fitSelection() },
    { group: "Look", text: "Zoom in, out", show: ["+", "−"], keys: [{ key: "+" }, { key: "+", shift: true }, { key: "=" }], act: () => viewport.zoomBy(1.25) },
    { group: "", text: "", show: [], keys: [{ key: "-" }], act: () => viewport.zoomBy(0.8) },
    { group: "Look", text: "Full size", show: ["0"], keys: [{ key: "0" }], act: () => viewport.zoomBy(1 / viewport.zoom) },
    { group: "Look", text: "Move the view", show: ["Space drag"], keys: [] },
    { group: "Look", text: "Shortcuts", show: ["?"], keys: [{ key: "?", shift: true }, { key: "?" }], act: () => app.help.open() },
  ];
}

/** Hands keys to what they mean. Text fields, and everything that takes keys itself, keep theirs. */
export class Keys {
  #list;

  constructor(app) {
    this.app = app;
    this.#list = shortcuts(app);
    addEventListener("keydown", (event) => this.#key(event));
  }

  get list() { return this.#list; }

  /** More shortcuts of other parts. @param {any[]} list as of `shortcuts` */
  add(...list) {
    this.#list.push(...list);
  }

  #key(event) {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const { target } = event;
    const command = isMac ? event.metaKey : event.ctrlKey;
    if (takesKeys(target)) {
      // Undo within a text is the text's own; a palette is reached from everywhere.
      if (!(command && event.key.toLowerCase() === "k")) return;
    }
    const isInField = this.app.field.contains(target) || target === document.body;
    const key = event.key.toLowerCase();
    const found = this.#list.find(({ keys, inField }) => (!inField || isInField)
      && keys.some((each) => each.key === key && Boolean(each.command) === command && Boolean(each.shift) === event.shiftKey));
    if (!found) return;
    if (!isInField && target.closest?.("button, a, [role=tab]") && (key === "enter" || key === " ")) return;
    event.preventDefault();
    found.act(event);
  }
}
