import { byId, make } from "./dom.js";

/**
 * One dialog at a time; Escape closes it and the keyboard goes back to where it was.
 * @param {string} title
 * @param {(Node | string | null)[]} content
 */
export function openDialog(title, ...content) {
  const dialog = byId("dialog");
  dialog.replaceChildren(make("h2", { id: "dialog-title" }, title), ...content.filter(Boolean));
  if (!dialog.open) dialog.showModal();
  return dialog;
}

export const closeDialog = () => byId("dialog").close();

/** Asks before something that cannot be taken back. */
export function confirmed(title, text, label) {
  return new Promise((resolve) => {
    const answer = (value) => () => { closeDialog(); resolve(value); };
    const dialog = openDialog(title, make("p", { class: "quiet" }, text), make("div", { class: "row end" },
      make("button", { type: "button", autofocus: true, onClick: answer(false) }, "Cancel"),
      make("button", { type: "button", class: "danger", onClick: answer(true) }, label)));
    dialog.addEventListener("cancel", () => resolve(false), { once: true });
  });
}
