// What differs between a state of before and now, line by line. Pure.
import { brief, fieldTitle } from "./labels.js";

const shown = (value) => (value === undefined ? "not set" : brief(value));
const ends = ({ source, target }, name) => `${name(source)} → ${name(target)}`;
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/**
 * @param {import("./sdk/diff.js").diffDocuments extends (...args: any) => infer Diff ? Diff : never} diff from then to now
 * @param {(id: string) => string} name
 * @returns {{kind: "added" | "removed" | "changed" | "moved", text: string, node?: string}[]}
 */
export function differenceWords({ nodes, edges, comments, workflow }, name) {
  const lines = [];
  const say = (kind, text, node = undefined) => lines.push({ kind, text, node });
  for (const { field, from, to } of workflow) say("changed", `${fieldTitle(field)} of the workflow: ${shown(from)} → ${shown(to)}`);
  for (const { id } of nodes.added) say("added", `${name(id)} was added`, id);
  for (const { id } of nodes.removed) say("removed", `${name(id)} was removed`, id);
  for (const { node, fields } of nodes.reconfigured) {
    for (const { field, from, to } of fields) say("changed", `${name(node)}, ${fieldTitle(field)}: ${shown(from)} → ${shown(to)}`, node);
  }
  for (const { node, from, to } of nodes.relabelled) say("changed", `${name(node)}, name: ${shown(from)} → ${shown(to)}`, node);
  for (const edge of edges.added) say("added", `${ends(edge, name)} was connected`);
  for (const edge of edges.removed) say("removed", `${ends(edge, name)} was disconnected`);
  for (const { edge } of edges.changed) say("changed", `${ends(edge, name)} was changed`);
  const connected = new Set([...edges.added, ...edges.removed].map(({ target }) => target));
  for (const id of nodes.rewired) if (!connected.has(id)) say("changed", `${name(id)}: its inputs have another order`, id);
  const places = nodes.moved.filter(({ fields }) => fields.some(({ field }) => field === "position")).map(({ node }) => node);
  if (places.length === 1) say("moved", `${name(places[0])} was moved`, places[0]);
  else if (places.length > 1) say("moved", `${count(places.length, "node")} were moved`);
  const looks = nodes.moved.length - places.length;
  if (looks > 0) say("moved", `${count(looks, "node")} look${looks === 1 ? "s" : ""} different`);
  const remarks = comments.added.length + comments.removed.length + comments.changed.length;
  if (remarks > 0) say("moved", `${count(remarks, "comment")} differ${remarks === 1 ? "s" : ""}; restoring leaves comments as they are`);
  return lines;
}
