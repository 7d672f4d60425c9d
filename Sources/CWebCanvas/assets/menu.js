import { make } from "./dom.js";
import { icon } from "./icons.js";

/**
 * A menu at a place of the window, one at a time. Arrow keys, Home, End and first letters go through it; Escape, Tab and a press elsewhere close it, and the keyboard
 * goes back to where it was. What cannot be done now stays in its place and says why. Source: WAI-ARIA Authoring Practices, "Menu".
 */
export class Menu {
  #element = null;
  #back = null;

  get isOpen() { return this.#element !== null; }

  /**
   * @param {{label: string, x: number, y: number, entries: ({text: string, icon?: string, keys?: string, fault?: string, act: () => void} | null)[]}} how
   *   `x`, `y` in pixels of the window; null entries are lines between groups
   */
  open({ label, x, y, entries }) {
    this.close();
    this.#back = document.activeElement;
    const items = entries.map((entry) => (entry ? this.#item(entry) : make("div", { role: "separator" })));
    this.#element = make("div", { class: "menu", role: "menu", "aria-label": label, tabindex: -1, onKeydown: (event) => this.#key(event),
      onContextmenu: (event) => event.preventDefault() }, ...items);
    this.#element.addEventListener("focusout", ({ relatedTarget }) => { if (!this.#element?.contains(relatedTarget)) this.close(false); });
    document.body.append(this.#element);
    const { width, height } = this.#element.getBoundingClientRect();
    this.#element.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
    this.#element.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
    this.#items[0]?.focus();
  }

  /** @param {boolean} goesBack whether the keyboard goes back to where it was */
  close(goesBack = true) {
    const element = this.#element;
    if (!element) return;
    this.#element = null; // the keyboard leaving it would close it once more
    if (goesBack && element.contains(document.activeElement)) this.#back?.focus?.({ preventScroll: true });
    element.remove();
  }

  get #items() { return [...(this.#element?.querySelectorAll("[role=menuitem]") ?? [])]; }

  #item({ text, icon: name, keys, fault = "", act }) {
    const choose = () => {
      if (fault) return;
      this.close();
      act();
    };
    return make("button", { type: "button", role: "menuitem", tabindex: -1, "aria-disabled": fault ? "true" : null, title: fault || null, onClick: choose },
      name ? icon(name, 16) : make("i"), make("span", {}, text), keys && make("kbd", { "aria-hidden": "true" }, keys));
  }

  #key(event) {
    const items = this.#items;
    const at = items.indexOf(document.activeElement);
    const go = (index) => items[(index + items.length) % items.length]?.focus();
    event.stopPropagation();
    if (event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowUp") go(at < 0 ? -1 : at - 1);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(-1);
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
      const begins = (item) => item.querySelector("span").textContent.toLowerCase().startsWith(event.key.toLowerCase());
      [...items.slice(at + 1), ...items.slice(0, at + 1)].find(begins)?.focus();
    } else return;
    event.preventDefault();
  }
}
