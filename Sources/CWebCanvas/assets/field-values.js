// Between a setting's value and what stands in its control. Pure.
import { settingFault } from "./sdk/issues.js";

/**
 * What a person's text means for a setting.
 * @param {any} setting of the catalogue @param {string} text
 * @returns {{value?: any, fault?: string}} `value` undefined: unset
 */
export function readSetting(setting, text) {
  const { kind } = setting;
  const isBlank = text.trim() === "";
  if (kind === "string" || kind === "choice" || kind === "duration") {
    if (isBlank && setting.need !== "always") return { value: undefined };
    if (kind === "duration" && !/^\s*([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+\s*$/.test(text)) return { fault: "Say a duration such as 500ms, 10s or 1h30m." };
    return { value: kind === "duration" ? text.trim() : text };
  }
  if (kind === "strings") return { value: text.split("\n").map((line) => line.trim()).filter(Boolean) };
  if (isBlank) return { value: undefined };
  if (kind === "number" || kind === "integer") {
    const value = Number(text);
    if (!Number.isFinite(value)) return { fault: "This is no number." };
    const fault = settingFault(JSON.stringify(value), setting);
    return fault ? { fault: "This must be a whole number." } : { value };
  }
  try {
    const value = JSON.parse(text);
    const fault = settingFault(JSON.stringify(value), setting);
    return fault ? { fault } : { value };
  } catch (error) {
    // What is written without quotation marks and is no JSON is taken for a text where any value may stand.
    if (kind === "anything" && !/^[\s]*[[{"]/.test(text)) return { value: text };
    return { fault: `This is no JSON: ${error.message}` };
  }
}

/** What a control shows for a value. @returns {string} */
export function writeSetting(setting, value) {
  if (value === undefined || value === null) return "";
  const { kind } = setting;
  if (kind === "strings" && Array.isArray(value)) return value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join("\n");
  if (kind === "anything" && typeof value === "string") return isPlain(value) ? value : JSON.stringify(value);
  if (typeof value === "string") return value;
  return JSON.stringify(value, null, kind === "cases" || typeof value === "object" ? 2 : 0);
}

/** Whether a text read without quotation marks comes out as itself. */
function isPlain(text) {
  if (text.trim() === "" || /^[\s]*[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

/** How a setting is edited. @returns {"line" | "lines" | "number" | "choice" | "switch" | "json"} */
export function controlOf({ kind, name }) {
  if (kind === "number" || kind === "integer") return "number";
  if (kind === "choice") return "choice";
  if (kind === "bool") return "switch";
  if (kind === "strings") return "lines";
  if (kind === "cases") return "json";
  if (kind === "anything") return "line";
  return name === "text" || name === "expression" ? "lines" : "line";
}
