import { Chooser } from "./chooser.js";
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
    const source = from?.source ?? app.selection.single ?? app.selection.at;
    if (!source || !app.graph.nodes.has(source)) return app.tell("Select one node first: the connection begins there.");
    const { document, graph } = app;
    const { out } = portsOf(document.node(source), { out: [], into: [] });
    const handles = from ? [from.sourceHandle ?? null] : out;
    const box = graph.box(source);
    const entries = () => graph.readingOrder().flatMap((target) => handles.map((sourceHandle) => ({ source, sourceHandle, target, targetHandle: null })))
      .map((key) => ({ key, title: nodeName(document, key.target), fault: connectFault(document, key) })).filter(({ fault }) => fault === null);
    return this.chooser.open({
      label: `Connect ${nodeName(document, source)} to`, place: app.viewport.toScreen({ x: box.x + box.width + 12, y: box.y }), none: "Nothing that it can be connected to",
      find: (text) => entries().filter(({ title }) => title.toLowerCase().includes(text.trim().toLowerCase())).map(({ key, title }) => ({
        title, kind: typeKind(document.node(key.target).type), hint: key.sourceHandle ?? "", choose: () => { if (app.actions.connect(key)) app.selection.set([], [key]); },
      })),
    });
  }
}
