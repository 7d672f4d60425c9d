import { make, say } from "./dom.js";
import { icon } from "./icons.js";
import { ask, askJSON, pathOf } from "./rest.js";
import { isByShare } from "./settings.js";
import { ago } from "./threads.js";

const may = {
  viewer: "can look", commenter: "can comment", editor: "can edit", runner: "can edit and run", owner: "can do everything",
};
const linkRoles = ["viewer", "commenter", "editor", "runner"];
const hour = 3_600_000;
/** Milliseconds; 0: never. */
const lifetimes = [["1 hour", hour], ["1 day", 24 * hour], ["7 days", 168 * hour], ["30 days", 720 * hour], ["never", 0]];

/**
 * Who may do what in a workflow: its address, its share links, its members. Asks the server anew each time it opens.
 * @param {{workflow: string, title: string, role: string, announce: (text: string) => void}} about `role`: one's own, in lower case
 */
export function openShare(about) {
  const dialog = new ShareDialog(about);
  dialog.open();
}

class ShareDialog {
  constructor({ workflow, title, role, announce }) {
    this.isOwner = role === "owner";
    this.path = pathOf(workflow);
    this.announce = announce;
    this.address = `${location.origin}/w/${encodeURIComponent(workflow)}`;
    this.fault = make("p", { class: "fault", role: "alert" });
    this.made = make("div", { class: "share-made" });
    this.links = make("ul", { class: "share-list", "aria-label": "Links", tabindex: -1 });
    this.members = make("ul", { class: "share-list", "aria-label": "Members", tabindex: -1 });
    this.ofOwners = make("div", { class: "share-part", hidden: true }, make("h3", {}, "Anyone with a link"), this.#linkForm(), this.made, this.links);
    this.ofMembers = make("div", { class: "share-part", hidden: true }, make("h3", {}, "Members"), this.members);
    this.more = make("p", { class: "quiet" });
    const close = make("button", { type: "button", "aria-label": "Close", class: "plain icon share-close", onClick: () => this.dialog.close() }, icon("close", 16));
    this.dialog = make("dialog", { class: "share", "aria-labelledby": "share-title" },
      make("h2", { id: "share-title" }, `Share “${title}”`), close, this.#addressRow(), this.fault, this.ofOwners, this.ofMembers, this.more);
    this.dialog.addEventListener("close", () => this.dialog.remove());
    this.dialog.addEventListener("pointerdown", (event) => { if (event.target === this.dialog) this.dialog.close(); });
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.#load();
  }

  /** What one may not see is not there, and the end of the dialog says so. */
  async #load() {
    say(this.more, this.isOwner ? "" : "Only owners give links and roles.");
    try {
      // Who came by a link is not told who the members are.
      const [members, links] = await Promise.all([isByShare() ? null : askJSON(`${this.path}/members`), this.isOwner ? askJSON(`${this.path}/links`) : null]);
      this.ofOwners.hidden = links === null;
      this.ofMembers.hidden = members === null;
      if (links) this.#drawLinks(links.links);
      if (members) this.#drawMembers(members);
    } catch (error) { this.#tell(error); }
  }

  #tell(error) { say(this.fault, error?.message ?? ""); }

  /** Does something and says how it went; everything is drawn anew, and the keyboard stays near. @param {() => Promise<any>} act */
  async #do(act, said, near) {
    this.#tell(null);
    try {
      const answer = await act();
      this.announce(said);
      await this.#load();
      near?.focus();
      return answer;
    } catch (error) {
      await this.#load();
      this.#tell(error);
      near?.focus();
      return null;
    }
  }

  // ---- Address and links

  #addressRow() {
    return make("div", { class: "share-row" },
      make("input", { readonly: true, "aria-label": "Address of the workflow", value: this.address, onFocus: (event) => event.target.select() }),
      this.#copy("Copy address", this.address));
  }

  #copy(label, text) {
    return make("button", { type: "button", onClick: async (event) => {
      const field = event.target.closest(".share-row").querySelector("input");
      // Without TLS there is no clipboard for pages: then it is selected, and the person copies it.
      try {
        await navigator.clipboard.writeText(text);
        this.announce("Copied.");
        say(event.target.closest("button"), "Copied");
      } catch {
        field.focus();
        field.select();
        this.announce("Selected: copy it with the keyboard.");
      }
    } }, label);
  }

