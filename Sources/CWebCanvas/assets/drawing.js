import { pointOf } from "./geometry.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";

/** Ties what changes to what is drawn for it. Everything is drawn at most once in a frame. */
export function startDrawing(app) {
  const { view, viewport, presence, graph } = app;
  let chosen = { nodes: new Set(), edges: new Set() };
  let touched = new Set();

  viewport.on("change", () => {
    for (const part of ["presence", "stage", "pins", "minimap"]) app.ask(part);
  });
  for (const event of ["presence", "link"]) app.on(event, () => app.ask("presence"));

  // What others and oneself hold lies over the document before anything is drawn.
  app.paint("presence", (now) => {
    const held = new Map([...presence.dragged(), ...app.hand]);
    if (held.size > 0 || graph.isHolding) {
      graph.hold(new Map([...held].map(([id, at]) => [id, pointOf(at)])));
      app.ask("graph");
    }
    return presence.draw(now);
  });

  app.paint("graph", () => {
    if (viewport.follows) viewport.fit(graph.bounds());
    view.draw();
    view.touch(touched);
    touched = new Set();
    presence.mark();
    showEmpty(app);
    app.ask("minimap");
    app.ask("pins");
  });

  app.paint("stage", () => {
    view.place(app.stage, app.field);
    view.draw();
    presence.mark();
  });

  // Whatever asked for it, once in a frame.
  app.paint("far", () => { if (view.isFar) view.far.draw(); });

  app.paint("selection", () => {
    const nodes = app.selection.nodes;
    const edges = new Set(app.selection.edges.keys());
    view.refresh([...difference(nodes, chosen.nodes)]);
    view.refreshWires([...difference(edges, chosen.edges)]);
    chosen = { nodes: new Set(nodes), edges };
  });

  app.on("changes", ({ changes }) => {
    for (const { change } of changes) {
      if (change.replica === app.client.replica || !app.client.isLive) continue;
      for (const op of change.ops) if (op.setNodeField || op.setNodeLife) touched.add((op.setNodeField ?? op.setNodeLife).node);
    }
    app.ask("graph");
  });
}

function* difference(a, b) {
  for (const each of a) if (!b.has(each)) yield each;
  for (const each of b) if (!a.has(each)) yield each;
}

/** An empty canvas says how to begin. */
function showEmpty(app) {
  const host = document.getElementById("empty");
  const isEmpty = app.graph.nodes.size === 0 && app.client?.isLive === true;
  if (host.hidden === !isEmpty) return;
  host.hidden = !isEmpty;
  if (!isEmpty) return;
  host.replaceChildren(make("h2", {}, "An empty workflow"), app.can("edit")
    ? make("p", {}, "Drag a node from the palette, double-click here, or paste what you copied elsewhere.") : make("p", {}, "Nobody has put anything here yet."),
  ...(app.can("edit") ? [make("button", { type: "button", class: "primary", onClick: () => app.emit("quickAdd", { point: app.viewport.centre }) }, icon("plus", 16), "Add a node")] : []));
}
