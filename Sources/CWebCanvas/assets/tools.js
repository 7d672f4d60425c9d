import { commandKey } from "./keys.js";

/** The buttons that come with the editor. */
export function editTools(app) {
  const { toolbar, actions, selection } = app;
  const edit = () => app.why("edit");
  const nothing = () => edit() || (selection.isEmpty ? "Nothing is selected." : "");
  toolbar.add({ name: "undo", label: "Undo", icon: "undo", keys: `${commandKey}+Z`, act: () => actions.turnBack("undo"), fault: () => app.whyNoUndo || (app.client?.canUndo ? "" : "Nothing to undo.") });
  toolbar.add({ name: "redo", label: "Redo", icon: "redo", keys: `${commandKey}+Shift+Z`, act: () => actions.turnBack("redo"), fault: () => app.whyNoUndo || (app.client?.canRedo ? "" : "Nothing to redo.") });
  toolbar.divide();
  toolbar.add({ name: "duplicate", label: "Duplicate", icon: "copy", keys: `${commandKey}+D`, act: () => app.clipboard.duplicate(), fault: nothing });
  toolbar.add({ name: "remove", label: "Remove", icon: "remove", keys: "Delete", act: () => actions.removeSelected(), fault: nothing });
  toolbar.add({ name: "connect", label: "Connect to…", icon: "link", keys: "C", act: () => app.quick.connect(), fault: () => edit() || (selection.single ? "" : "Select one node first.") });
  toolbar.add({ name: "arrange", label: "Arrange in columns", icon: "arrange", keys: "L", act: () => actions.arrange(), fault: edit });
  toolbar.add({ name: "comment", label: "Comment", icon: "comment", keys: "M", act: () => app.emit("commentHere"), fault: () => app.why("comment") });
  toolbar.add({ name: "snap", label: "Snap to the grid", icon: "grid", keys: "G", act: () => app.toggleSnap(), isOn: () => app.snaps });
  toolbar.divide();
  toolbar.add({ name: "theme", label: "Light or dark", icon: "theme", act: () => app.theme.toggle() });
  toolbar.add({ name: "keys", label: "Shortcuts", icon: "keys", keys: "?", act: () => app.help.open() });
  toolbar.add({ name: "side", label: "Details", icon: "panel", act: () => app.side.toggle(), isOn: () => !document.body.classList.contains("no-side") });
}
