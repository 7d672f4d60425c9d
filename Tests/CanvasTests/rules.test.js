import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "./support/assets.js";
import { Sheet } from "./support/document.js";

const { connectFault } = await asset("connect-rules.js");
const { findTypes, byCategory } = await asset("palette-search.js");
const { portPlace, portsOf } = await asset("ports.js");

const sheet = Sheet.of({ one: "number", two: "number", three: "number", sum: "opNode", show: "vizNode", text: "textOpNode" }, [["one", "sum"], ["two", "sum"], ["sum", "text"]]);
const fault = (source, target, more = {}) => connectFault(sheet.document, { source, target, ...more });

test("what can be connected can, with a reason for what cannot", () => {
  assert.equal(fault("sum", "show"), null);
  assert.match(fault("sum", "sum"), /own input/);
  assert.match(fault("one", "sum"), /connected already/);
  assert.match(fault("three", "sum"), /takes 2 inputs and has them/);
  assert.match(fault("sum", "one"), /takes no input/);
  assert.match(fault("sum", "nowhere"), /no longer there/);
  const loop = Sheet.of({ a: "textOpNode", b: "textOpNode" }, [["a", "b"]]);
  assert.match(connectFault(loop.document, { source: "b", target: "a" }), /close a loop/);
});

test("an edge that is drawn elsewhere gives its place free", () => {
  const moved = { source: "one", sourceHandle: null, target: "sum", targetHandle: null };
  assert.equal(connectFault(sheet.document, { source: "three", target: "sum" }, moved), null);
});

test("another handle is another edge", () => {
  const branch = Sheet.of({ c: "conditionNode", t: "textOpNode" }, [["c", "t"]]);
  assert.match(connectFault(branch.document, { source: "c", target: "t" }), /connected already/);
  assert.equal(connectFault(branch.document, { source: "c", sourceHandle: "true", target: "t" }), null);
});

test("an edge let go where it was is no fault; one drawn to where another is, is one", () => {
  const key = { source: "one", sourceHandle: null, target: "sum", targetHandle: null };
  assert.equal(connectFault(sheet.document, key, key), null);
  assert.match(connectFault(sheet.document, key, { ...key, source: "two" }), /connected already/);
});

test("a type of nobody's takes and gives", () => {
  const odd = Sheet.of({ a: "somethingElse", b: "somethingElse" });
  assert.equal(connectFault(odd.document, { source: "a", target: "b" }), null);
  assert.deepEqual(portsOf({ type: "somethingElse", data: {} }, { out: [], into: [] }), { out: [null], into: [null] });
});

test("ports share their side evenly", () => assert.deepEqual([null, "true", "false"].map((handle, _, all) => portPlace(all, handle)), [0.25, 0.5, 0.75]));

test("the palette finds by title, by what it does, and with the title first", () => {
  assert.equal(findTypes("num")[0].type.engineName, "number");
  assert.ok(findTypes("fetches url").some(({ type }) => type.engineName === "http"));
  assert.equal(findTypes("text")[0].title.startsWith("Text"), true);
  assert.deepEqual(findTypes("no such thing"), []);
  const all = findTypes("");
  assert.equal(byCategory(all).reduce((sum, [, entries]) => sum + entries.length, 0), all.length);
});
