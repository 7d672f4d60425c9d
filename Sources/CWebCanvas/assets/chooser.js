import { make } from "./dom.js";
import { icon } from "./icons.js";

/** More are found by typing more. */
export const choicesMax = 40;

/**
 * A small list at a place of the canvas that is searched by typing: which node to add, what to connect to.
 * Escape or a press elsewhere closes it.
 */
export class Chooser {
  #entries = [];
  #at = 0;
  #isOpen = false;

  constructor(app) {
    this.app = app;
    this.input = make("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "chooser-list", autocomplete: "off", spellcheck: "false" });
    this.list = make("ul", { role: "listbox", id: "chooser-list", "aria-label": "Choices" });
    this.element = make("div", { class: "chooser sheet", role: "dialog" }, this.input, this.list);
    this.input.addEventListener("input", () => this.#search());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focusout", (event) => { if (!this.element.contains(event.relatedTarget)) this.close(); });
  }

  /**
   * @param {{label: string, place: {x: number, y: number}, find: (text: string) => {title: string, kind?: string, hint?: string, choose: () => void}[], none: string}} how
   *   `place` in pixels of the field
   */
  open({ label, place, find, none }) {
    this.close();
    this.#isOpen = true;
    Object.assign(this, { find, none });
    this.element.setAttribute("aria-label", label);
    this.input.setAttribute("aria-label", label);
    this.input.placeholder = label;
    this.input.value = "";
    const { width, height } = this.app.viewport;
    this.element.style.left = `${Math.max(8, Math.min(place.x, width - 280))}px`;
    this.element.style.top = `${Math.max(8, Math.min(place.y, height - 330))}px`;
    this.app.field.append(this.element);
    this.#search();
    this.input.focus();
  }

  close() {
    if (!this.#isOpen) return;
    this.#isOpen = false; // the keyboard leaving it would close it once more
    if (this.element.contains(document.activeElement)) this.app.field.focus();
    this.element.remove();
  }

  #search() {
    this.#entries = this.find(this.input.value).slice(0, choicesMax);
    this.#at = 0;
    this.list.replaceChildren(...this.#entries.map(({ title, kind, hint }, index) => make("li", {
      role: "option", id: `choice-${index}`, onPointerdown: (event) => { event.preventDefault(); this.#choose(index); },
    }, kind && make("i", { class: `chip ${kind}` }, icon(kind)), make("span", {}, title), hint && make("small", {}, hint))));
    if (this.#entries.length === 0) this.list.append(make("li", { class: "quiet", "aria-disabled": "true" }, this.none));
    this.#mark();
  }

  #mark() {
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === this.#at)));
    const item = this.list.children[this.#at];
    if (item?.id) {
      this.input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    const entry = this.#entries[index];
    if (!entry) return;
    this.close();
    entry.choose();
  }

  #key(event) {
    event.stopPropagation();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.#at = Math.max(0, Math.min(this.#entries.length - 1, this.#at + step));
      this.#mark();
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#choose(this.#at);
    } else if (event.key === "Escape") this.close();
  }
}
