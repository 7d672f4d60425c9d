import { paintWho } from "./colours.js";
import { make } from "./dom.js";
import { Menu } from "./menu.js";

const shownMax = 6;

/** Who is here, as round marks; one's own first. A press on another follows them. */
export class People {
  #key = "";
  #menu = new Menu();

  constructor(host, app) {
    this.host = host;
    this.app = app;
    for (const event of ["people", "welcome", "following", "link"]) app.on(event, () => app.ask("panels"));
    app.paint("panels", () => this.#draw());
  }

  #draw() {
    const { client } = this.app;
    if (!client) return;
    const own = client.presence.participants.get(client.session);
    const all = [...(own ? [own] : []), ...this.app.presence.others];
    const followed = this.app.follow?.session ?? null;
    const key = JSON.stringify([followed, all.map(({ session, author, colour, role }) => [session, author?.name, author?.kind, colour, role])]);
    if (key === this.#key) return;
    this.#key = key;
    const items = all.slice(0, shownMax).map((person) => this.#item(person, followed));
    if (all.length > shownMax) {
      const rest = all.slice(shownMax);
      const label = `${rest.length} more: ${rest.slice(0, 20).map(nameOf).join(", ")}${rest.length > 20 ? "…" : ""}`;
      items.push(make("li", {}, make("button", {
        type: "button", class: "avatar more", title: label, "aria-label": label, "aria-haspopup": "menu", onClick: (event) => this.#showRest(event.currentTarget),
      }, `+${rest.length}`)));
    }
    this.host.replaceChildren(...items);
  }

  /** Whoever came meanwhile is in it too. */
  #showRest(button) {
    const { left, bottom } = button.getBoundingClientRect();
    const { app } = this;
    const own = app.client.presence.participants.has(app.client.session) ? 1 : 0;
    const entries = app.presence.others.slice(shownMax - own).map(({ session, author }) => ({
      text: app.follow.session === session ? `Stop following ${nameOf({ author })}` : `Follow ${nameOf({ author })}`, icon: "eye", act: () => app.follow.toggle(session),
    }));
    if (entries.length > 0) this.#menu.open({ label: "More people", x: left, y: bottom + 6, entries });
  }

  #item({ session, author, colour, role }, followed) {
    const name = author?.name || "somebody";
    const isOwn = session === this.app.client.session;
    const kind = author?.kind === "BOT" || author?.kind === "AGENT" ? author.kind.toLowerCase() : "";
    const about = [kind, (role ?? "").toLowerCase(), isOwn ? "you" : ""].filter(Boolean).join(", ");
    const mark = kind ? { class: "avatar bot" } : { class: "avatar" };
    const button = isOwn
      ? make("span", { ...mark, role: "img", title: `${name} (${about})`, "aria-label": `${name}, ${about}` }, initials(name))
      : make("button", {
        ...mark, type: "button", title: `${name} (${about}): follow`, "aria-label": `Follow ${name}, ${about}`, "aria-pressed": String(followed === session),
        onClick: () => this.app.follow.toggle(session),
      }, initials(name));
    paintWho(button, colour);
    return make("li", {}, button);
  }
}

const nameOf = ({ author }) => author?.name || "somebody";

/** One or two letters of a name; with a number behind it, a letter and the number's end. */
export function initials(name) {
  const numbered = /^\s*(\p{L}).*?([0-9]{1,2})\s*$/u.exec(name);
  if (numbered) return `${numbered[1].toUpperCase()}${numbered[2]}`;
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...(words[0] ?? "?")].slice(0, 2);
  return letters.join("").toUpperCase();
}
