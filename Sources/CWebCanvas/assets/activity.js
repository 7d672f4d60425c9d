import { make } from "./dom.js";

const linesMax = 4;
const lineMilliseconds = 8000;

/** One sentence per change, the newest last; old ones go by themselves. */
export class Log {
  /** @param {(node: string) => string} nameOf what people call a node */
  constructor(element, nameOf) {
    this.element = element;
    this.nameOf = nameOf;
  }

  /** Others' changes; one knows one's own. */
  listen(app) {
    app.on("changes", ({ changes }) => {
      if (!app.client.isLive) return; // what was before one came is history
      for (const { author, change } of changes.slice(-linesMax)) if (change.replica !== app.client.replica) this.add(author ?? {}, change);
    });
  }

  add(author, change) {
    const line = make("div", {}, make("b", {}, author.name || "somebody"), ` ${sentence(change.ops ?? [], this.nameOf)}`);
    this.element.append(line);
    while (this.element.childElementCount > linesMax) this.element.firstElementChild.remove();
    setTimeout(() => line.remove(), lineMilliseconds);
  }
}

/** A change in a few words that follow who made it: `moved Price`. */
export function sentence(ops, nameOf) {
  const things = (ids) => (ids.length === 1 ? nameOf(ids[0]) : `${ids.length} nodes`);
  const ends = (edge) => `${nameOf(edge?.source ?? "")} to ${nameOf(edge?.target ?? "")}`;
  const of = (kind) => ops.filter((op) => op[kind]).map((op) => op[kind]);
  const lives = of("setNodeLife");
  const added = lives.filter(({ alive }) => alive);
  const removed = lives.filter(({ alive }) => !alive);
  const fields = of("setNodeField");
  if (removed.length > 0) return `removed ${things(removed.map(({ node }) => node))}`;
  if (added.length > 0) return `added ${things(added.map(({ node }) => node))}`;
  if (of("addEdge").length > 0) return `connected ${ends(of("addEdge")[0].edge)}`;
  if (of("removeEdge").length > 0) return `cut ${ends(of("removeEdge")[0].edge)}`;
  if (fields.length > 0 && fields.every(({ field }) => field === "position")) return `moved ${things(fields.map(({ node }) => node))}`;
  if (fields.length > 0) return `set ${fields[0].field?.replace("data.", "")} of ${things([...new Set(fields.map(({ node }) => node))])}`;
  if (of("setCommentLife").length + of("setCommentField").length > 0) return "commented";
  if (of("setMeta").length > 0) return `set the workflow's ${of("setMeta")[0].field}`;
  return "wrote something";
}
