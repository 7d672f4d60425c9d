import { keepFocus, make, takesKeys } from "./dom.js";
import { Field } from "./field.js";
import { icon } from "./icons.js";
import { counted } from "./counting.js";
import { engineName, nodeName, settingTitle, typeKind, typeTitle } from "./labels.js";
import { nodeType } from "./sdk/issues.js";
import { edgeName } from "./sdk/text.js";

const labelSetting = { name: "label", kind: "string" };

/** What is selected, as a form: a node's settings as the catalogue has them, an edge and why it is parked, or what is wrong in the whole workflow. */
export class InspectorPanel {
  title = "Settings";
  #key = null;
  #about = null;
  /** @type {Field[]} */
  #fields = [];
  #issues = null;

  constructor(host, app) {
    this.host = host;
    this.app = app;
    for (const event of ["selection", "document", "issues", "rights", "people", "welcome"]) app.on(event, () => app.ask("panels"));
    app.on("presence", () => { if (this.#fields.length > 0) app.ask("panels"); });
    app.paint("panels", () => this.#draw());
    host.addEventListener("focusout", () => app.ask("panels"));
    addEventListener("pagehide", () => { for (const field of this.#fields) field.write(); });
  }

  #draw() {
    const { app } = this;
    if (!app.client) return;
    const { selection } = app;
    const node = selection.single;
    const edge = selection.nodes.size === 0 && selection.edges.size === 1 ? [...selection.edges.values()][0] : null;
    const type = node ? app.document.node(node)?.type : "";
    const extra = node ? extraKeys(app.document.node(node)).join(" ") : "";
    const about = [node, type, node && nodeType(type) !== null, edge && edgeName(edge), node || edge ? 0 : [selection.nodes.size, selection.edges.size]];
    const isSame = JSON.stringify(about) === this.#about;
    const key = JSON.stringify([...about, extra]);
    const hadFocus = this.host.contains(document.activeElement);
    // Other fields that come or go wait until nobody types here.
    if (key !== this.#key && !(isSame && hadFocus && takesKeys(document.activeElement))) {
      this.#about = JSON.stringify(about);
      for (const field of this.#fields) field.close();
      this.#fields = [];
      this.#key = key;
      this.#issues = make("div", { class: "issues" });
      if (node) this.#showNode(node);
      else if (edge) this.#showEdge(edge);
      else this.#showOverview();
      if (hadFocus && !this.host.contains(document.activeElement)) keepFocus(this.host);
    }
    this.#refresh(node, edge);
  }

  #showNode(id) {
    const { app } = this;
    const node = app.document.node(id);
    const type = nodeType(node.type);
    const add = (field, setting, label) => {
      const made = new Field(app, { node: id, field, setting, label });
      this.#fields.push(made);
      return made.element;
    };
    const head = make("header", { class: "panel-head" }, make("i", { class: `chip ${typeKind(node.type)}` }, icon(typeKind(node.type))),
      make("div", {}, make("h2", {}, typeTitle(node.type)), make("p", { class: "quiet" }, type?.summary ?? `No engine here knows the type ${engineName(node.type)}.`)));
    const settings = (type?.settings ?? []).map((setting) => add(`data.${setting.name}`, setting));
    const extras = extraKeys(node).map((name) => add(`data.${name}`, { name, kind: "anything" }));
    this.host.replaceChildren(head, this.#issues, make("form", { class: "form", onSubmit: (event) => event.preventDefault() },
      add("data.label", labelSetting, "Label"), ...settings,
      extras.length > 0 && make("details", {}, make("summary", {}, `Other fields (${extras.length})`), ...extras)), this.#connections(id));
  }

  #connections(id) {
    this.links = make("div", { class: "links" });
    this.linksOf = id;
    return this.links;
  }

  #drawConnections() {
    const { app, linksOf: id } = this;
    const edges = app.graph.edgesAt(id);
    const key = JSON.stringify(edges.map(({ key: each, standing }) => [each, standing, nodeName(app.document, each.source), nodeName(app.document, each.target)]));
    if (this.links.dataset.key === key) return;
    this.links.dataset.key = key;
    const item = ({ key: each, standing }) => {
      const isOut = each.source === id;
      const other = isOut ? each.target : each.source;
      const name = nodeName(app.document, other);
      const words = `${isOut ? "to" : "from"} ${name}${each.sourceHandle ? ` (${each.sourceHandle})` : ""}`;
      return make("li", {}, make("button", { type: "button", class: "plain", title: "Select this connection", onClick: () => app.selection.set([], [each]) }, words),
        standing !== "visible" && make("span", { class: "tag bad" }, "parked"),
        make("button", { type: "button", class: "plain icon", "data-edit": true, "aria-label": `Remove the connection ${words}`, title: "Remove", onClick: () => app.actions.disconnect(each) }, icon("close", 14)));
    };
    this.links.replaceChildren(...(edges.length === 0 ? [] : [make("h3", {}, "Connections"), make("ul", {}, ...edges.map(item))]));
  }

  #showEdge(key) {
    const { app } = this;
    const { document } = app;
    const go = (id) => make("button", { type: "button", class: "plain", onClick: () => app.show(id) }, nodeName(document, id));
    this.host.replaceChildren(
      make("header", { class: "panel-head" }, make("i", { class: "chip other" }, icon("link")), make("div", {}, make("h2", {}, "Connection"), make("p", { class: "quiet" }, "Drag an end to another node, or choose one here, to draw it elsewhere."))),
      this.#issues,
      make("dl", { class: "facts" }, make("div", {}, make("dt", {}, "From"), make("dd", {}, go(key.source), key.sourceHandle && make("span", { class: "tag" }, key.sourceHandle))),
        make("div", {}, make("dt", {}, "To"), make("dd", {}, go(key.target), key.targetHandle && make("span", { class: "tag" }, key.targetHandle)))),
      make("div", { class: "row" },
        make("button", { type: "button", "data-edit": true, onClick: () => app.quick.redraw(key, "target") }, "Other target…"),
        make("button", { type: "button", "data-edit": true, onClick: () => app.quick.redraw(key, "source") }, "Other source…"),
        make("button", { type: "button", "data-edit": true, onClick: () => app.actions.disconnect(key) }, icon("remove", 16), "Remove")));
  }

  #showOverview() {
    const { selection } = this.app;
    const count = selection.nodes.size + selection.edges.size;
    if (count > 0) {
      const words = [selection.nodes.size > 0 && counted(selection.nodes.size, "node"), selection.edges.size > 0 && counted(selection.edges.size, "connection")].filter(Boolean).join(", ");
      this.host.replaceChildren(make("header", { class: "panel-head" }, make("div", {}, make("h2", {}, words), make("p", { class: "quiet" }, "Moved, copied and removed together."))),
        make("div", { class: "row" }, ...[["Arrange", "arrange", () => this.app.actions.arrange()], ["Duplicate", "copy", () => this.app.clipboard.duplicate()], ["Remove", "remove", () => this.app.actions.removeSelected()]]
          .map(([text, name, act]) => make("button", { type: "button", "data-edit": true, onClick: act }, icon(name, 16), text))),
        ...(selection.nodes.size > 1 ? [this.#lines()] : []), this.#issues);
    } else {
      this.host.replaceChildren(make("header", { class: "panel-head" }, make("div", {}, make("h2", {}, "Workflow"), make("p", { class: "quiet" }, "Select a node to set it up."))), this.#issues);
    }
  }

  /** Standing in line, and evenly. */
  #lines() {
    const { actions } = this.app;
    const row = (label, ...entries) => make("div", { class: "row", role: "group", "aria-label": label },
      ...entries.map(([text, act]) => make("button", { type: "button", "data-edit": true, "aria-label": `${label}: ${text}`, onClick: act }, text)));
    const align = (...sides) => sides.map((side) => [side, () => actions.align(side)]);
    return make("div", { class: "lines" }, make("h3", {}, "Align"), row("Align", ...align("left", "centre", "right")), row("Align", ...align("top", "middle", "bottom")),
      make("h3", {}, "Spread evenly"), row("Spread evenly", ["across", () => actions.distribute("across")], ["down", () => actions.distribute("down")]));
  }

  #refresh(node, edge) {
    const { app } = this;
    const why = app.why("edit");
    const issues = app.issues.all;
    const own = node ? issues.filter((issue) => issue.node === node) : [];
    for (const field of this.#fields) {
      field.take();
      const finding = own.filter((issue) => issue.field === field.field).map(({ text }) => text).join(" ");
      field.update({ why, finding, editors: app.presence.editors(node, field.field) });
    }
    const fieldNames = new Set(this.#fields.map(({ field }) => field));
    const shown = node ? [...own.filter((issue) => !fieldNames.has(issue.field)), ...issues.filter((issue) => issue.edge && [issue.edge.source, issue.edge.target].includes(node))]
      : edge ? issues.filter((issue) => issue.edge && edgeName(issue.edge) === edgeName(edge)) : app.selection.isEmpty ? issues : [];
    this.#showIssues(shown, app.selection.isEmpty);
    if (node) this.#drawConnections();
    for (const button of this.host.querySelectorAll("[data-edit]")) if (button.disabled !== (why !== "")) button.disabled = why !== "", button.title = why;
  }

  #showIssues(issues, isOverview) {
    const { app } = this;
    const key = JSON.stringify([app.graph.nodes.size === 0, issues]);
    if (this.#issues.dataset.key === key) return;
    this.#issues.dataset.key = key;
    const item = (issue) => {
      const advice = adviceFor(issue);
      const act = issue.edge ? () => app.selection.set([], [issue.edge]) : () => app.show(issue.node);
      return make("li", { class: issue.severity }, icon("warning", 16), make("div", {}, make("p", {}, app.words(issue)), advice && make("p", { class: "quiet" }, advice),
        isOverview && (issue.node || issue.edge) && make("button", { type: "button", class: "link", onClick: act }, "Show it")));
    };
    const head = isOverview ? (issues.length === 0 ? (app.graph.nodes.size > 0 ? "Nothing is wrong here." : "") : `${issues.length} to look at`) : "";
    this.#issues.replaceChildren(...(head ? [make("h3", {}, head)] : []), ...(issues.length > 0 ? [make("ul", {}, ...issues.slice(0, 100).map(item))] : []));
  }
}

/** Settings that the type does not know, which the document has. */
function extraKeys(node) {
  const known = new Set(["label", ...(nodeType(node.type)?.settings ?? []).map(({ name }) => name)]);
  return Object.keys(node.data).filter((name) => !known.has(name) && !name.startsWith("_")).sort();
}

/** What to do about it. */
function adviceFor({ code, field }) {
  const texts = {
    edge_orphan: "It comes back by itself when the node does. Remove it when it is no longer wanted.",
    edge_cycle: "It is not part of a run. Remove it, or one of the connections of the loop, and it counts again.",
    input_missing: "Drag from another node's output to this one.",
    name_duplicate: "Give one of them another label.",
    setting_missing: field ? `Fill in ${settingTitle(field.replace("data.", "")).toLowerCase()}.` : "",
    type_unknown: "It stays as it is, but cannot run here.",
  };
  return texts[code] ?? "";
}
