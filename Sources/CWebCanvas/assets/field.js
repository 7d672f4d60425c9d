import { make, set } from "./dom.js";
import { controlOf, readSetting, writeSetting } from "./field-values.js";
import { settingTitle, titled } from "./labels.js";

const sameValue = (a, b) => JSON.stringify(a) === JSON.stringify(b);

let fieldCount = 0;
/** What was typed and could not be written when its field went, by node and field: it stands there again when the field comes back. */
const unwritten = new Map();
const unwrittenMax = 100;

/** After so long without a key what stands there is written. */
const pauseMilliseconds = 600;

/**
 * One setting of one node as a control. What a person types stays until it is written: when somebody else sets the same field meanwhile, both values are shown
 * and the person chooses.
 */
export class Field {
  #base;
  /** What stood here when nobody had typed. */
  #shown = "";
  #timer = null;
  #isTheirs = false;
  #isShown = false;

  /**
   * @param {any} app
   * @param {{node: string, field: string, setting: any, label?: string}} what `field` as in the document: `data.value`
   */
  constructor(app, { node, field, setting, label = settingTitle(setting.name) }) {
    Object.assign(this, { app, node, field, setting, label });
    const id = `field-${++fieldCount}`;
    this.control = this.#makeControl(id);
    const isNeeded = setting.need === "always";
    this.who = make("span", { class: "who" });
    this.fault = make("p", { class: "fault", id: `${id}-fault` });
    this.theirs = make("div", { class: "theirs", role: "group", "aria-label": "Changed by somebody else" });
    this.theirs.hidden = true;
    set(this.control, { "aria-describedby": this.fault.id, "aria-required": isNeeded });
    const name = make("label", { for: id }, label, isNeeded && make("span", { class: "needed", "aria-hidden": "true" }, " *"));
    this.element = make("div", { class: `field ${controlOf(setting)}` }, make("div", { class: "field-head" }, name, this.who), this.control, this.theirs, this.fault);
    this.element.dataset.field = field;
    this.take();
    this.#bringBack();
    this.#listen();
  }

