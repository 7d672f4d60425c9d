import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "./support/assets.js";

const { aligned, distributed } = await asset("aligning.js");
const box = (id, x, y, width = 100, height = 40) => ({ id, x, y, width, height });
const xs = (places) => [...places].map(([id, { x }]) => `${id}${x}`).join(" ");
const ys = (places) => [...places].map(([id, { y }]) => `${id}${y}`).join(" ");

test("boxes stand along one line of what holds them all", () => {
  const boxes = [box("a", 0, 0), box("b", 50, 100, 200), box("c", 400, 30, 100, 80)];
  assert.equal(xs(aligned(boxes, "left")), "a0 b0 c0");
  assert.equal(xs(aligned(boxes, "right")), "a400 b300 c400");
  assert.equal(xs(aligned(boxes, "centre")), "a200 b150 c200");
  assert.equal(ys(aligned(boxes, "top")), "a0 b0 c0");
  assert.equal(ys(aligned(boxes, "bottom")), "a100 b100 c60");
  assert.equal(ys(aligned(boxes, "middle")), "a50 b50 c30");
  assert.deepEqual(aligned(boxes, "left").get("b"), { x: 0, y: 100 }, "the other coordinate stays");
});

test("the gaps are equal and the outermost two stay", () => {
  const boxes = [box("a", 0, 0), box("c", 500, 0), box("b", 120, 7, 200)];
  assert.equal(xs(distributed(boxes, "across")), "b200");
  assert.equal(xs(distributed([...boxes, box("d", 900, 0)], "across")), "b267 c633");
});

test("where there is no room, the middles are spread", () => {
  assert.equal(ys(distributed([box("a", 0, 0), box("b", 0, 5), box("c", 0, 60)], "down")), "b30");
});

test("two boxes have nothing to spread", () => assert.equal(distributed([box("a", 0, 0), box("b", 9, 9)], "down").size, 0));
