import { addNodeOps, op } from "../../../Sources/CollabSDK/src/change.js";
import { WorkflowDocument } from "../../../Sources/CollabSDK/src/document.js";
import { Transaction } from "../../../Sources/CollabSDK/src/transaction.js";

/** A document that is written to as a person does it, one change after the other. */
export class Sheet {
  document = new WorkflowDocument();
  #seq = 0;

  edit(make) {
    const transaction = new Transaction(this.document);
    make(transaction);
    return this.apply(transaction.ops);
  }

  apply(ops) {
    this.#seq += 1;
    this.document.apply({ replica: 1, seq: this.#seq, hlc: BigInt(this.#seq) << 16n, ops });
    return this.document.takeChanges() ?? { nodes: [], edges: [], meta: [], comments: [] };
  }

  /** @param {Record<string, string>} types by id, placed in a row @param {[string, string][]} edges */
  static of(types, edges = []) {
    const sheet = new Sheet();
    sheet.apply(Object.entries(types).flatMap(([id, type], index) => addNodeOps({ id, type, position: { x: index * 300, y: 0 } })));
    if (edges.length > 0) sheet.apply(edges.map(([source, target]) => op.addEdge({ source, target })));
    return sheet;
  }
}
