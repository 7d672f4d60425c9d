import { safeColour } from "./presence.js";

const linesMax = 6;
const peopleMax = 8;
const lineMilliseconds = 9000;

export function showPeople(list, people, self) {
  const shown = people.slice(0, peopleMax).map(({ session, author = {}, colour, role }) => {
    const item = document.createElement("li");
    const dot = document.createElement("i");
    dot.style.background = safeColour(colour);
    const kind = author.kind === "BOT" || author.kind === "AGENT" ? ` (${author.kind.toLowerCase()})` : "";
    item.append(dot, `${author.name || "somebody"}${session === self ? " (you)" : kind}`);
    item.title = (role ?? "").toLowerCase();
    return item;
  });
  if (people.length > peopleMax) {
    const more = document.createElement("li");
    more.textContent = `+${people.length - peopleMax}`;
    shown.push(more);
  }
  list.replaceChildren(...shown);
}

/** One sentence per change, the newest last; old ones go by themselves. */
export class Log {
  constructor(element) {
    this.element = element;
  }

  add(author, change) {
    const line = document.createElement("div");
    const name = document.createElement("b");
    name.textContent = author.name || "somebody";
    line.append(name, ` ${sentence(change.ops ?? [])}`);
    this.element.append(line);
    while (this.element.childElementCount > linesMax) this.element.firstElementChild.remove();
    setTimeout(() => line.remove(), lineMilliseconds);
  }
}

function sentence(ops) {
  const of = (kind) => ops.filter((op) => op[kind]).map((op) => op[kind]);
  const lives = of("setNodeLife");
  const added = lives.filter(({ alive }) => alive);
  const removed = lives.filter(({ alive }) => !alive);
  const fields = of("setNodeField");
  if (removed.length > 0) return `removed ${things(removed.map(({ node }) => node))}`;
  if (added.length > 0) return `added ${things(added.map(({ node }) => node))}`;
  if (of("addEdge").length > 0) return `connected ${of("addEdge").map(({ edge }) => `${edge?.source} → ${edge?.target}`)[0]}`;
  if (of("removeEdge").length > 0) return `cut ${of("removeEdge").map(({ edge }) => `${edge?.source} → ${edge?.target}`)[0]}`;
  if (fields.length > 0 && fields.every(({ field }) => field === "position")) return `moved ${things(fields.map(({ node }) => node))}`;
  if (fields.length > 0) return `set ${fields[0].field?.replace("data.", "")} of ${things([...new Set(fields.map(({ node }) => node))])}`;
  if (of("setMeta").length > 0) return `set the workflow's ${of("setMeta")[0].field}`;
  return "wrote something";
}

const things = (ids) => (ids.length === 1 ? ids[0] : `${ids.length} nodes`);
