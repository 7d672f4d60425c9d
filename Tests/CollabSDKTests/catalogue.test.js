// The catalogue of node types, and what it says about settings, against the server's implementation.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nodeIssues, nodeType, nodeTypes } from "../../Sources/CollabSDK/src/index.js";
import { program } from "./support/programs.js";

test("the SDK's catalogue is the server's; make catalogue writes it anew", () => {
  const made = execFileSync(program("history-stream"), ["catalogue"], { encoding: "utf8" });
  assert.equal(readFileSync(new URL("../../Sources/CollabSDK/src/catalogue.js", import.meta.url), "utf8"), made);
  assert.ok(nodeTypes.length > 20);
  assert.equal(nodeType("textOpNode"), nodeType("text_operation"));
  assert.equal(nodeType("nobody"), null);
});

test("[GV4] a node as the palette makes it lacks inputs at most, and what has no default", () => {
  for (const type of nodeTypes) {
    const values = new Map([["type", JSON.stringify(type.canvasName)], ...type.settings.filter((each) => "initial" in each).map(({ name, initial }) => [`data.${name}`, JSON.stringify(initial)])]);
    const codes = nodeIssues("n", type.inputsMin, (field) => values.get(field) ?? null).map(({ code }) => code);
    assert.deepEqual(codes.filter((code) => code !== "setting_missing"), [], type.canvasName);
  }
});

test("[GV4] what is wrong with a setting, by its kind", () => {
  const cases = [
    ["number", "value", "1e3", null], ["number", "value", "\"1\"", "value must be a number."], ["text_input", "text", "\"\"", null],
    ["text_input", "text", "1", "text must be a text."], ["operation", "op", "\"add\"", null],
    ["operation", "op", "\"power\"", "op must be one of add, subtract, multiply, divide."], ["operation", "op", "[]", "op must be a text."],
    ["for_each", "max_iterations", "10", null], ["for_each", "max_iterations", "10.0", "max_iterations must be a whole number."],
    ["for_each", "max_iterations", "1e1", "max_iterations must be a whole number."], ["for_each", "max_iterations", "9223372036854775807", "max_iterations must be a whole number."],
    ["for_each", "max_iterations", "true", "max_iterations must be a whole number."], ["delay", "duration", "5", "duration must be a duration such as 500ms."],
    ["try_catch", "continue_on_error", "0", "continue_on_error must be true or false."], ["extract", "fields", "[\"a\"]", null],
    ["extract", "fields", "[1]", "fields must be a list of texts."], ["extract", "fields", "\"a\"", "fields must be a list of texts."],
    ["switch", "cases", "[{\"when\":\"x\",\"output_path\":null}]", null],
    ["switch", "cases", "[{\"when\":1}]", "cases must be a list of cases with the texts when and output_path."], ["switch", "cases", "{}", "cases must be a list of cases."],
    ["cache", "ttl", "null", null], ["accumulator", "initial_value", "{}", null], ["number", "value", "1,", "value is no JSON."],
  ];
  for (const [name, setting, value, expected] of cases) {
    const found = nodeIssues("n", 9, (field) => (field === "type" ? JSON.stringify(name) : field === `data.${setting}` ? value : null));
    const texts = found.filter(({ code, field }) => code === "setting_invalid" && field === `data.${setting}`).map(({ text }) => text);
    assert.deepEqual(texts, expected === null ? [] : [expected], `${name}.${setting} = ${value}`);
  }
});
