import { nodeTypes } from "./catalogue.js";
import { fromJSONText, jsonFault, stringFrom } from "./json.js";
import { compareEdgeKeys, compareText, edgeText } from "./text.js";

export { nodeTypes };

const byName = new Map(nodeTypes.flatMap((type) => [[type.engineName, type], [type.canvasName, type]]));
/** What plug-ins of the server bring, as it said last. */
let otherTypes = [];

/** What is known about a type by its name in the engine or on the canvas; null for one that nobody knows. @param {string} name */
export const nodeType = (name) => byName.get(name) ?? otherTypes.find((type) => type.engineName === name) ?? null;

/** The types that are built in, then those of the server's plug-ins. */
export const allNodeTypes = () => [...nodeTypes, ...otherTypes];

/**
 * Takes the types of plug-ins from a server's catalogue, in the place of those known before; those that are built in stay as they are here.
 * @param {{types: object[]}} catalogue what `/api/v1/catalogue` answers
 */
export function takeCatalogue({ types }) {
  otherTypes = types.filter(({ type }) => !byName.has(type)).map(fromCatalogue);
}

/**
 * Asks the server which types of nodes it runs; from then on `nodeType`, `allNodeTypes` and the findings made here know its plug-ins.
 * @param {string} url of the server @param {{token?: string, fetch?: typeof fetch}} how
 * @throws {Error} when the server does not answer with a catalogue
 */
