import { documentIssues } from "./sdk/issues.js";
import { edgeName } from "./sdk/text.js";
import { nodeName } from "./labels.js";

/** So large a document is not checked here while the server is away: it would hold up the page. */
const checkedMax = 3000;

/** What is wrong with the workflow: the server's findings while there is one, one's own while not. */
export class Issues {
  #offline = null;

  constructor(app) {
    this.app = app;
    this.byNode = new Map();
    for (const event of ["issues", "document", "link", "client"]) app.on(event, () => this.#changed(event));
    app.paint("graph", () => this.#index());
  }

  #isStale = true;

  #changed(event) {
    if (event === "document" && this.app.client?.isLive) return;
    this.#offline = null;
    this.#isStale = true;
    this.app.ask("graph");
    this.app.ask("panels");
  }

  get all() {
    const { client, graph } = this.app;
    if (!client) return [];
    if (client.isLive || graph.nodes.size > checkedMax) return client.issues.all;
    return (this.#offline ??= documentIssues(client.document));
  }

  #index() {
    if (!this.#isStale) return;
    this.#isStale = false;
    const before = this.byNode;
    this.byNode = new Map();
    for (const issue of this.all) if (issue.node && !this.byNode.has(issue.node)) this.byNode.set(issue.node, this.app.words(issue));
    const ids = [...new Set([...before.keys(), ...this.byNode.keys()])].filter((id) => before.get(id) !== this.byNode.get(id));
    this.app.view.refresh(ids);
  }

  /** Of an edge. */
  ofEdge(key) {
    return this.all.filter(({ edge }) => edge && edgeName(edge) === edgeName(key));
  }
}

/** A finding's sentence with what people call the nodes in place of their ids. */
export function issueWords(document, { text, node, edge }) {
  const ids = [node, edge?.source, edge?.target].filter(Boolean);
  // A short id may be a part of any word.
  return ids.reduce((words, id) => (id.length > 6 ? words.replaceAll(id, nodeName(document, id)) : words), text);
}
