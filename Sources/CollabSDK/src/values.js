import { fromJSONText } from "./json.js";

// Registers as users of a document see them.

/** The JSON texts of the fields that are set. */
export function texts(registers) {
  const values = {};
  for (const [name, { value }] of registers) if (value !== null) define(values, name, value);
  return values;
}

/** `data.<key>` apart from the other fields; a text that is no JSON counts as unset. */
export function parsed(registers) {
  /** @type {Record<string, any>} */
  const data = {};
  /** @type {Record<string, any>} */
  const fields = {};
  for (const [name, { value }] of registers) {
    const meaning = fromJSONText(value);
    if (meaning === undefined) continue;
    if (name.startsWith("data.")) define(data, name.slice(5), meaning);
    else define(fields, name, meaning);
  }
  return { data: Object.freeze(data), fields: Object.freeze(fields) };
}

/** A field may have any name, `__proto__` too. */
function define(object, name, value) {
  if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}
