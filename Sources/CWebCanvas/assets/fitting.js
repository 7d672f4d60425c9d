import { utf8Length } from "./sdk/text.js";

/**
 * As many items from the first on as fit into so many bytes of JSON: presence is bounded [PR1], ids may be long.
 * @template Item @param {Iterable<Item>} items @param {number} bytesMax @returns {Item[]}
 */
export function fitting(items, bytesMax) {
  const taken = [];
  let bytes = 0;
  for (const item of items) {
    bytes += utf8Length(JSON.stringify(item)) + 1;
    if (bytes > bytesMax) break;
    taken.push(item);
  }
  return taken;
}
