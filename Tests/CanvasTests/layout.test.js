import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "./support/assets.js";
import { Random } from "../CollabSDKTests/support/random.js";

const { layOut } = await asset("layout.js");
const node = (id, x = 0, y = 0) => ({ id, x, y, width: 200, height: 64 });
const edge = (source, target) => ({ source, target });

test("what feeds a node stands to its left", () => {
  const places = layOut(["c", "a", "b"].map((id) => node(id)), [edge("a", "b"), edge("b", "c"), edge("a", "c")]);
  assert.ok(places.get("a").x < places.get("b").x && places.get("b").x < places.get("c").x);
});

test("the upper left corner stays, and everything is on the grid", () => {
  const places = layOut([node("a", 160, -320), node("b", 900, 77), node("alone", 500, 500)], [edge("a", "b")]);
  assert.equal(Math.min(...[...places.values()].map(({ x }) => x)), 160);
  assert.equal(Math.min(...[...places.values()].map(({ y }) => y)), -320);
  for (const { x, y } of places.values()) assert.deepEqual([x % 16, y % 16].map(Math.abs), [0, 0]);
});

test("two pairs that cross each other come not to cross", () => {
  const places = layOut([node("a", 0, 0), node("b", 0, 100), node("c", 300, 0), node("d", 300, 100)], [edge("a", "d"), edge("b", "c")]);
  assert.equal(places.get("a").y < places.get("b").y, places.get("d").y < places.get("c").y);
});

test("a source stands next to what it feeds, not at the far left", () => {
  const places = layOut(["a", "b", "c", "late"].map((id) => node(id)), [edge("a", "b"), edge("b", "c"), edge("late", "c")]);
  assert.equal(places.get("late").x, places.get("b").x);
});

test("parts of their own and single nodes lie below each other", () => {
  const places = layOut(["a", "b", "x", "y", "alone"].map((id) => node(id)), [edge("a", "b"), edge("x", "y")]);
  const bottom = Math.max(places.get("a").y, places.get("b").y) + 64;
  assert.ok(places.get("x").y >= bottom && places.get("alone").y >= places.get("x").y + 64);
});

test("nothing overlaps and every edge leads to the right, whatever the graph; the same twice", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = new Random(seed);
    const nodes = Array.from({ length: 2 + random.below(40) }, (_, index) => node(`n${index}`, random.below(900), random.below(900)));
    const edges = Array.from({ length: random.below(70) }, () => {
      const [from, to] = [random.below(nodes.length), random.below(nodes.length)].sort((a, b) => a - b);
      return from === to ? null : edge(nodes[from].id, nodes[to].id);
    }).filter(Boolean);
    const places = layOut(nodes, edges);
    assert.deepEqual([...layOut(nodes, edges)], [...places], `seed ${seed}`);
    for (const { source, target } of edges) assert.ok(places.get(source).x + 200 < places.get(target).x, `seed ${seed}: ${source} to ${target}`);
    const all = [...places.values()];
    all.forEach((a, index) => all.slice(index + 1).forEach((b) => {
      assert.ok(Math.abs(a.x - b.x) >= 200 || Math.abs(a.y - b.y) >= 64, `seed ${seed}: two nodes on each other`);
    }));
  }
});

test("no nodes, no places", () => assert.equal(layOut([], []).size, 0));
