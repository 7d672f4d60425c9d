// Which types of nodes a few typed words mean. Pure.
import { allNodeTypes } from "./sdk/issues.js";
import { typeTitle } from "./labels.js";

function entryOf(type) {
  const title = typeTitle(type.engineName);
  return { type, title, words: `${title} ${type.engineName} ${type.category} ${type.summary}`.toLowerCase() };
}

/**
 * Types that have every word; those whose title begins with the text come first, then those whose title has it, else in the catalogue's order.
 * @param {string} text empty: all
 * @returns {{type: any, title: string}[]}
 */
export function findTypes(text, fits = (_type) => true) {
  const wanted = text.trim().toLowerCase();
  const words = wanted.split(/\s+/).filter(Boolean);
  const rank = ({ title }) => (title.toLowerCase().startsWith(wanted) ? 0 : title.toLowerCase().includes(wanted) ? 1 : 2);
  const found = allNodeTypes().map(entryOf).filter((entry) => fits(entry.type) && words.every((word) => entry.words.includes(word)));
  return wanted === "" ? found : found.map((entry) => ({ entry, rank: rank(entry) })).sort((a, b) => a.rank - b.rank).map(({ entry }) => entry);
}

/** By category, in the catalogue's order. @returns {[string, {type: any, title: string}[]][]} */
export function byCategory(found) {
  const groups = new Map();
  for (const entry of found) {
    if (!groups.has(entry.type.category)) groups.set(entry.type.category, []);
    groups.get(entry.type.category).push(entry);
  }
  return [...groups];
}
