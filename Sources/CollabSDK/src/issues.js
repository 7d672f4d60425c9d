import { compareEdgeKeys, compareText, edgeText } from "./text.js";

/**
 * The findings that follow from the document alone, as the server words them: parked edges, groups that do not count, labels that are there twice [GV4].
 *
 * What needs the catalogue of node types comes from the server (`client.issues`); these are for the time without one. O(document).
 * @param {import("./document.js").WorkflowDocument} document
 */
export function structuralIssues(document) {
  const issues = [];
  for (const { key, reason } of document.parkedEdges()) issues.push(parked(document, key, reason));
  const bearers = new Map();
  for (const id of document.nodeIds()) {
    const label = labelOf(document, id);
    if (label !== null) bearers.set(label, (bearers.get(label) ?? 0) + 1);
  }
  for (const id of document.nodeIds()) {
    const fault = document.parentFault(id);
    if (fault) {
      const what = fault === "missing" ? "that is not on the canvas" : "that is inside of it";
      issues.push(issue({ code: `parent_${fault}`, node: id, field: "parentId", text: `Node ${id} belongs to a group ${what}.` }));
    }
    const label = labelOf(document, id);
    if (label !== null && bearers.get(label) > 1) {
      issues.push(issue({ code: "name_duplicate", node: id, field: "data.label", text: `Several nodes are called ${label}.` }));
    }
  }
  return issues.sort(compareIssues);
}

const issue = (parts) => ({ code: "", severity: "warning", node: "", edge: null, field: "", text: "", ...parts });

function parked(document, key, reason) {
  if (reason === "orphan") {
    const missing = document.isVisible(key.source) ? key.target : key.source;
    return issue({ code: "edge_orphan", edge: key, text: `The connection ${edgeText(key)} is set aside because node ${missing} is not on the canvas.` });
  }
  const text = `The connection ${edgeText(key)} is set aside because it would close a loop. Remove it, or another connection of the loop.`;
  return issue({ code: "edge_cycle", severity: "error", edge: key, text });
}

/** What the node is called, as JSON; null when it is not called anything. */
function labelOf(document, id) {
  const label = document.value(id, "data.label");
  return label === "\"\"" || label === "null" ? null : label;
}

/** By node, edge, field and code; what is about none comes first. */
export function compareIssues(a, b) {
  return compareText(a.node, b.node) || compareEdges(a.edge, b.edge) || compareText(a.field, b.field) || compareText(a.code, b.code);
}

function compareEdges(a, b) {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return compareEdgeKeys(a, b);
}
