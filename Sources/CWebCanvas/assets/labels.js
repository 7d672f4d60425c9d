// What a node says about itself: the kind of its type, its name, its most telling setting.
import { nodeType } from "./sdk/issues.js";
import { fromJSONText } from "./sdk/json.js";

const kinds = {
  input: ["number", "text_input", "range", "http"],
  work: ["operation", "text_operation", "transform", "extract", "filter", "map", "reduce", "format", "parse", "expression", "bar_chart"],
  control: ["condition", "switch", "for_each", "while_loop", "parallel", "join", "split", "delay"],
  state: ["variable", "accumulator", "counter", "cache"],
  guard: ["retry", "try_catch", "timeout"],
  output: ["visualization", "viz"],
  context: ["context_variable", "context_constant"],
};
const kindOf = new Map(Object.entries(kinds).flatMap(([kind, types]) => types.map((type) => [type, kind])));
const titles = new Map(Object.entries({ http: "HTTP request", for_each: "For each", while_loop: "While loop", try_catch: "Try / catch" }));

/** `textInputNode` and `text_input` are one type: the canvas' name and the engine's. */
export function engineName(type) {
  const known = nodeType(type);
  if (known) return known.engineName;
  return type.replace(/Node$/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What people call a type: `Text input`. */
export function typeTitle(type) {
  const name = engineName(type);
  return titles.get(name) ?? (name === "" ? "No type" : name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " "));
}

export const typeKind = (type) => kindOf.get(engineName(type)) ?? "other";

const settingTitles = new Map(Object.entries({
  op: "Operation", text_op: "Operation", var_op: "Operation", accum_op: "Operation", counter_op: "Operation", cache_op: "Operation", var_name: "Variable", repeat_n: "Times",
  url: "URL", ttl: "Time to live",
}));

/** A setting's name as people read it: `max_iterations` is `Max iterations`. */
export const settingTitle = (name) => settingTitles.get(name) ?? titled(name);

/** A word of the catalogue with a capital and without underscores. */
export const titled = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** A field of a node or of the workflow, as people read it. */
export const fieldTitle = (field) => (field === "type" ? "Type" : field === "parentId" ? "Group" : settingTitle(field.startsWith("data.") ? field.slice(5) : field));

const telling = ["value", "text", "condition", "op", "text_op", "expression", "mode", "field", "var_name", "context_name", "url", "duration", "timeout"];
const lengthMax = 60;
const labelMax = 200;

/** @param {import("./sdk/document.js").NodeView} node */
export function describe({ type, data }) {
  const key = telling.find((name) => data[name] !== undefined) ?? Object.keys(data).find((name) => name !== "label" && !name.startsWith("_"));
  const title = typeTitle(type);
  const isNamed = typeof data.label === "string" && data.label !== "";
  const setting = key ? brief(data[key]) : "";
  return { kind: typeKind(type), title, label: isNamed ? brief(data.label, labelMax) : title, isNamed, setting };
}

export function brief(value, max = lengthMax) {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** A node's name where there are many: its label, else its type. */
export function nodeCall(document, id) {
  const label = fromJSONText(document.value(id, "data.label"));
  return typeof label === "string" && label !== "" ? brief(label, labelMax) : nodeName(document, id);
}

/** A node's name in a sentence; also of one that was removed, as long as the document remembers it. */
export function nodeName(document, id) {
  const read = (field) => fromJSONText(document.value(id, field));
  const [type, label] = [read("type"), read("data.label")];
  if (typeof type !== "string") return id;
  return typeof label === "string" && label !== "" ? `${brief(label, labelMax)}, ${typeTitle(type)}` : typeTitle(type);
}