  #makeControl(id) {
    const { setting } = this;
    const kind = controlOf(setting);
    const common = { id, autocomplete: "off", spellcheck: "false" };
    if (kind === "choice") return make("select", common, make("option", { value: "" }, setting.need === "always" ? "Choose…" : "Not set"), ...setting.choices.map((choice) => make("option", { value: choice }, titled(choice))));
    if (kind === "switch") return make("input", { ...common, type: "checkbox", role: "switch" });
    if (kind === "lines" || kind === "json") return make("textarea", { ...common, rows: kind === "json" ? 5 : 3, placeholder: setting.kind === "strings" ? "One per line" : null });
    return make("input", { ...common, type: "text", inputmode: kind === "number" ? "decimal" : null, placeholder: setting.kind === "duration" ? "10s" : null });
  }

  #listen() {
    const { control, app } = this;
    const isAtOnce = control.type === "checkbox" || control.tagName === "SELECT";
    control.addEventListener("focus", () => app.client?.showPresence({ editing: `${this.node} ${this.field}` }));
    control.addEventListener("blur", () => {
      app.client?.showPresence({ editing: "" });
      this.write();
      app.client?.endGroup();
    });
    control.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#check();
      if (isAtOnce) this.write();
      else this.#timer = setTimeout(() => this.write(), pauseMilliseconds);
    });
    control.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && control.tagName === "INPUT") this.write();
      if (event.key === "Escape") {
        this.#reset();
        app.field.focus();
        event.stopPropagation();
      }
    });
  }

  /** The document's value; undefined when the field is not set. */
  get present() {
    const view = this.app.document.node(this.node);
    return this.field.startsWith("data.") ? view?.data[this.field.slice(5)] : view?.fields[this.field];
  }

  get text() {
    const { control, setting } = this;
    return control.type === "checkbox" ? String(control.checked) : control.value === "" && setting.kind === "choice" ? "" : control.value;
  }

  #show(value) {
    const { control, setting } = this;
    if (control.type === "checkbox") control.checked = value === true;
    else {
      const text = writeSetting(setting, value);
      if (control.tagName === "SELECT" && text !== "" && ![...control.options].some((option) => option.value === text)) control.append(make("option", { value: text }, text));
      // Whoever is typing `12.` is not made to read 12.
      const said = document.activeElement === control ? readSetting(setting, control.value) : { fault: "nobody types" };
      if (control.value !== text && (said.fault || !sameValue(said.value, value))) control.value = text;
    }
    this.#shown = this.text;
  }

  get isTouched() {
    // What a control makes of a value, a line without its breaks, is nothing that a person typed.
    return this.text !== this.#shown;
  }

  /** Follows the document, as long as nothing of one's own stands here. */
  take() {
    const { present } = this;
    if (this.#isShown && this.isTouched) {
      if (sameValue(present, this.#base)) return this.#check();
      const mine = readSetting(this.setting, this.text);
      if (mine.fault || !sameValue(mine.value, present)) return this.#showTheirs(present);
    }
    this.#isShown = true;
    this.#base = present;
    this.#isTheirs = false;
    this.theirs.hidden = true;
    this.#show(present);
    return this.#check();
  }

  #showTheirs(value) {
    clearTimeout(this.#timer);
    this.#isTheirs = true;
    const who = this.app.authors.of(this.node, this.field) || "Somebody";
    const button = (text, act) => make("button", { type: "button", onPointerdown: (event) => event.preventDefault(), onClick: act }, text);
    this.theirs.replaceChildren(make("p", {}, `${who} set this to `, make("q", {}, writeSetting(this.setting, value) || "nothing"), " meanwhile."),
      button("Keep mine", () => { this.#isTheirs = false; this.write(); }), button("Take theirs", () => this.#reset()));
    if (this.theirs.hidden) this.app.announce(`${who} changed this field meanwhile. Your text is kept; choose which one stays.`);
    this.theirs.hidden = false;
  }

  #reset() {
    clearTimeout(this.#timer);
    this.#isTheirs = false;
    this.theirs.hidden = true;
    this.#base = this.present;
    this.#show(this.#base);
    this.#check();
  }

  /** Writes what stands here, unless it is wrong or a choice is due. */
  write() {
    clearTimeout(this.#timer);
    if (this.#isTheirs || !this.isTouched || !this.app.graph.nodes.has(this.node)) return;
    const { value, fault } = this.control.type === "checkbox" ? { value: this.control.checked } : readSetting(this.setting, this.text);
    if (fault) return;
    if (sameValue(value, this.present)) {
      this.#base = value;
      this.#shown = this.text;
      return;
    }
    const before = [this.#base, this.#shown];
    [this.#base, this.#shown] = [value, this.text];
    if (!this.app.actions.set(this.node, { [this.field]: value }, { group: `field ${this.node} ${this.field}` })) [this.#base, this.#shown] = before;
    else this.theirs.hidden = true;
  }

  #check() {
    const { fault = "" } = this.control.type === "checkbox" ? {} : readSetting(this.setting, this.text);
    const wanted = this.isTouched || document.activeElement === this.control ? fault : "";
    const finding = this.finding ?? "";
    const text = wanted || finding;
    if (this.fault.textContent !== text) this.fault.textContent = text;
    set(this.control, { "aria-invalid": text !== "" });
  }

  /** Whether it matters now: some settings do only with a certain value of another. */
  get isWanted() {
    const { need, when } = this.setting;
    return need !== "when" || this.present !== undefined || this.app.document.node(this.node)?.data[when[0]] === when[1];
  }

  /** @param {{why: string, finding: string, editors: string[]}} state */
  update({ why, finding, editors }) {
    this.finding = finding;
    if (this.element.hidden === this.isWanted) this.element.hidden = !this.isWanted;
    if (this.control.disabled !== (why !== "")) this.control.disabled = why !== "";
    if (this.control.title !== why) this.control.title = why;
    const who = editors.length > 0 ? `${editors.join(", ")} edits this` : "";
    if (this.who.textContent !== who) this.who.textContent = who;
    this.#check();
  }

  close() {
    this.write();
    clearTimeout(this.#timer);
    const place = `${this.node} ${this.field}`;
    if (!this.isTouched || this.control.disabled) return;
    unwritten.set(place, { text: this.text, base: this.#base });
    if (unwritten.size > unwrittenMax) unwritten.delete(unwritten.keys().next().value);
    this.app.tell(`What you typed into ${this.label} is not written yet. It is there when you come back to it.`);
  }

  /** What was typed here before, and never written. */
  #bringBack() {
    const place = `${this.node} ${this.field}`;
    const kept = unwritten.get(place);
    if (!kept) return;
    unwritten.delete(place);
    this.#base = kept.base;
    this.control.value = kept.text;
    this.take();
  }
}
