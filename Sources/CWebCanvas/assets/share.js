import { openShare } from "./share-dialog.js";
import { icon } from "./icons.js";

/** The button that opens the share dialog; and whoever is given another role while here is told. */
export class Share {
  #role = null;

  constructor(button, app) {
    button.prepend(icon("share", 16));
    button.addEventListener("click", () => openShare({ workflow: app.workflow, title: app.heading.text, role: (app.client?.role ?? "").toLowerCase(), announce: (text) => app.announce(text) }));
    app.on("rights", () => {
      const role = app.client?.role ?? null;
      if (role === null || role === this.#role) return;
      if (this.#role !== null) app.tell(`You are ${/^[aeo]/i.test(role) ? "an" : "a"} ${role.toLowerCase()} here now.`);
      this.#role = role;
    });
  }
}
