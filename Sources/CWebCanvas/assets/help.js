import { make } from "./dom.js";

/** The table of shortcuts. */
export class Help {
  constructor(app) {
    this.app = app;
    this.dialog = make("dialog", { id: "shortcuts", class: "sheet", "aria-labelledby": "shortcuts-title" });
    document.body.append(this.dialog);
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
  }

  open() {
    const groups = new Map();
    for (const { group, text, show } of this.app.keys.list) {
      if (!group) continue;
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(make("div", {}, make("dt", {}, text), make("dd", {}, ...show.flatMap((keys, at) => [
        ...(at > 0 ? [" "] : []), ...keys.split(" ").map((key) => make("kbd", {}, key)),
      ]))));
    }
    const close = make("button", { type: "button", class: "primary", onClick: () => this.dialog.close() }, "Close");
    this.dialog.replaceChildren(make("h2", { id: "shortcuts-title" }, "Shortcuts"),
      make("div", { class: "shortcut-groups" }, ...[...groups].map(([name, rows]) => make("section", {}, make("h3", {}, name), make("dl", {}, ...rows)))), close);
    this.dialog.showModal();
    close.focus();
  }
}
