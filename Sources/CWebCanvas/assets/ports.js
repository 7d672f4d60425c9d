// The ports of a node: what its type and settings offer, and what its edges use. Pure.
import { nodeType } from "./sdk/issues.js";
import { compareText } from "./sdk/text.js";
import { engineName } from "./labels.js";

const isText = (value) => typeof value === "string" && value !== "";

/** Named ways out of a node; null is the port without a name, which all have. */
function offeredOut(type, data) {
  const name = engineName(type);
  if (name === "condition") return [null, "true", "false"];
  if (name !== "switch") return [null];
  const cases = Array.isArray(data.cases) ? data.cases.map((item) => item?.output_path).filter(isText) : [];
  return [null, ...new Set([...cases, ...(isText(data.default_path) ? [data.default_path] : [])])];
}

function offeredIn(type) {
  return nodeType(type)?.inputsMax === 0 ? [] : [null];
}

/** @param {(string | null)[]} offered @param {(string | null)[]} used in any order @returns {(string | null)[]} used ones that nobody offers come last */
function together(offered, used) {
  const more = [...new Set(used.filter((handle) => !offered.includes(handle)))];
  return [...offered, ...more.sort((a, b) => compareText(a ?? "", b ?? ""))];
}

/**
 * @param {{type: string, data: Record<string, any>}} node
 * @param {{out: (string | null)[], into: (string | null)[]}} used handles of the edges at it
 * @returns {{out: (string | null)[], into: (string | null)[]}}
 */
export function portsOf({ type, data }, used) {
  return { out: together(offeredOut(type, data), used.out), into: together(offeredIn(type), used.into) };
}

/** Where a port sits along its side, 0 to 1. */
export function portPlace(handles, handle) {
  return (Math.max(0, handles.indexOf(handle)) + 1) / (handles.length + 1);
}
