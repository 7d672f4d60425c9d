import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "./support/assets.js";
import { Sheet } from "./support/document.js";

const { controlOf, readSetting, writeSetting } = await asset("field-values.js");
const { ago, threadsOf } = await asset("threads.js");
const { saveText, linkText } = await asset("save-state.js");
const { initials } = await asset("people.js");
const { nodeTypes } = await import("../../Sources/CollabSDK/src/catalogue.js");

test("every setting of the catalogue has a control, and its initial value comes back out of it", () => {
  const known = new Set(["line", "lines", "number", "choice", "switch", "json"]);
  for (const { settings } of nodeTypes) {
    for (const setting of settings) {
      assert.ok(known.has(controlOf(setting)), setting.name);
      if (setting.initial === undefined || setting.kind === "bool") continue;
      const { value, fault } = readSetting(setting, writeSetting(setting, setting.initial));
      assert.equal(fault, undefined, setting.name);
      if (setting.initial !== "") assert.deepEqual(value, setting.initial, setting.name);
    }
  }
});

test("numbers, whole numbers, durations", () => {
  const number = { name: "value", kind: "number", need: "always" };
  assert.deepEqual(readSetting(number, "1.5"), { value: 1.5 });
  assert.deepEqual(readSetting(number, " "), { value: undefined });
  for (const text of ["x", "1e999", "NaN", "0x"]) assert.ok(readSetting(number, text).fault, text);
  const integer = { name: "n", kind: "integer" };
  assert.deepEqual(readSetting(integer, "12"), { value: 12 });
  assert.ok(readSetting(integer, "1.5").fault);
  const duration = { name: "d", kind: "duration" };
  for (const text of ["10s", "1h30m", "500ms", "1.5s"]) assert.deepEqual(readSetting(duration, text), { value: text });
  for (const text of ["10", "s", "1 s", "soon"]) assert.ok(readSetting(duration, text).fault, text);
});

test("a text that must be there may be empty, another is unset then", () => {
  assert.deepEqual(readSetting({ name: "text", kind: "string", need: "always" }, ""), { value: "" });
  assert.deepEqual(readSetting({ name: "separator", kind: "string" }, ""), { value: undefined });
});

test("any value: JSON, or a text without quotation marks; what looks like something else is quoted", () => {
  const any = { name: "context_value", kind: "anything" };
  for (const value of ["hello", "5", "true", "", " ", "{", "[x", "\"quoted\"", 5, true, null, [1], { a: 1 }]) {
    if (value === null) continue;
    const { value: read, fault } = readSetting(any, writeSetting(any, value));
    assert.equal(fault, undefined, JSON.stringify(value));
    assert.deepEqual(read, value);
  }
  assert.match(readSetting(any, "{oops").fault, /no JSON/);
});

test("lists are lines, cases are JSON with a say about what is wrong", () => {
  const strings = { name: "fields", kind: "strings" };
  assert.deepEqual(readSetting(strings, "a\n\n b \n"), { value: ["a", "b"] });
  assert.equal(writeSetting(strings, ["a", "b"]), "a\nb");
  const cases = { name: "cases", kind: "cases" };
  assert.deepEqual(readSetting(cases, "[{\"when\": \"x\"}]"), { value: [{ when: "x" }] });
  assert.match(readSetting(cases, "{}").fault, /list of cases/);
});

test("[DO7] threads: a first remark with its answers by time; answers to answers; what has lost its first remark stands for itself", () => {
  const sheet = new Sheet();
  const add = (id, fields) => sheet.edit((t) => t.addComment(id, fields));
  add("b", { text: "second", author: "Bo", at: 2, parent: "a" });
  add("a", { text: "first", author: "Ada", at: 1, anchor: { node: "n" } });
  add("c", { text: "third", at: 3, parent: "b" });
  add("lost", { text: "lost", at: 4, parent: "gone", anchor: { x: 1, y: 2 }, resolved: true });
  add("loop", { text: "loop", at: 5, parent: "loop" });
  const threads = threadsOf(sheet.document);
  assert.deepEqual(threads.map(({ id, anchor, isResolved, remarks }) => [id, anchor, isResolved, remarks.map(({ text }) => text)]), [
    ["a", { node: "n" }, false, ["first", "second", "third"]], ["lost", { x: 1, y: 2 }, true, ["lost"]], ["loop", null, false, ["loop"]],
  ]);
  assert.equal(threads[0].remarks[2].author, "somebody");
});

test("[DO7] two remarks that name each other as parents hang nobody up", () => {
  const sheet = new Sheet();
  sheet.edit((t) => { t.addComment("a", { text: "a", parent: "b" }); t.addComment("b", { text: "b", parent: "a" }); });
  assert.deepEqual(threadsOf(sheet.document), []);
});

test("how long ago", () => {
  assert.deepEqual([0, 59, 60, 3600, 86_400, 3 * 86_400].map((seconds) => ago(0, seconds * 1000)), ["now", "now", "1 min ago", "1 h ago", "24 h ago", "3 days ago"]);
});

test("the save state says what is true", () => {
  assert.equal(saveText({ state: "saved", waiting: 0 }, "", "EDITOR").text, "Saved");
  assert.equal(saveText({ state: "saving", waiting: 3 }, "", "EDITOR").text, "Saving 3");
  assert.equal(saveText({ state: "offline", waiting: 2 }, "", "EDITOR").text, "Offline, 2 waiting");
  assert.equal(saveText({ state: "unsaved", waiting: 2 }, "", "EDITOR").tone, "bad");
  assert.equal(saveText({ state: "readonly", waiting: 0 }, "why", "COMMENTER").text, "Comments only");
  assert.match(linkText({ state: "offline", retryInMilliseconds: 2100, text: "" }).text, /again in 2 s/);
});

test("initials", () => assert.deepEqual(["Ada Lovelace", "bo", " ", "李 小龙", "bot18", "Guest 842", "7"].map(initials), ["AL", "BO", "?", "李小", "B18", "G42", "7"]));
