import { addNodeOps, op, removeNodeOps } from "./change.js";

/** Collects the ops of one change. */
export class Transaction {
  /** @param {import("./document.js").WorkflowDocument} document as it is before the change */
  constructor(document) {
    this.document = document;
    /** @type {import("./change.js").Op[]} */
    this.ops = [];
  }

  /** @param {{id: string, type: string, position: {x: number, y: number}, data?: object}} node and whatever else it has */
  addNode(node) { this.ops.push(...addNodeOps(node)); }
  /** Removes a node and the edges at it. */
  removeNode(id) { this.ops.push(...removeNodeOps(this.document, id)); }
  /** `undefined` for a value unsets the field. @param {Record<string, unknown>} fields `data.<key>` for what is in `data` */
  setNode(id, fields) { for (const [field, value] of Object.entries(fields)) this.ops.push(op.setNodeField(id, field, value)); }
  connect(key, fields = {}) {
    this.ops.push(op.addEdge(key));
    this.setEdge(key, fields);
  }

  disconnect(key) {
    const tags = this.document.liveTags(key);
    if (tags.length > 0) this.ops.push(op.removeEdge(key, tags));
  }

  setEdge(key, fields) { for (const [field, value] of Object.entries(fields)) this.ops.push(op.setEdgeField(key, field, value)); }
  setMeta(field, value) { this.ops.push(op.setMeta(field, value)); }
  /** Fields of comments: `anchor`, `text`, `author`, `parent`, `resolved`. */
  addComment(id, fields) {
    this.ops.push(op.setCommentLife(id, true));
    this.setComment(id, fields);
  }

  setComment(id, fields) { for (const [field, value] of Object.entries(fields)) this.ops.push(op.setCommentField(id, field, value)); }
  removeComment(id) { this.ops.push(op.setCommentLife(id, false)); }
}
