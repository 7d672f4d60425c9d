// Text reaches 4.5:1 on what it stands on, in both themes; what shows state without words 3:1. Source: WCAG 2.2, 1.4.3 and 1.4.11.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { asset } from "./support/assets.js";
import { Random } from "../CollabSDKTests/support/random.js";

const { contrast, inkOn, safeColour } = await asset("colours.js");
const { palette } = await asset("settings.js");

const css = (name) => readFileSync(new URL(`../../Sources/CWebCanvas/assets/${name}`, import.meta.url), "utf8");
const tokens = new Map([...css("style.css").matchAll(/(--[a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [name, [light, dark]]));
const kinds = [...css("canvas.css").matchAll(/--kind: light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, light, dark]) => [light, dark]);

const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
const hex = (rgb) => `#${rgb.map((each) => Math.round(each).toString(16).padStart(2, "0")).join("")}`;
const mix = (a, b, part) => a.map((each, index) => each * part + b[index] * (1 - part));

const grounds = ["--ground", "--paper", "--raised", "--hover"];
const pairs = [
  ...["--ink", "--quiet", "--accent"].flatMap((text) => grounds.map((ground) => [text, ground])), ["--ink", "--soft"], ["--accent", "--soft"], ["--on-accent", "--accent"],
  ["--good", "--good-soft"], ["--bad", "--bad-soft"], ["--wait", "--wait-soft"], ["--ink", "--bad-soft"], ["--ink", "--wait-soft"], ["--bad", "--paper"], ["--bad", "--raised"],
  ["--paper", "--ink"], ["--paper", "--wait"],
];

for (const [index, theme] of ["light", "dark"].entries()) {
  const of = (name) => tokens.get(name)[index];
  test(`texts can be read in the ${theme} theme`, () => {
    assert.ok(tokens.size >= 18);
    for (const [text, ground] of pairs) assert.ok(contrast(of(text), of(ground)) >= 4.5, `${text} on ${ground}: ${contrast(of(text), of(ground)).toFixed(2)}`);
  });
  test(`lines and signs can be seen in the ${theme} theme`, () => {
    assert.ok(kinds.length >= 7);
    for (const kind of kinds) {
      const colour = kind[index];
      for (const ground of ["--paper", "--raised"]) {
        const chip = hex(mix(channels(colour), channels(of(ground)), 0.14));
        assert.ok(contrast(colour, chip) >= 3, `${colour} on its chip: ${contrast(colour, chip).toFixed(2)}`);
      }
    }
    for (const ground of ["--ground", "--raised"]) assert.ok(contrast(of("--wire"), of(ground)) >= 3, `--wire on ${ground}: ${contrast(of("--wire"), of(ground)).toFixed(2)}`);
    for (const state of ["--good", "--bad", "--wait", "--accent"]) assert.ok(contrast(of(state), of("--ground")) >= 3, state);
  });
}

test("names can be read on any colour that somebody has, and what is no colour is one", () => {
  assert.deepEqual([contrast("#000000", "#ffffff").toFixed(1), contrast("#777777", "#ffffff").toFixed(2)], ["21.0", "4.48"]);
  const random = new Random(7);
  for (let times = 0; times < 5000; times += 1) {
    const colour = hex([random.below(256), random.below(256), random.below(256)]);
    assert.ok(contrast(inkOn(colour), colour) >= 4.5, colour);
  }
  for (const odd of [undefined, null, "", "red", "#12345", "#12345g", "url(x)", "#1234567"]) assert.equal(safeColour(odd), "#667085");
});

test("the colours that the page gives bear white letters and can be seen on both grounds", () => {
  for (const colour of palette) {
    assert.equal(inkOn(colour), "#ffffff", colour);
    for (const ground of tokens.get("--ground")) assert.ok(contrast(colour, ground) >= 3, `${colour} on ${ground}: ${contrast(colour, ground).toFixed(2)}`);
  }
});
