import { make, set } from "./dom.js";

/**
 * The column on the right: panels behind tabs.
 *
 * A panel is a class `new XPanel(host, app)` with a `title` and, if it likes, `isEmpty` (its tab is not shown), `count` (a number on the tab), `shown()` and `hidden()`.
 */
export class Side {
  #tabs = new Map();
  #list;
  #current = null;

  constructor(host, app) {
    this.host = host;
    this.app = app;
    this.#list = make("div", { role: "tablist", "aria-label": "Details", class: "tabs" });
    this.#list.addEventListener("keydown", (event) => this.#arrow(event));
    host.append(this.#list);
    app.paint("panels", () => this.refresh());
  }

  /** @param {string} name @param {new (host: HTMLElement, app: any) => any} Panel */
  add(name, Panel) {
    const tab = make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, class: "plain", onClick: () => this.open(name) });
    const content = make("section", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, class: "panel", tabindex: "-1" });
    this.#list.append(tab);
    this.host.append(content);
    const panel = new Panel(content, this.app);
    this.#tabs.set(name, { tab, content, panel });
    if (!this.#current && !panel.isEmpty) this.#current = name;
    this.refresh();
    return panel;
  }

  get current() { return this.#current; }

  panel(name) { return this.#tabs.get(name)?.panel ?? null; }

  /** Shows a panel. @param {{focus?: boolean}} how `focus`: the keyboard goes there */
  open(name, { focus = false } = {}) {
    const entry = this.#tabs.get(name);
    if (!entry) return;
    if (this.#current !== name) {
      this.#tabs.get(this.#current)?.panel.hidden?.();
      this.#current = name;
      entry.panel.shown?.();
    }
    this.toggle(true);
    this.refresh();
    if (focus) (entry.content.querySelector("input:not(:disabled), select:not(:disabled), textarea:not(:disabled), button:not(:disabled)") ?? entry.content).focus();
  }

  /** Shows or hides the whole column. */
  toggle(isOpen = document.body.classList.contains("no-side")) {
    document.body.classList.toggle("no-side", !isOpen);
  }

  refresh() {
    for (const [name, { tab, content, panel }] of this.#tabs) {
      const isEmpty = panel.isEmpty === true;
      if (tab.hidden !== isEmpty) tab.hidden = isEmpty;
      if (isEmpty && this.#current === name) this.#current = [...this.#tabs].find(([, { panel: other }]) => !other.isEmpty)?.[0] ?? null;
      const isOpen = this.#current === name;
      if (tab.getAttribute("aria-selected") !== String(isOpen)) set(tab, { "aria-selected": String(isOpen), tabindex: isOpen ? "0" : "-1" });
      if (content.hidden === isOpen) content.hidden = !isOpen;
      const words = panel.count > 0 ? `${panel.title} ${panel.count}` : panel.title;
      if (tab.textContent !== words) tab.replaceChildren(panel.title, ...(panel.count > 0 ? [make("span", { class: "count" }, ` ${panel.count}`)] : []));
    }
  }

  #arrow(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = [...this.#tabs].filter(([, { tab }]) => !tab.hidden).map(([name]) => name);
    const next = names[(names.indexOf(this.#current) + step + names.length) % names.length];
    this.open(next);
    this.#tabs.get(next).tab.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
