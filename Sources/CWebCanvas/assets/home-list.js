import { counted } from "./counting.js";
import { byId, make, say } from "./dom.js";
import { card } from "./home-cards.js";
import { confirmed } from "./home-dialog.js";
import { ask, askJSON, pathOf } from "./rest.js";
import { openShare } from "./share-dialog.js";

const pageSize = 48;
/** A search looks through so many; beyond them it says that there are more. */
const searchedMax = 1000;

/** The workflows, page by page; what is searched for among all of them. */
export class HomeList {
  #items = new Map();
  #next = null;
  #turn = 0;
  role = "viewer";

  /** @param {{announce: (text: string) => void, failed: (error: Error) => void, shown: (list: HomeList) => void}} told */
  constructor(told) {
    this.told = told;
    this.host = byId("list");
    this.search = byId("search");
    this.search.addEventListener("input", () => this.#searched());
    byId("more").addEventListener("click", () => this.#load().then(() => this.draw()));
  }

  get isEmpty() { return this.#items.size === 0; }

  async open() {
    this.#items.clear();
    this.#next = "";
    await this.#load();
    this.draw();
  }

  async #load() {
    try {
      const after = this.#next ? `&after=${encodeURIComponent(this.#next)}` : "";
      const page = await askJSON(`workflows?limit=${pageSize}${after}`);
      for (const item of page.workflows) this.#items.set(item.workflow, item);
      this.#next = page.next ?? null;
      this.role = page.role;
    } catch (error) {
      this.#next = null;
      this.told.failed(error);
    }
  }

  /** All pages are looked through, as they come. */
  async #searched() {
    const turn = this.#turn += 1;
    this.draw();
    while (this.search.value && this.#next && this.#items.size < searchedMax && turn === this.#turn) {
      await this.#load();
      this.draw();
    }
  }

  draw() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...this.#items.values()]
      .filter(({ workflow, title = "" }) => words.every((word) => `${title} ${workflow}`.toLowerCase().includes(word)))
      .sort((a, b) => (b.changedAtMilliseconds ?? 0) - (a.changedAtMilliseconds ?? 0));
    this.host.replaceChildren(...found.map((item) => card(item, this)));
    byId("more").hidden = !this.#next;
    const more = this.#next ? " and more" : "";
    say(byId("total"), words.length > 0 ? `${found.length} found${more}` : this.isEmpty ? "" : counted(this.#items.size, "workflow") + more);
    this.told.shown(this);
  }

  // ---- What a card's buttons do

  share({ workflow, title, role }) {
    openShare({ workflow, title: title || workflow, role, announce: this.told.announce });
  }

  async save({ workflow }) {
    try {
      const content = await (await ask(`${pathOf(workflow)}/export`)).blob();
      const link = make("a", { href: URL.createObjectURL(content), download: `${workflow}.json` });
      link.click();
      URL.revokeObjectURL(link.href);
      this.told.announce(`${workflow}.json exported.`);
    } catch (error) { this.told.failed(error); }
  }

  async remove({ workflow, title }) {
    const name = title || workflow;
    const text = "All of it goes, with its history and its runs. Whoever is in it is sent away. This cannot be undone.";
    if (!await confirmed(`Delete “${name}”?`, text, "Delete for good")) return;
    try {
      await ask(pathOf(workflow), { method: "DELETE" });
      this.#items.delete(workflow);
      this.draw();
      this.told.announce(`${name} deleted.`);
    } catch (error) { this.told.failed(error); }
    byId("list").focus();
  }
}
