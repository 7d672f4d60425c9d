import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { asset } from "./support/assets.js";
import { Sheet } from "./support/document.js";

const { placeClipping, readClipping, withOwnLabels, writeClipping } = await asset("clipping.js");
let made = 0;
const newID = (word) => `${word}-${(made += 1)}`;

test("what is copied comes back elsewhere with its settings, its edges and ids of its own", () => {
  const sheet = Sheet.of({ a: "number", b: "vizNode", c: "vizNode" }, [["a", "b"], ["a", "c"]]);
  sheet.edit((t) => { t.setNode("a", { "data.value": 3, width: 300 }); t.setEdge({ source: "a", target: "b" }, { label: "x", "data.weight": 2 }); });
  const text = writeClipping(sheet.document, ["a", "b"], (id) => sheet.document.node(id).fields.position);
  const { nodes, edges } = placeClipping(readClipping(text), newID, { shift: { x: 5, y: 7 } });
  assert.deepEqual(nodes.map(({ type, position, data, width }) => ({ type, position, data, width })), [
    { type: "number", position: { x: 5, y: 7 }, data: { value: 3 }, width: 300 }, { type: "vizNode", position: { x: 305, y: 7 }, data: {}, width: undefined },
  ]);
  assert.equal(edges.length, 1);
  assert.deepEqual(edges[0], { key: { source: nodes[0].id, sourceHandle: null, target: nodes[1].id, targetHandle: null }, fields: { label: "x", "data.weight": 2 } });
  assert.ok(!nodes.some(({ id }) => ["a", "b", "c"].includes(id)));
});

test("a group comes with what is inside, and what is inside keeps its place in it", () => {
  const sheet = Sheet.of({ group: "group", inside: "number" });
  sheet.edit((t) => t.setNode("inside", { parentId: "group", position: { x: 10, y: 20 } }));
  const text = writeClipping(sheet.document, ["group", "inside"], () => ({ x: 0, y: 0 }));
  const { nodes } = placeClipping(readClipping(text), newID, { shift: { x: 100, y: 100 } });
  assert.deepEqual(nodes.map(({ position }) => position), [{ x: 100, y: 100 }, { x: 10, y: 20 }]);
  assert.equal(nodes[1].parentId, nodes[0].id);
});

test("React Flow's own JSON is read, without what belongs to one person's canvas", () => {
  const flow = {
    nodes: [
      { id: "1", type: "numberNode", position: { x: 0, y: 0 }, data: { value: 1, _executionData: {} }, selected: true, dragging: false, measured: { width: 1 }, positionAbsolute: { x: 9, y: 9 } },
      { id: "2", type: "vizNode", data: null }, { id: 3, type: "vizNode" }, null,
    ],
    edges: [{ id: "e", source: "1", target: "2", selected: true, animated: true }, { source: "1", target: "2" }, { source: "1", target: "gone" }, { source: "1", target: "1" }],
    viewport: { x: 0, y: 0, zoom: 1 },
  };
  for (const text of [flow, { title: "x", canvas: flow }, { data: flow }].map((each) => JSON.stringify(each))) {
    const { nodes, edges } = placeClipping(readClipping(text), newID, { middle: { x: 100, y: 30 } });
    assert.deepEqual(nodes.map(({ id: _, ...rest }) => rest), [
      { type: "numberNode", position: { x: 0, y: 0 }, data: { value: 1 } }, { type: "vizNode", position: { x: 0, y: 0 }, data: {} },
    ]);
    assert.deepEqual(edges.map(({ fields }) => fields), [{ animated: true }]);
  }
});

test("a copy has a label of its own, and so have copies of one clipping", () => {
  const nodes = ["Price", "Price", "", undefined, "Step 9", "alone", "a\nb"].map((label) => ({ id: "x", data: { label } }));
  assert.deepEqual(withOwnLabels(nodes, ["Price", "Price 2", "Step 9", "a\nb"]).map(({ data }) => data.label), ["Price 3", "Price 4", "", undefined, "Step 10", "alone", "a\nb 2"]);
});

test("other texts are no clippings", () => {
  for (const text of ["", "hello", "{}", "[]", "null", "{\"nodes\": []}", "{\"nodes\": [{\"id\": 1}]}", "{\"nodes\": 5}"]) assert.equal(readClipping(text), null, text);
});

test("fields of any name survive, also those that objects have by themselves", () => {
  const text = "{\"nodes\": [{\"id\": \"1\", \"type\": \"number\", \"data\": {\"constructor\": 1, \"toString\": 2}}]}";
  const { nodes } = placeClipping(readClipping(text), newID, { middle: { x: 0, y: 0 } });
  assert.deepEqual(Object.keys(nodes[0].data), ["constructor", "toString"]);
});

const samples = new URL("../../../shared/canvas/", import.meta.url);
test("exports of Thaiyyal are read whole", { skip: existsSync(samples) ? false : "the samples are not here" }, () => {
  const text = readFileSync(new URL("22-synthetic-1000.json", samples), "utf8");
  const { nodes, edges } = placeClipping(readClipping(text), newID, { middle: { x: 0, y: 0 } });
  assert.deepEqual([nodes.length, edges.length], [1001, 1800]);
});
