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

/** The values of a node's registers as JavaScript values; a text that is no JSON counts as unset. */
export function valuesOf(fields) {
  const values = { data: {} };
  for (const [name, { value }] of fields) {
    if (value === null) continue;
    let parsed;
    try { parsed = JSON.parse(value); } catch { continue; }
    if (name.startsWith("data.")) values.data[name.slice(5)] = parsed;
    else values[name] = parsed;
  }
  return values;
}

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
