import { make, set } from "./dom.js";
import { icon } from "./icons.js";

/**
 * The row of buttons above the canvas. Other parts add theirs with `add`. What nobody may press now stays in its place and says why.
 */
export class Toolbar {
  #items = [];

  constructor(host, app) {
    this.host = host;
    this.app = app;
    for (const event of ["document", "selection", "rights", "link", "save"]) app.on(event, () => app.ask("panels"));
    app.paint("panels", () => this.refresh());
    // One stop for the Tab key, arrows within: a toolbar's convention.
    host.addEventListener("keydown", (event) => this.#arrow(event));
  }

  /**
   * @param {{name: string, label: string, icon?: string, keys?: string, text?: boolean, primary?: boolean, act: () => void, fault?: () => string, isOn?: () => boolean}} item
   *   `fault`: why it cannot be pressed now, empty when it can
   * @returns {HTMLButtonElement}
   */
  add(item) {
    const button = make("button", {
      type: "button", class: [item.primary ? "primary" : "plain", !item.text && "icon"].filter(Boolean).join(" "), "data-action": item.name,
      tabindex: this.#items.length === 0 ? 0 : -1, "aria-label": item.label,
      onClick: () => {
        const fault = item.fault?.() ?? "";
        if (fault) this.app.tell(fault);
        else item.act();
      },
    }, item.icon && icon(item.icon), item.text && item.label);
    this.#items.push({ ...item, button });
    this.host.append(button);
    this.refresh();
    return button;
  }

  divide() {
    this.host.append(make("span", { class: "divider", role: "separator" }));
  }

  refresh() {
    for (const { button, label, keys, fault, isOn } of this.#items) {
      const why = fault?.() ?? "";
      const title = why ? `${label}: ${why}` : keys ? `${label} (${keys})` : label;
      if (button.title !== title) button.title = title;
      if (button.getAttribute("aria-disabled") !== String(why !== "")) set(button, { "aria-disabled": String(why !== "") });
      if (isOn && button.getAttribute("aria-pressed") !== String(isOn())) set(button, { "aria-pressed": String(isOn()) });
    }
  }

  #arrow(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = this.#items.map(({ button }) => button).filter(({ hidden }) => !hidden);
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[(at + step + buttons.length) % buttons.length];
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