export async function fetchCatalogue(url, { token = "", fetch = globalThis.fetch } = {}) {
  const address = new URL("/api/v1/catalogue", url);
  address.protocol = address.protocol.replace("ws", "http");
  const answer = await fetch(address, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  if (!answer.ok) throw new Error(`the server has no catalogue to show: ${answer.status}`);
  takeCatalogue(await answer.json());
}

function fromCatalogue({ type, canvas_type: canvasName, category, description, inputs, settings }) {
  const port = inputs[0] ?? { min: 0, max: 0 };
  return Object.freeze({
    engineName: type, canvasName, category, summary: description, inputsMin: port.min, inputsMax: port.max, settings: settings.map(settingFrom),
  });
}

function settingFrom({ name, type, description, required, values, initial }) {
  const kind = { boolean: "bool", any: "anything" }[type] ?? type;
  return Object.freeze({
    name, kind, summary: description, ...(values && { choices: values }), ...(required && { need: "always" }), ...(initial !== undefined && { initial }),
  });
}

/**
 * All findings about the graph, as the server finds and words them [GV4]: for the time without a server, whose own come as `client.issues`.
 *
 * Sorted by node, edge, field and code. O(document).
 * @param {import("./document.js").WorkflowDocument} document
 */
export function documentIssues(document) {
  const issues = [];
  for (const { key, reason } of document.parkedEdges()) issues.push(parked(document, key, reason));
  const bearers = new Map();
  for (const id of document.nodeIds()) {
    const label = labelOf(document, id);
    if (label !== null) bearers.set(label, (bearers.get(label) ?? 0) + 1);
  }
  for (const id of document.nodeIds()) {
    const fault = document.parentFault(id);
    if (fault) {
      const what = fault === "missing" ? "that is not on the canvas" : "that is inside of it";
      issues.push(issue({ code: `parent_${fault}`, node: id, field: "parentId", text: `Node ${id} belongs to a group ${what}.` }));
    }
    const label = labelOf(document, id);
    if (label !== null && bearers.get(label) > 1) {
      issues.push(issue({ code: "name_duplicate", node: id, field: "data.label", text: `Several nodes are called ${label}.` }));
    }
    issues.push(...nodeIssues(id, document.inputCount(id), (field) => document.value(id, field)));
  }
  return issues.sort(compareIssues);
}

/**
 * What the catalogue says about one node.
 * @param {string} id
 * @param {number} inputs visible edges that end at it
 * @param {(field: string) => string | null} valueOf the JSON text of a field
 */
export function nodeIssues(id, inputs, valueOf) {
  const error = (parts) => issue({ severity: "error", node: id, ...parts });
  const name = stringFrom(valueOf("type"));
  if (name === null) return [error({ code: "type_unknown", field: "type", text: "The node's type is no text." })];
  const type = nodeType(name);
  if (!type) return [error({ code: "type_unknown", field: "type", text: `No engine knows the type ${name}.` })];
  const issues = [];
  for (const setting of type.settings) {
    const field = `data.${setting.name}`;
    if (isSet(valueOf(field))) {
      const text = settingFault(valueOf(field), setting);
      if (text) issues.push(error({ code: "setting_invalid", field, text }));
    } else if (isMissing(setting, type, valueOf)) {
      issues.push(error({ code: "setting_missing", field, text: `A ${type.engineName} node needs the setting ${setting.name}.` }));
    }
  }
  if (inputs < type.inputsMin) {
    const needs = type.inputsMin === 1 ? "an input" : `${type.inputsMin} inputs`;
    issues.push(error({ code: "input_missing", text: `A ${type.engineName} node needs ${needs} and has ${inputs}.` }));
  }
  return issues;
}

const isSet = (value) => value !== null && fromJSONText(value) !== null;

/** Whether `data` lacks a setting that it needs. Of a group only the first setting is reported. */
function isMissing(setting, type, valueOf) {
  if (setting.need === "always") return true;
  if (setting.need === "when") return stringFrom(valueOf(`data.${setting.when[0]}`)) === setting.when[1];
  if (setting.need !== "oneOf") return false;
  const group = type.settings.filter((other) => other.group === setting.group);
  return group[0] === setting && !group.some(({ name }) => isSet(valueOf(`data.${name}`)));
}

const kinds = {
  number: "a number", integer: "a whole number", string: "a text", choice: "a text", duration: "a duration such as 500ms", bool: "true or false",
  strings: "a list of texts", cases: "a list of cases", anything: "a value",
};
const isText = (value) => typeof value === "string";
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** One sentence about what is wrong with a value, null when nothing is. @param {string} text @param {object} setting of the catalogue */
export function settingFault(text, { name, kind, choices }) {
  if (jsonFault(text)) return `${name} is no JSON.`;
  const value = JSON.parse(text);
  const right = { anything: true, string: isText(value), duration: isText(value), bool: typeof value === "boolean", number: typeof value === "number" };
  if (right[kind]) return null;
  if (kind === "integer" && typeof value === "number") {
    // The engine reads an integer by its spelling: 1e2 and 1.0 are refused.
    return !/[.eE]/.test(text) && value >= -(2 ** 63) && value < 2 ** 63 ? null : `${name} must be a whole number.`;
  }
  if (kind === "choice" && isText(value)) return choices.includes(value) ? null : `${name} must be one of ${choices.join(", ")}.`;
  if (kind === "strings" && Array.isArray(value)) return value.every(isText) ? null : `${name} must be a list of texts.`;
  if (kind === "cases" && Array.isArray(value)) {
    const isOptionalText = (part) => part === undefined || part === null || isText(part);
    const isRight = value.every((item) => isObject(item) && isOptionalText(item.when) && isOptionalText(item.output_path));
    return isRight ? null : `${name} must be a list of cases with the texts when and output_path.`;
  }
  return `${name} must be ${kinds[kind]}.`;
}

const issue = (parts) => ({ code: "", severity: "warning", node: "", edge: null, field: "", text: "", ...parts });

function parked(document, key, reason) {
  if (reason === "orphan") {
    const missing = document.isVisible(key.source) ? key.target : key.source;
    return issue({ code: "edge_orphan", edge: key, text: `The connection ${edgeText(key)} is set aside because node ${missing} is not on the canvas.` });
  }
  const text = `The connection ${edgeText(key)} is set aside because it would close a loop. Remove it, or another connection of the loop.`;
  return issue({ code: "edge_cycle", severity: "error", edge: key, text });
}

/** What the node is called, as JSON; null when it is not called anything. */
function labelOf(document, id) {
  const label = document.value(id, "data.label");
  return label === "\"\"" || label === "null" ? null : label;
}

/** By node, edge, field and code; what is about none comes first. */
export function compareIssues(a, b) {
  return compareText(a.node, b.node) || compareEdges(a.edge, b.edge) || compareText(a.field, b.field) || compareText(a.code, b.code);
}

function compareEdges(a, b) {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return compareEdgeKeys(a, b);
}
