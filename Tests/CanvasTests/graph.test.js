import assert from "node:assert/strict";
import { test } from "node:test";
import { asset } from "./support/assets.js";
import { Sheet } from "./support/document.js";
import { Random } from "../CollabSDKTests/support/random.js";

const { CanvasGraph } = await asset("graph.js");
const key = (source, target) => ({ source, sourceHandle: null, target, targetHandle: null });

/** Everything that can be seen of a graph. */
function shown(graph) {
  const nodes = [...graph.nodes].map(([id, { node, ports }]) => [id, node.type, graph.box(id), ports]).sort();
  const edges = [...graph.edges].map(([name, { standing, key: each }]) => [name, standing, graph.ends(each)]).sort();
  return JSON.parse(JSON.stringify({ nodes, edges }));
}

test("a node in a group lies where the group is, and moves with it", () => {
  const sheet = Sheet.of({ group: "group", inside: "number" });
  sheet.edit((t) => { t.setNode("inside", { parentId: "group", position: { x: 10, y: 20 } }); t.setNode("group", { position: { x: 100, y: 100 } }); });
  const graph = new CanvasGraph();
  graph.take(sheet.document, null);
  assert.deepEqual([graph.box("inside").x, graph.box("inside").y], [110, 120]);
  graph.takeDirty();
  graph.hold(new Map([["group", { x: 200, y: 100 }]]));
  assert.equal(graph.box("inside").x, 210);
  assert.deepEqual([...graph.takeDirty().nodes].sort(), ["group", "inside"]);
  assert.deepEqual(graph.family("group"), ["group", "inside"]);
});

test("what is held lies over the document until it is let go", () => {
  const sheet = Sheet.of({ a: "number", b: "vizNode" }, [["a", "b"]]);
  const graph = new CanvasGraph();
  graph.take(sheet.document, null);
  graph.hold(new Map([["a", { x: 7, y: 8 }]]));
  graph.take(sheet.document, { ...sheet.edit((t) => t.setNode("a", { position: { x: 500, y: 0 } })), replaced: false });
  assert.equal(graph.box("a").x, 7);
  graph.takeDirty();
  graph.hold(new Map());
  assert.equal(graph.box("a").x, 500);
  assert.equal(graph.takeDirty().edges.size, 1);
});

test("a condition has its two ways, a switch those of its cases, a number no input; an edge's own handle is there too", () => {
  const sheet = Sheet.of({ c: "conditionNode", s: "switch", n: "number", odd: "number" });
  sheet.edit((t) => t.setNode("s", { "data.cases": [{ when: "x", output_path: "case_1" }, { when: "y" }], "data.default_path": "other" }));
  sheet.edit((t) => t.connect({ source: "odd", sourceHandle: "left", target: "c" }));
  const graph = new CanvasGraph();
  graph.take(sheet.document, null);
  assert.deepEqual(graph.nodes.get("c").ports, { out: [null, "true", "false"], into: [null] });
  assert.deepEqual(graph.nodes.get("s").ports.out, [null, "case_1", "other"]);
  assert.deepEqual(graph.nodes.get("n").ports, { out: [null], into: [] });
  assert.deepEqual(graph.nodes.get("odd").ports.out, [null, "left"]);
});

test("an edge whose end is gone has one end", () => {
  const sheet = Sheet.of({ a: "number", b: "vizNode" }, [["a", "b"]]);
  sheet.apply([{ setNodeLife: { node: "b", alive: false } }]);
  const graph = new CanvasGraph();
  graph.take(sheet.document, null);
  const [edge] = graph.edges.values();
  assert.equal(edge.standing, "orphan");
  assert.ok(graph.ends(edge.key).from && graph.ends(edge.key).to === null);
});

test("the topmost node at a point, and reading order by columns", () => {
  const graph = new CanvasGraph();
  const sheet = Sheet.of({ a: "number", b: "number" });
  sheet.edit((t) => { t.setNode("a", { position: { x: 0, y: 200 } }); t.setNode("b", { position: { x: 10, y: 0 } }); });
  graph.take(sheet.document, null);
  assert.deepEqual([graph.nodeAt({ x: 20, y: 210 }), graph.nodeAt({ x: 20, y: 10 }), graph.nodeAt({ x: -5, y: 0 })], ["a", "b", null]);
  assert.deepEqual(graph.readingOrder(), ["b", "a"]);
});

test("change by change it comes to what the whole document gives, groups that change places among it", () => {
  for (let seed = 1; seed <= 80; seed += 1) {
    const random = new Random(seed);
    const ids = ["a", "b", "c", "d", "e"];
    const sheet = Sheet.of(Object.fromEntries(ids.map((id) => [id, "textOpNode"])));
    const graph = new CanvasGraph();
    graph.take(sheet.document, null);
    for (let step = 0; step < 40; step += 1) {
      const one = () => ids[random.below(ids.length)];
      const change = sheet.edit((t) => {
        for (let op = 0; op <= random.below(3); op += 1) {
          const kind = random.below(6);
          if (kind === 0) t.setNode(one(), { position: { x: random.below(500), y: random.below(500) } });
          else if (kind === 1) t.connect(key(one(), one()));
          else if (kind === 2) t.disconnect(key(one(), one()));
          else if (kind === 3) t.ops.push({ setNodeLife: { node: one(), alive: random.below(2) === 0 } });
          else if (kind === 4) t.setNode(one(), { parentId: random.below(3) === 0 ? undefined : one() });
          else t.setNode(one(), { type: ["switch", "number", "textOpNode"][random.below(3)] });
        }
        if (t.ops.length === 0) t.setMeta("title", step);
      });
      graph.take(sheet.document, { ...change, replaced: false });
      const whole = new CanvasGraph();
      whole.take(sheet.document, null);
      assert.deepEqual(shown(graph), shown(whole), `seed ${seed}, step ${step}`);
    }
  }
});