  #linkForm() {
    const role = roleSelect("Role of who comes by the link", linkRoles, "viewer");
    const lifetime = make("select", { "aria-label": "Valid" }, ...lifetimes.map(([text, milliseconds]) =>
      make("option", { value: milliseconds, selected: text === "7 days" }, milliseconds === 0 ? "for ever" : `for ${text}`)));
    const name = make("input", { "aria-label": "Name of the link", placeholder: "For whom (optional)", maxlength: 60, autocomplete: "off" });
    return make("form", { class: "share-row", onSubmit: async (event) => {
      event.preventDefault();
      const milliseconds = Number(lifetime.value);
      const body = { role: role.value, ...(name.value.trim() && { name: name.value.trim() }), ...(milliseconds > 0 && { expiresAtMilliseconds: Date.now() + milliseconds }) };
      const answer = await this.#do(() => askJSON(`${this.path}/links`, { method: "POST", body: JSON.stringify(body) }), "Link made.");
      if (!answer) return;
      name.value = "";
      const address = new URL(answer.url, location.origin).href;
      const field = make("input", { readonly: true, "aria-label": "The new link", value: address });
      this.made.replaceChildren(
        make("div", { class: "share-row" }, field, this.#copy("Copy link", address)),
        make("p", { class: "quiet" }, `Whoever has it ${may[answer.link.role]}. It is shown this once.`));
      field.focus();
      field.select();
    } }, role, lifetime, name, make("button", { type: "submit", class: "primary" }, "Create link"));
  }

  #drawLinks(links) {
    this.links.hidden = links.length === 0;
    this.links.replaceChildren(...links.map(({ link, role, name, madeAtMilliseconds, madeBy, expiresAtMilliseconds: ends }) => {
      const what = name || `Link of ${madeBy || "somebody"}`;
      const facts = [may[role], `made ${ago(madeAtMilliseconds, Date.now())}`, ends ? `ends ${new Date(ends).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}` : "never ends"];
      return make("li", {}, icon("link", 16), make("span", { class: "share-who" }, make("span", {}, what), make("small", { class: "quiet" }, facts.join(" · "))),
        make("button", { type: "button", "aria-label": `Revoke: ${what}`, onClick: () =>
          this.#do(() => ask(`${this.path}/links/${encodeURIComponent(link)}`, { method: "DELETE" }), "Link revoked. Whoever came by it is sent away.", this.links) }, "Revoke"));
    }));
  }

  // ---- Members

  #drawMembers({ members, present, presentCount }) {
    const names = new Map(present.map(({ subject, name }) => [subject, name]));
    const guests = present.filter(({ subject }) => subject.startsWith("link:")).length;
    this.members.replaceChildren(...members.map(({ subject, role }) => {
      const path = `${this.path}/members/${encodeURIComponent(subject)}`;
      const select = roleSelect(`Role of ${subject}`, Object.keys(may), role);
      select.disabled = !this.isOwner;
      select.addEventListener("change", () => this.#do(() => this.#setMember(subject, select.value), `${subject} ${may[select.value]} now.`, this.members));
      const here = names.has(subject) ? `here now as ${names.get(subject) || "somebody"}` : "not here";
      return make("li", {}, icon("person", 16), make("span", { class: "share-who" }, make("span", {}, subject), make("small", { class: "quiet" }, here)), select,
        make("button", { type: "button", class: "plain icon", "aria-label": `Remove ${subject}`, title: "Remove", disabled: !this.isOwner, onClick: () =>
          this.#do(() => ask(path, { method: "DELETE" }), `${subject} is no member any more.`, this.members) }, icon("remove", 16)));
    }), ...(guests > 0 ? [make("li", { class: "quiet" }, `${guests} of the ${presentCount} here came by a link.`)] : []));
    this.ofMembers.querySelector("form")?.remove();
    if (this.isOwner) this.ofMembers.append(this.#memberForm(present.map(({ subject }) => subject).filter((subject) => subject && !subject.startsWith("link:"))));
  }

  #setMember(subject, role) {
    return ask(`${this.path}/members/${encodeURIComponent(subject)}`, { method: "PUT", body: JSON.stringify({ role }) });
  }

  #memberForm(known) {
    const list = make("datalist", { id: "share-known" }, ...[...new Set(known)].map((subject) => make("option", { value: subject })));
    const who = make("input", { "aria-label": "Who becomes a member", placeholder: "Name in their token", required: true, maxlength: 256, autocomplete: "off", list: "share-known" });
    const role = roleSelect("Role of the new member", Object.keys(may), "editor");
    return make("form", { class: "share-row", onSubmit: (event) => {
      event.preventDefault();
      const subject = who.value.trim();
      if (subject !== "") this.#do(() => this.#setMember(subject, role.value), `${subject} ${may[role.value]} now.`, this.members);
    } }, who, role, list, make("button", { type: "submit" }, "Add"));
  }
}

function roleSelect(label, roles, chosen) {
  return make("select", { "aria-label": label }, ...roles.map((role) => make("option", { value: role, selected: role === chosen }, may[role])));
}
