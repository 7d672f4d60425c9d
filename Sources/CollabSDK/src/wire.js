// The messages of protocol/collab.proto as a table: name, then [field, type] in the order of their numbers. Types: `text`, `text?` (absent and
// empty differ), `bool`, `int` (32 bits), `int64` (a number, or a bigint where one is too small), `time` (64 bits, a bigint), `real`, `bytes`, an enum,
// a message (`!`: one that is absent is read as one with nothing in it); `[]` for lists.

/** By enum: names by number, and what a reader takes an unknown one for [WP2]. */
export const enums = {
  Kind: { names: ["", "PERSON", "BOT", "AGENT"], unknown: "PERSON" },
  Role: { names: ["", "VIEWER", "COMMENTER", "EDITOR", "RUNNER", "OWNER"], unknown: "VIEWER" },
  RunPolicy: { names: ["COALESCE", "QUEUE", "PARALLEL", "REJECT"], unknown: "COALESCE" },
  ParkedPolicy: { names: ["REFUSE", "PRUNE"], unknown: "REFUSE" },
  Catchup: { names: ["", "NOTHING", "CHANGES", "SNAPSHOT"], unknown: "" },
  RefusalCode: {
    names: ["", "FORBIDDEN", "INVALID", "TOO_LARGE", "LIMIT", "RATE_LIMITED", "CLOCK_SKEW", "STALE_LEASE", "CONFLICT", "UNAVAILABLE"],
    unknown: "INVALID",
  },
  RunEventKind: {
    names: [
      "", "RUN_STARTED", "NODE_STARTED", "NODE_SUCCEEDED", "NODE_FAILED", "NODE_SKIPPED", "RUN_FINISHED", "RUN_CANCELLED", "RUN_FAILED",
    ],
    unknown: "",
  },
  HistoryEffectKind: {
    names: [
      "", "NODES_ADDED", "NODES_REMOVED", "NODES_MOVED", "NODES_CONFIGURED", "NODES_RELABELLED", "NODES_ARRANGED", "EDGES_ADDED", "EDGES_REMOVED",
      "EDGES_CHANGED", "WORKFLOW_CHANGED", "COMMENTS_ADDED", "COMMENTS_REMOVED", "COMMENTS_CHANGED",
    ],
    unknown: "",
  },
};

/** Messages of which exactly one field is set. */
export const choices = new Set(["Op", "ClientMessage", "ServerMessage"]);

const edgeWith = (...fields) => [["edge", "EdgeKey!"], ...fields];
const fieldOf = (...ends) => [...ends, ["field", "text"], ["value", "text?"]];

