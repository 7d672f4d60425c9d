import { make } from "./dom.js";

const textMax = 280;
const rowsMax = 12;
const columnsMax = 8;
const depthMax = 2;

/**
 * A value as people read it: texts and numbers as they are, a list of objects as a table, other lists and objects as lists; long ones folded.
 * @param {unknown} value
 */
export function valueView(value, depth = 0) {
  if (value === null || value === undefined) return make("span", { class: "quiet" }, "nothing");
  if (typeof value === "string") return folded(value, (text) => make("p", { class: "said" }, text), value === "" ? "empty text" : "");
  if (typeof value !== "object") return make("span", { class: "scalar" }, String(value));
  if (depth >= depthMax) return code(value);
  if (Array.isArray(value)) return listView(value, depth);
  return objectView(value, depth);
}

function listView(list, depth) {
  if (list.length === 0) return make("span", { class: "quiet" }, "empty list");
  if (list.every(isObject)) return tableView(list);
  if (list.every((item) => typeof item !== "object")) return folded(list.map(String).join(", "), (text) => make("p", { class: "said" }, text));
  const shown = list.slice(0, rowsMax).map((item) => make("li", {}, valueView(item, depth + 1)));
  return make("div", {}, make("ol", { class: "value-list", start: 0 }, ...shown), rest(list));
}

function tableView(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, columnsMax);
  const cell = (value) => make("td", { class: typeof value === "number" ? "number" : null }, value === undefined ? "" : typeof value === "object" ? code(value) : String(value));
  return make("div", { class: "value-table", tabindex: 0, role: "region", "aria-label": `Table of ${rows.length} rows` },
    make("table", {},
      make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, ...rows.slice(0, rowsMax).map((row) => make("tr", {}, ...columns.map((name) => cell(row[name])))))),
    rest(rows));
}

function objectView(object, depth) {
  const entries = Object.entries(object);
  if (entries.length === 0) return make("span", { class: "quiet" }, "empty object");
  return make("div", {},
    make("dl", { class: "value-object" }, ...entries.slice(0, rowsMax).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, valueView(value, depth + 1))))),
    rest(entries));
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const rest = (items) => items.length > rowsMax && make("details", {}, make("summary", {}, `${items.length - rowsMax} more`), code(items.slice(rowsMax)));
const code = (value) => folded(JSON.stringify(value, null, 1), (text) => make("code", {}, text));

function folded(text, view, blank = "") {
  if (blank) return make("span", { class: "quiet" }, blank);
  if (text.length <= textMax) return view(text);
  return make("details", {}, make("summary", {}, `${text.slice(0, 80)}…`, make("span", { class: "quiet" }, ` ${text.length} characters`)), view(text));
}
