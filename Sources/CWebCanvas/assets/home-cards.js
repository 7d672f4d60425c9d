import { counted } from "./counting.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";
import { ago } from "./threads.js";
import { thumbnail } from "./thumbnail.js";

/**
 * A workflow of the list.
 * @param {any} item as the server lists it
 * @param {{share: (item: any) => void, save: (item: any) => void, remove: (item: any) => void}} actions
 */
export function card(item, actions) {
  const { workflow, title, nodeCount, changedAtMilliseconds, role } = item;
  const name = title || workflow;
  const facts = [
    nodeCount === undefined ? "" : counted(nodeCount, "node"), changedAtMilliseconds ? ago(changedAtMilliseconds, Date.now()) : "",
    role === "owner" || role === "editor" || role === "runner" ? "" : `you may ${role === "viewer" ? "look" : "comment"}`,
  ].filter(Boolean).join(" · ");
  const tool = (symbol, label, act) => make("button", {
    type: "button", class: "plain icon", title: label, "aria-label": `${label}: ${name}`, onClick: act,
  }, icon(symbol, 16));
  const link = make("a", { href: `/w/${encodeURIComponent(workflow)}`, class: "card-link" }, make("span", { class: "card-title" }, name));
  return make("li", { class: "card", "data-workflow": workflow },
    thumbnail(item.sketch),
    make("div", { class: "card-words" }, link, make("small", { class: "quiet" }, facts)),
    make("div", { class: "card-tools" },
      tool("share", "Share", () => actions.share(item)), tool("save", "Export", () => actions.save(item)),
      role === "owner" && tool("remove", "Delete", () => actions.remove(item))));
}