export const messages = {
  Stamp: [["hlc", "time"], ["replica", "int"], ["seq", "int64"], ["index", "int"]],
  Version: [["replica", "int[]"], ["seq", "int64[]"]],
  EdgeKey: [["source", "text"], ["sourceHandle", "text?"], ["target", "text"], ["targetHandle", "text?"]],
  SetMeta: fieldOf(),
  SetNodeLife: [["node", "text"], ["alive", "bool"]],
  SetNodeField: fieldOf(["node", "text"]),
  AddEdge: edgeWith(),
  RemoveEdge: edgeWith(["tags", "Stamp[]"]),
  SetEdgeField: fieldOf(["edge", "EdgeKey!"]),
  SetCommentLife: [["comment", "text"], ["alive", "bool"]],
  SetCommentField: fieldOf(["comment", "text"]),
  Op: [
    ["setMeta", "SetMeta"], ["setNodeLife", "SetNodeLife"], ["setNodeField", "SetNodeField"], ["addEdge", "AddEdge"],
    ["removeEdge", "RemoveEdge"], ["setEdgeField", "SetEdgeField"], ["setCommentLife", "SetCommentLife"],
    ["setCommentField", "SetCommentField"],
  ],
  Change: [["replica", "int"], ["seq", "int64"], ["hlc", "time"], ["ops", "Op[]"]],
  Author: [["subject", "text"], ["name", "text"], ["kind", "Kind"]],
  Participant: [["session", "text"], ["author", "Author"], ["colour", "text"], ["role", "Role"]],
  Lease: [["replica", "int"], ["secret", "bytes"]],
  Wants: [["changes", "bool"], ["presence", "bool"], ["runs", "bool"], ["issues", "bool"]],
  Hello: [
    ["protocolMajor", "int"], ["protocolMinor", "int"], ["token", "text"], ["name", "text"], ["colour", "text"], ["kind", "Kind"],
    ["lease", "Lease"], ["version", "Version"], ["wants", "Wants"], ["create", "bool"], ["roleMax", "Role"], ["client", "text"],
  ],
  ChangeBatch: [["batch", "int64"], ["changes", "Change[]"], ["seen", "int64"]],
  Point: [["x", "real"], ["y", "real"]],
  Viewport: [["x", "real"], ["y", "real"], ["zoom", "real"]],
  Dragging: [["node", "text"], ["position", "Point"]],
  PresenceState: [
    ["cursor", "Point"], ["selectedNodes", "text[]"], ["selectedEdges", "EdgeKey[]"], ["viewport", "Viewport"], ["dragging", "Dragging[]"],
    ["editing", "text"], ["extra", "text"],
  ],
  PresenceUpdate: [["state", "PresenceState"]],
  RunRequest: [
    ["request", "int64"], ["idempotencyKey", "text"], ["include", "Version"], ["policy", "RunPolicy"], ["parked", "ParkedPolicy"],
  ],
  CancelRun: [["request", "int64"], ["run", "text"]],
  Resync: [["version", "Version"], ["graphHash", "bytes"], ["documentHash", "bytes"]],
  Ping: [["id", "int64"], ["seen", "int64"]],
  ClientMessage: [
    ["hello", "Hello"], ["change", "ChangeBatch"], ["presence", "PresenceUpdate"], ["run", "RunRequest"], ["cancelRun", "CancelRun"],
    ["resync", "Resync"], ["ping", "Ping"], ["history", "HistoryRequest"], ["nameVersion", "NameVersion"], ["renameVersion", "RenameVersion"],
    ["dropVersion", "DropVersion"], ["listVersions", "ListVersions"], ["stateAt", "StateRequest"], ["token", "TokenUpdate"],
  ],
  HistoryRequest: [["request", "int64"], ["before", "int64"], ["count", "int"]],
  NameVersion: [["request", "int64"], ["position", "int64"], ["name", "text"], ["note", "text"]],
  RenameVersion: [["request", "int64"], ["version", "text"], ["name", "text"], ["note", "text"]],
  DropVersion: [["request", "int64"], ["version", "text"]],
  ListVersions: [["request", "int64"]],
  StateRequest: [["request", "int64"], ["position", "int64"], ["version", "text"]],
  TokenUpdate: [["request", "int64"], ["token", "text"]],
  Limits: [
    ["messageBytesMax", "int"], ["opsPerChangeMax", "int"], ["changesPerBatchMax", "int"], ["valueBytesMax", "int"],
    ["presenceBytesMax", "int"], ["changesInFlightMax", "int"], ["nodesMax", "int"], ["edgesMax", "int"], ["documentBytesMax", "int"],
    ["clockSkewMaxMilliseconds", "int"], ["presenceIntervalMilliseconds", "int"],
  ],
  Welcome: [
    ["protocolMajor", "int"], ["protocolMinor", "int"], ["session", "text"], ["lease", "Lease"], ["leaseThrough", "int64"],
    ["restamp", "bool"], ["role", "Role"], ["serverMilliseconds", "int64"], ["limits", "Limits"], ["version", "Version"],
    ["position", "int64"], ["participants", "Participant[]"], ["catchup", "Catchup"], ["server", "text"], ["expiresAtMilliseconds", "int64"],
  ],
  Snapshot: [["index", "int"], ["count", "int"], ["data", "bytes"], ["crc32", "int"], ["position", "int64"], ["rawBytes", "int"]],
  LoggedChange: [["position", "int64"], ["author", "int"], ["takenAtMilliseconds", "int64"], ["change", "Change!"]],
  Changes: [["authors", "Author[]"], ["changes", "LoggedChange[]"]],
  Refusal: [["seq", "int64"], ["code", "RefusalCode"], ["text", "text"], ["revert", "Op[]"], ["retryAfterMilliseconds", "int"]],
  Ack: [["batch", "int64"], ["replica", "int"], ["seq", "int64"], ["position", "int64"], ["refused", "Refusal[]"]],
  PresenceSlot: [["session", "text"], ["state", "PresenceState"]],
  PresenceFrame: [["slots", "PresenceSlot[]"], ["joined", "Participant[]"], ["left", "text[]"]],
  RunInfo: [["version", "Version"], ["graphHash", "bytes"], ["startedBy", "Author"], ["idempotencyKey", "text"], ["nodeCount", "int"],
    ["policy", "RunPolicy"], ["parked", "ParkedPolicy"]],
  RunEvent: [
    ["run", "text"], ["seq", "int64"], ["kind", "RunEventKind"], ["atMilliseconds", "int64"], ["node", "text"], ["nodeType", "text"],
    ["result", "text"], ["error", "text"], ["durationMicroseconds", "int64"], ["info", "RunInfo"],
    ["fingerprint", "bytes"],
  ],
  Issue: [["code", "text"], ["severity", "text"], ["node", "text"], ["edge", "EdgeKey"], ["field", "text"], ["text", "text"]],
  Issues: [["added", "Issue[]"], ["removed", "Issue[]"]],
  Hash: [["version", "Version"], ["position", "int64"], ["graphHash", "bytes"], ["documentHash", "bytes"]],
  RoleChanged: [["role", "Role"], ["request", "int64"], ["expiresAtMilliseconds", "int64"]],
  Goodbye: [["code", "int"], ["text", "text"], ["reconnectAfterMilliseconds", "int"]],
  Error: [["request", "int64"], ["code", "RefusalCode"], ["text", "text"], ["retryAfterMilliseconds", "int"], ["limit", "text"]],
  Pong: [["id", "int64"], ["serverMilliseconds", "int64"]],
  ServerMessage: [
    ["welcome", "Welcome"], ["snapshot", "Snapshot"], ["changes", "Changes"], ["ack", "Ack"], ["presence", "PresenceFrame"],
    ["runEvent", "RunEvent"], ["issues", "Issues"], ["hash", "Hash"], ["role", "RoleChanged"], ["goodbye", "Goodbye"], ["error", "Error"],
    ["pong", "Pong"], ["history", "HistoryPage"], ["versions", "Versions"], ["state", "StateChunk"],
  ],
  HistoryEffect: [["kind", "HistoryEffectKind"], ["count", "int"], ["names", "text[]"], ["fields", "text[]"]],
  HistoryEntry: [
    ["author", "Author"], ["firstPosition", "int64"], ["position", "int64"], ["fromMilliseconds", "int64"], ["throughMilliseconds", "int64"],
    ["changeCount", "int"], ["effects", "HistoryEffect[]"],
  ],
  HistoryPage: [["request", "int64"], ["entries", "HistoryEntry[]"], ["nextBefore", "int64"], ["floor", "int64"], ["position", "int64"]],
  NamedVersion: [
    ["id", "text"], ["position", "int64"], ["name", "text"], ["note", "text"], ["author", "Author"], ["namedAtMilliseconds", "int64"],
  ],
  Versions: [["request", "int64"], ["versions", "NamedVersion[]"], ["named", "text"]],
  StateChunk: [["request", "int64"], ["snapshot", "Snapshot"]],
};
