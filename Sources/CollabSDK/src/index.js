// All that a program of others may use. What is not here may change from one version to the next.
export { Backoff } from "./backoff.js";
export { isLastRunEvent } from "./boards.js";
export { equalBytes, fromBase64, fromHex, toBase64, toHex } from "./bytes.js";
export { addNodeOps, op, removeNodeOps, restamp } from "./change.js";
export { ChangeFault, checkChange, documentLimits, isCommentField, isEdgeField, isMetaField, isNodeField } from "./check.js";
export { CollabClient } from "./client.js";
export { decodeMessage, encodeMessage, WireError } from "./codec.js";
export { diffDocuments, isEmptyDiff, restoreOps } from "./diff.js";
export { WorkflowDocument } from "./document.js";
export { IndexedDBStorage } from "./indexeddb.js";
export {
  allNodeTypes, documentIssues, fetchCatalogue, nodeIssues, nodeType, nodeTypes, settingFault, takeCatalogue,
} from "./issues.js";
export { fromJSONText, jsonFault, toJSONText } from "./json.js";
export { ClientError, defaultLimits, isAtLeast, roles } from "./options.js";
export { historySentence } from "./past.js";
export { sha256 } from "./sha256.js";
export { decodeSnapshot, SnapshotError } from "./snapshot.js";
export { encodeSnapshot } from "./snapshot-writer.js";
export { compareStamps, HybridClock, Version } from "./stamp.js";
export { MemoryStorage } from "./storage.js";
export { compareEdgeKeys, compareText, edgeKey, edgeName } from "./text.js";
export { Transaction } from "./transaction.js";
export { UndoStack } from "./undo.js";
