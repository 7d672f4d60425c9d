import { Chooser, choicesMax } from "./chooser.js";
import { connectFault } from "./connect-rules.js";
import { nodeWidth } from "./geometry.js";
import { nodeName, typeKind } from "./labels.js";
import { findTypes } from "./palette-search.js";
import { portsOf } from "./ports.js";

/** What is chosen from a list at its place: a node to add, also behind an edge that was let go on the ground, and what to connect to by keyboard. */
export class Quick {
  constructor(app) {
    this.app = app;
    this.chooser = new Chooser(app);
    app.on("quickAdd", ({ point, from }) => this.add(point, from));
    app.on("connectFrom", (from) => this.connect(from));
  }

  add(point, from = null) {
    const { app } = this;
    if (!app.can("edit")) return app.tell(app.why("edit"));
    const fits = (type) => !from || type.inputsMax !== 0;
    const place = from ? { x: point.x + nodeWidth / 2, y: point.y } : point;
    const choose = ({ type }) => () => app.actions.create(type.engineName, place, { from });
    return this.chooser.open({
      label: from ? "Add a node behind it" : "Add a node", place: app.viewport.toScreen(point), none: "No such node",
      find: (text) => findTypes(text, fits).map((entry) => ({ title: entry.title, kind: typeKind(entry.type.engineName), choose: choose(entry) })),
    });
  }

  /** @param {{source: string, sourceHandle?: string | null} | null} from null: what is selected */
  connect(from = null) {
    const { app } = this;
    if (!app.can("edit")) return app.tell(app.why("edit"));
    const edges = [...app.selection.edges.values()];
    if (!from && app.selection.nodes.size === 0 && edges.length === 1) return this.redraw(edges[0], "target");
    const source = from?.source ?? app.selection.single ?? app.selection.at;
    if (!source || !app.graph.nodes.has(source)) return app.tell("Select one node first: the connection begins there.");
    const { document, graph } = app;
    const { out } = portsOf(document.node(source), { out: [], into: [] });
    const handles = from ? [from.sourceHandle ?? null] : out;
    const box = graph.box(source);
    return this.#choose({
      label: `Connect ${nodeName(document, source)} to`, point: { x: box.x + box.width + 12, y: box.y }, side: "target",
      keys: (target) => handles.map((sourceHandle) => ({ source, sourceHandle, target, targetHandle: null })), moved: null,
      choose: (key) => app.actions.connect(key),
    });
  }

  /** One end of an edge goes elsewhere. @param {"source" | "target"} side the end */
  redraw(key, side) {
    const { app } = this;
    if (!app.can("edit")) return app.tell(app.why("edit"));
    const { document, graph } = app;
    const box = graph.box(key[side]) ?? graph.box(side === "target" ? key.source : key.target);
    const keys = (id) => (side === "target" ? [{ ...key, target: id, targetHandle: null }]
      : portsOf(document.node(id), { out: [], into: [] }).out.map((sourceHandle) => ({ ...key, source: id, sourceHandle })));
    return this.#choose({
      label: side === "target" ? `Lead from ${nodeName(document, key.source)} to` : `Lead to ${nodeName(document, key.target)} from`,
      point: box ? { x: box.x, y: box.y + box.height + 8 } : app.viewport.centre, side, moved: key,
      keys: (id) => (id === key[side] ? [] : keys(id)), choose: (next) => app.actions.reconnect(key, next),
    });
  }

  /** Names are read once, and edges looked at until there are as many choices as are shown: a document may have thousands of nodes. */
  #choose({ label, point, side, keys, moved, choose }) {
    const { app } = this;
    const nodes = app.graph.readingOrder().map((id) => ({ id, title: nodeName(app.document, id) }));
    const find = (text) => {
      const word = text.trim().toLowerCase();
      const found = [];
      for (const { id, title } of nodes) {
        if (!title.toLowerCase().includes(word) || !app.graph.nodes.has(id)) continue;
        for (const key of keys(id)) {
          if (connectFault(app.document, key, moved) !== null) continue;
          const hint = (side === "target" && moved ? "" : key.sourceHandle) ?? "";
          found.push({ title, kind: typeKind(app.graph.nodes.get(id).node.type), hint, choose: () => { if (choose(key)) app.selection.set([], [key]); } });
        }
        if (found.length >= choicesMax) break;
      }
      return found;
    };
    return this.chooser.open({ label, place: app.viewport.toScreen(point), none: "Nothing that it can be connected to", find });
  }
}
