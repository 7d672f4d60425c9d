// What a node says about itself: the kind of its type, its name, its most telling setting.

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

/** `textInputNode` and `text_input` are one type: the canvas' name and the engine's. */
function engineName(type) {
  const aliases = { op: "operation", text_op: "text_operation" };
  const name = type.replace(/Node$/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return aliases[name] ?? name;
}

/** A node's values in one object, `data` among them. @param node as the document shows it */
export const valuesOf = ({ fields, data }) => ({ ...fields, data });

const telling = ["value", "text", "condition", "op", "text_op", "expression", "mode", "field", "var_name", "context_value", "url", "duration", "timeout"];
const lengthMax = 60;

export function describe(id, values) {
  const type = engineName(typeof values.type === "string" ? values.type : "");
  const key = telling.find((name) => values.data[name] !== undefined)
    ?? Object.keys(values.data).find((name) => name !== "label" && !name.startsWith("_"));
  const label = typeof values.data.label === "string" && values.data.label !== "" ? values.data.label : id;
  return { kind: kindOf.get(type) ?? "", type: type.replaceAll("_", " "), label, setting: key ? `${key}: ${brief(values.data[key])}` : "" };
}

export function brief(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
}
