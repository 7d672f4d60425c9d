import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "./support/assets.js";
import { encodeMessage } from "../../Sources/CollabSDK/src/codec.js";
import { defaultLimits } from "../../Sources/CollabSDK/src/options.js";

const { fitting } = await asset("fitting.js");

test("from the first on, by bytes and not by letters", () => {
  assert.deepEqual(fitting(["aa", "bb", "cc"], 10), ["aa", "bb"]);
  assert.deepEqual(fitting(["ää", "bb"], 7), ["ää"]);
  assert.deepEqual(fitting([], 10), []);
  assert.deepEqual(fitting(["a long one", "b"], 5), []);
});

test("[PR1] the longest ids, all selected and all dragged, stay within a presence message", () => {
  const ids = Array.from({ length: 500 }, (_, index) => `${index}`.padEnd(256, "x"));
  const state = {
    cursor: { x: -12345.678901234567, y: 1 / 3 }, viewport: { x: -1 / 3, y: 1 / 7, zoom: 1 / 3 }, editing: `${ids[0]} data.${"f".repeat(250)}`,
    selectedNodes: fitting(ids, 1000), selectedEdges: fitting(ids.map((source) => ({ source, sourceHandle: null, target: source, targetHandle: null })), 600),
    dragging: fitting(ids.map((node) => ({ node, position: { x: -1234.5678901234567, y: 1 / 3 } })), 1800),
  };
  const bytes = Buffer.byteLength(encodeMessage("PresenceState", state));
  assert.ok(bytes > 2000 && bytes <= defaultLimits.presenceBytesMax, `${bytes} bytes`);
});
