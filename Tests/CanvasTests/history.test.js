import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "./support/assets.js";
import { Sheet } from "./support/document.js";
import { diffDocuments } from "../../Sources/CollabSDK/src/diff.js";
import { decodeSnapshot } from "../../Sources/CollabSDK/src/snapshot.js";
import { encodeSnapshot } from "../../Sources/CollabSDK/src/snapshot-writer.js";

const { differenceWords } = await asset("history-words.js");

test("a comparison is told line by line, what is done most seldom first", () => {
  const sheet = Sheet.of({ one: "number", two: "number", sum: "operation" }, [["one", "sum"], ["two", "sum"]]);
  const then = decodeSnapshot(encodeSnapshot(sheet.document));
  assert.deepEqual(differenceWords(diffDocuments(then, sheet.document), String), []);
  sheet.edit((t) => {
    t.setMeta("title", "Sums");
    t.addNode({ id: "show", type: "visualization", position: { x: 0, y: 0 } });
    t.setNode("one", { "data.value": 7, "data.label": "Seven", position: { x: 9, y: 9 } });
    t.setNode("sum", { position: { x: 1, y: 1 }, width: 300 });
    t.removeNode("two");
    t.connect({ source: "sum", target: "show" });
  });
  assert.deepEqual(differenceWords(diffDocuments(then, sheet.document), (id) => id.toUpperCase()), [
    { kind: "changed", text: "Title of the workflow: not set → Sums", node: undefined },
    { kind: "added", text: "SHOW was added", node: "show" },
    { kind: "removed", text: "TWO was removed", node: "two" },
    { kind: "changed", text: "ONE, Value: not set → 7", node: "one" },
    { kind: "changed", text: "ONE, name: not set → Seven", node: "one" },
    { kind: "added", text: "SUM → SHOW was connected", node: undefined },
    { kind: "removed", text: "TWO → SUM was disconnected", node: undefined },
    { kind: "moved", text: "2 nodes were moved", node: undefined },
  ]);
});

test("the order of inputs is meaning, and is told where nothing else says it", () => {
  const sheet = Sheet.of({ one: "number", two: "number", sum: "operation" }, [["one", "sum"], ["two", "sum"]]);
  const then = decodeSnapshot(encodeSnapshot(sheet.document));
  sheet.edit((t) => { t.disconnect({ source: "one", target: "sum" }); t.connect({ source: "one", target: "sum" }); });
  assert.deepEqual(differenceWords(diffDocuments(then, sheet.document), String), [{ kind: "changed", text: "sum: its inputs have another order", node: "sum" }]);
});
