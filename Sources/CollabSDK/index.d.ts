// Types of @thaiyyal/collab. What the words mean: docs/GLOSSARY.md; what the messages are: protocol/SPEC.md.

/** JSON as JavaScript has it. */
export type JSONValue = null | boolean | number | string | JSONValue[] | { [name: string]: JSONValue };
export type Role = "VIEWER" | "COMMENTER" | "EDITOR" | "RUNNER" | "OWNER";
export type AuthorKind = "PERSON" | "BOT" | "AGENT";

/** The ends of an edge: what it is. An absent handle and an empty one differ. */
export interface EdgeKey { readonly source: string; readonly sourceHandle: string | null; readonly target: string; readonly targetHandle: string | null }
export interface EdgeEnds { source: string; sourceHandle?: string | null; target: string; targetHandle?: string | null }
export interface Point { x: number; y: number }

// ---- The document

/** Names and orders one op: (time, replica, seq, index); `ms` and `counter` are the two parts of its time. */
export interface Stamp { ms: number; counter: number; replica: number; seq: number; index: number }
export interface StampMessage { hlc: bigint; replica: number; seq: number; index: number }

/** Values are JSON texts; null unsets. */
export type Op =
  | { setMeta: { field: string; value: string | null } }
  | { setNodeLife: { node: string; alive: boolean } }
  | { setNodeField: { node: string; field: string; value: string | null } }
  | { addEdge: { edge: EdgeKey } }
  | { removeEdge: { edge: EdgeKey; tags: StampMessage[] } }
  | { setEdgeField: { edge: EdgeKey; field: string; value: string | null } }
  | { setCommentLife: { comment: string; alive: boolean } }
  | { setCommentField: { comment: string; field: string; value: string | null } };

/** The unit of atomicity, acknowledgement and undo. `seq` counts the replica's changes from 1 without gaps. */
export interface Change { replica: number; seq: number; hlc: bigint; ops: Op[] }

/** Makes ops from JavaScript values; `undefined` unsets. Throw a TypeError for what JSON cannot say. */
export declare const op: {
  setMeta(field: string, value: unknown): Op;
  setNodeLife(node: string, alive: boolean): Op;
  setNodeField(node: string, field: string, value: unknown): Op;
  addEdge(key: EdgeEnds): Op;
  removeEdge(key: EdgeEnds, tags: Stamp[]): Op;
  setEdgeField(key: EdgeEnds, field: string, value: unknown): Op;
  setCommentLife(comment: string, alive: boolean): Op;
  setCommentField(comment: string, field: string, value: unknown): Op;
};
export interface NewNode { id: string; type: string; position?: Point; data?: Record<string, unknown>; [field: string]: unknown }
export declare function addNodeOps(node: NewNode): Op[];
export declare function removeNodeOps(document: WorkflowDocument, id: string): Op[];

export declare class Version {
  readonly entries: Map<number, number>;
  constructor(entries?: Iterable<[number, number]>);
  static fromMessage(message: VersionMessage | null): Version;
  get(replica: number): number;
  covers(other: Version): boolean;
  equals(other: Version): boolean;
  copy(): Version;
  toMessage(): VersionMessage;
}
export interface VersionMessage { replica: number[]; seq: number[] }

/** `fields` has the fields outside of `data`, `type` and `position` among them. The same object until something of the node changes. */
export interface NodeView {
  readonly id: string; readonly type: string;
  /** The group that counts; null when there is none. */
  readonly parentId: string | null;
  readonly data: Readonly<Record<string, any>>; readonly fields: Readonly<Record<string, any>>;
}
export interface EdgeView {
  readonly key: EdgeKey;
  /** `orphan`: an end is not on the canvas; `cycle`: it would close a loop. Both are parked. */
  readonly standing: "visible" | "orphan" | "cycle";
  readonly data: Readonly<Record<string, any>>; readonly fields: Readonly<Record<string, any>>;
}
export interface CommentView { readonly id: string; readonly data: Readonly<Record<string, any>>; readonly fields: Readonly<Record<string, any>> }

/** One replica of a workflow. O(log n) per op, plus what the view needs. */
export declare class WorkflowDocument {
  constructor();
  readonly version: Version;
  readonly highestTime: bigint;
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly byteCount: number;
  apply(change: Change): "applied" | "duplicate" | "gap";
  /** What differs since the last call. A client's document is asked by the client: listen to `change` there. */
  takeChanges(): { nodes: string[]; edges: EdgeKey[]; meta: string[]; comments: string[] } | null;
  value(node: string, field: string): string | null;
  isAlive(node: string): boolean;
  isVisible(node: string): boolean;
  meta(field: string): string | null;
  edgeValue(key: EdgeEnds, field: string): string | null;
  isCommentAlive(comment: string): boolean;
  commentValue(comment: string, field: string): string | null;
  commentIds(): string[];
  liveTags(key: EdgeEnds): Stamp[];
  edgesAt(node: string): EdgeKey[];
  inputCount(node: string): number;
  nodeIds(): IterableIterator<string>;
  edgeKeys(): IterableIterator<EdgeKey>;
  parkedEdges(): { key: EdgeKey; reason: "orphan" | "cycle" }[];
  /** Whether an edge from one node to the other would be parked because the visible edges lead back already. */
  wouldCloseCycle(source: string, target: string): boolean;
  parentOf(node: string): string | null;
  parentFault(node: string): "missing" | "loop" | null;
  graph(): { nodes: { id: string; fields: Record<string, string> }[]; edges: { key: EdgeKey; fields: Record<string, string> }[] };
  metaFields(): Record<string, string>;
  node(id: string): NodeView | null;
  edge(key: EdgeEnds): EdgeView | null;
  comment(id: string): CommentView | null;
  graphHash(): Uint8Array;
  documentHash(): Uint8Array;
  /** What a node's result follows from, 8 bytes: settings, everything upstream, what nodes share [RU6]; null for a node that is not visible. */
  fingerprint(node: string): Uint8Array | null;
  /** Whose fingerprint may differ since the last call; null: perhaps everyone's. A client's document is asked by the client: listen to `stale`. */
  takeFingerprintChanges(): string[] | null;
}

export declare class SnapshotError extends RangeError {}
export declare function decodeSnapshot(bytes: Uint8Array): WorkflowDocument;
export declare function encodeSnapshot(document: WorkflowDocument): Uint8Array;

export interface Issue { code: string; severity: "error" | "warning" | string; node: string; edge: EdgeKey | null; field: string; text: string }
/** All findings, as the server finds and words them: for the time without one. */
export declare function documentIssues(document: WorkflowDocument): Issue[];
export declare function nodeIssues(id: string, inputs: number, valueOf: (field: string) => string | null): Issue[];
/** One sentence about what is wrong with a setting's JSON text; null when nothing is. */
export declare function settingFault(text: string, setting: NodeSetting): string | null;

/** What is known about a type of node before any node of it exists: for palettes, forms and checks. */
export interface NodeType {
  readonly engineName: string; readonly canvasName: string; readonly category: string; readonly summary: string;
  readonly inputsMin: number;
  /** null: all that are connected. */
  readonly inputsMax: number | null;
  readonly settings: readonly NodeSetting[];
}
export interface NodeSetting {
  readonly name: string;
  readonly kind: "number" | "integer" | "string" | "choice" | "duration" | "bool" | "strings" | "cases" | "anything";
  readonly choices?: readonly string[];
  /** Absent: optional. `oneOf`: at least one of those with the same `group`; `when`: needed while the setting `when[0]` is `when[1]`. */
  readonly need?: "always" | "oneOf" | "when";
  readonly group?: string;
  readonly when?: readonly [string, string];
  /** What a palette puts into a new node. */
  readonly initial?: any;
  /** One sentence; of plug-ins' settings. */
  readonly summary?: string;
}
/** Those that are built in. */
export declare const nodeTypes: readonly NodeType[];
/** Those, and what the server's plug-ins bring, once `fetchCatalogue` has asked. */
export declare function allNodeTypes(): NodeType[];
export declare function nodeType(name: string): NodeType | null;
/** Asks the server which types of nodes it runs. Rejects when it does not say. */
export declare function fetchCatalogue(url: string, how?: { token?: string; fetch?: typeof fetch }): Promise<void>;
/** As above, with the answer of `/api/v1/catalogue`. */
export declare function takeCatalogue(catalogue: { types: object[] }): void;

export interface DocumentLimits {
  nodesMax: number; edgesMax: number; documentBytesMax: number; valueBytesMax: number; opsPerChangeMax: number; idBytesMax: number;
  fieldsMax: number; tagsMax: number;
}
export declare const documentLimits: Readonly<DocumentLimits>;
export declare class ChangeFault extends Error { readonly code: "INVALID" | "TOO_LARGE" | "LIMIT" }
export declare function checkChange(document: WorkflowDocument, change: Change, limits?: Partial<DocumentLimits>): ChangeFault | null;
export declare function isNodeField(field: string): boolean;
export declare function isEdgeField(field: string): boolean;
export declare function isMetaField(field: string): boolean;
export declare function isCommentField(field: string): boolean;

export declare class HybridClock {
  constructor(ms?: number, counter?: number);
  tick(nowMilliseconds: number): bigint;
  observe(hlc: bigint): void;
  copy(): HybridClock;
}
export declare class UndoStack {
  constructor(depthMax?: number);
  readonly undoDepth: number;
  readonly redoDepth: number;
  close(): void;
  record(change: Change, before: WorkflowDocument, how?: { group?: string | null; keepsEdgeOrder?: boolean; as?: "edit" | "undo" | "redo" }): void;
  undo(document: WorkflowDocument): Op[] | null;
  redo(document: WorkflowDocument): Op[] | null;
  /** What of the step that `undo` or `redo` gave last stays, because others wrote over it. */
  readonly overwritten: Overwritten[];
  /** The change was refused and goes from the document. */
  forget(change: Change): void;
  rename(stamps: Map<string, Stamp>): void;
}
export declare function restamp(
  pending: Change[], how: { replica: number; firstSeq: number; dropped?: Change[]; time?: (() => bigint) | null },
): { changes: Change[]; stamps: Map<string, Stamp> };

// ---- The client

export interface Author { subject: string; name: string; kind: AuthorKind | "" }
export interface Participant { session: string; author: Author | null; colour: string; role: Role }
export interface PresenceState {
  /** Canvas coordinates; null: the pointer is elsewhere. */
  cursor?: Point | null;
  selectedNodes?: string[];
  selectedEdges?: EdgeEnds[];
  viewport?: { x: number; y: number; zoom: number } | null;
  dragging?: { node: string; position: Point }[];
  /** What is being edited: node id, space, field. */
  editing?: string;
  /** A JSON text for the program's own use. */
  extra?: string;
}
export interface LoggedChange { position: number; author: Author | null; takenAtMilliseconds: number; change: Change }
export interface Refusal { seq: number; code: RefusalCode; text: string; revert: Op[]; retryAfterMilliseconds: number }
export type RefusalCode =
  "FORBIDDEN" | "INVALID" | "TOO_LARGE" | "LIMIT" | "RATE_LIMITED" | "CLOCK_SKEW" | "STALE_LEASE" | "CONFLICT" | "UNAVAILABLE";
export interface RunEvent {
  run: string; seq: number;
  kind: "RUN_STARTED" | "NODE_STARTED" | "NODE_SUCCEEDED" | "NODE_FAILED" | "NODE_SKIPPED" | "RUN_FINISHED" | "RUN_CANCELLED" | "RUN_FAILED";
  atMilliseconds: number; node: string; nodeType: string;
  /** A JSON text: the node's value, or the whole result with `RUN_FINISHED`. */
  result: string;
  error: string; durationMicroseconds: number;
  /** With `NODE_SUCCEEDED` and `NODE_FAILED`: 8 bytes that say what the result follows from; empty when nobody knows [RU6]. */
  fingerprint: Uint8Array;
  info: {
    version: VersionMessage; graphHash: Uint8Array; startedBy: Author | null; idempotencyKey: string; nodeCount: number;
    policy: "COALESCE" | "QUEUE" | "PARALLEL" | "REJECT"; parked: "REFUSE" | "PRUNE";
  } | null;
}
export declare function isLastRunEvent(event: RunEvent): boolean;

export interface Limits {
  messageBytesMax: number; opsPerChangeMax: number; changesPerBatchMax: number; valueBytesMax: number; presenceBytesMax: number;
  changesInFlightMax: number; nodesMax: number; edgesMax: number; documentBytesMax: number; clockSkewMaxMilliseconds: number;
  presenceIntervalMilliseconds: number;
}
export declare const defaultLimits: Readonly<Limits>;
export declare const roles: readonly Role[];
export declare function isAtLeast(role: Role, needed: Role): boolean;

/** `saved`: everything done here is on the server's disk. `unsaved`: the client stopped with changes that wait. */
export interface SaveState { state: "saved" | "saving" | "offline" | "readonly" | "unsaved"; waiting: number }
export type TokenNeed =
  | { reason: "first" }
  /** By the server's clock, in milliseconds since 1970. */
  | { reason: "ending"; endsAtMilliseconds: number }
  | { reason: "refused"; text: string };

export type LinkState =
  | { state: "offline"; retryInMilliseconds: number; text: string }
  /** The server takes no token that there is; edits wait until `getToken` gives another one. */
  | { state: "waitingForToken"; text: string }
  | { state: "connecting" | "catchingUp" | "live" | "closing" }
  | { state: "stopped"; reason: "closedHere" | "closedByServer" | "unreachable" | "fault"; code: number; text: string };

export declare class ClientError extends Error {
  readonly code: "NOT_JOINED" | "READ_ONLY" | "PENDING_FULL" | "NOTHING_TO_UNDO" | "STOPPED" | RefusalCode;
}

/** What an undo or a redo did: one change, more where one would be beyond the limits; and what stayed because others wrote over it. */
export interface TurnedBack { changes: Change[]; overwritten: Overwritten[] }
/** A field of a node, an edge, a comment or the workflow; without a field the life of a node or a comment, or that an edge is there. */
export interface Overwritten { node?: string; edge?: EdgeKey; comment?: string; field?: string }

export interface DocumentChange {
  nodes: string[]; edges: EdgeKey[]; meta: string[]; comments: string[];
  /** The document is another object now, and anything may differ. */
  replaced: boolean;
  /** Made here, by an edit, an undo or a redo. */
  isLocal: boolean;
}
export interface ClientEvents {
  change: DocumentChange;
  changes: { changes: LoggedChange[] };
  link: { link: LinkState };
  save: { save: SaveState };
  role: { role: Role };
  welcome: { welcome: any };
  presence: { frame: { slots: { session: string; state: PresenceState | null }[]; joined: Participant[]; left: string[] } };
  issues: { added: Issue[]; removed: Issue[] };
  run: { event: RunEvent };
  /** Results of the newest run that ceased to follow from the document as it is shown, or do again. Edits are looked at together, ten times a second at most. */
  stale: { run: string; added: string[]; removed: string[] };
  /** `isRestoredAgain`: of a restore that did not fit beside another edit of the same moment; what is left of it is made again. */
  refused: { change: Change; refusal: Refusal; isRestoredAgain: boolean };
  /** Such a restore was tried again; or not all of it could be restored, and why. */
  restore: { tries: number; error: Error | null };
  error: { error: { request: number; code: RefusalCode; text: string } };
  hash: { report: { version: VersionMessage | null; position: number; graphHash: Uint8Array; documentHash: Uint8Array } };
  diverged: { report: ClientEvents["hash"]["report"] };
  replaced: { position: number };
  versions: { versions: NamedVersion[] };
  roundTrip: { milliseconds: number };
  storage: { error: Error };
  /** Something here went wrong while a message was taken in: a defect, healed by a snapshot. */
  /** `getToken` failed, or what it gave was not believed. */
  token: { error: Error };
  fault: { error: Error };
  closing: undefined;
}

/** What `new` makes a connection with; a browser's WebSocket is one. */
export type WebSocketClass = new (url: string, protocols: string[]) => {
  readyState: number; onopen: any; onmessage: any; onclose: any; onerror: any; send(text: string): void; close(code?: number, reason?: string): void;
};

export interface ClientOptions {
  /** The server: `wss://host` or `https://host`. */
  url: string;
  workflow: string;
  /** Shown to others; 1 to 64 bytes. */
  name: string;
  /** `#rrggbb`, or empty. */
  colour?: string;
  kind?: AuthorKind;
  /** An access token, or what gives the present one at each connection. */
  token?: string | (() => string);
  /**
   * Gives tokens, in place of `token`: before the first connection, in time before the present one ends, and when the server does not take it. A fresh one is shown without a reconnect.
   * It may take its time. Null: there is none; with `refused` the client then stops, as it does when it is given what was just refused. When it throws it is asked again after 5 s.
   */
  getToken?: (need: TokenNeed) => string | null | Promise<string | null>;
  /** Make the workflow when there is none. */
  create?: boolean;
  roleMax?: Role | "";
  wants?: { changes: boolean; presence: boolean; runs: boolean; issues: boolean } | null;
  client?: string;
  /** Where changes wait that outlive the page; null: in memory only. */
  storage?: Storage | null;
  WebSocket?: WebSocketClass;
  pendingChangesMax?: number;
  pendingBytesMax?: number;
  snapshotBytesMax?: number;
  connectDeadlineMilliseconds?: number;
  welcomeDeadlineMilliseconds?: number;
  answerDeadlineMilliseconds?: number;
  pingIntervalMilliseconds?: number;
  pongDeadlineMilliseconds?: number;
  backoffFirstMilliseconds?: number;
  backoffMaxMilliseconds?: number;
  attemptsMax?: number | null;
  random?: () => number;
}

export interface HistoryEffect {
  kind: "NODES_ADDED" | "NODES_REMOVED" | "NODES_MOVED" | "NODES_CONFIGURED" | "NODES_RELABELLED" | "NODES_ARRANGED" | "EDGES_ADDED" | "EDGES_REMOVED"
    | "EDGES_CHANGED" | "WORKFLOW_CHANGED" | "COMMENTS_ADDED" | "COMMENTS_REMOVED" | "COMMENTS_CHANGED";
  count: number;
  /** The first ids; of edges `a → b`. */
  names: string[];
  fields: string[];
}
/** What one author did within a stretch of time. */
export interface HistoryEntry {
  author: Author | null; firstPosition: number;
  /** Of its last change: `stateAt` shows what was there after it. */
  position: number;
  fromMilliseconds: number; throughMilliseconds: number; changeCount: number; effects: HistoryEffect[];
}
export interface HistoryPage {
  entries: HistoryEntry[];
  /** Ask for this next; 0: history begins here. */
  nextBefore: number;
  /** Changes at and before this position are gone, but in what they made. */
  floor: number;
  position: number;
}
export interface NamedVersion { id: string; position: number; name: string; note: string; author: Author | null; namedAtMilliseconds: number }
/** A line of the timeline in words: `Ada moved 3 nodes, set url of http1`. */
export declare function historySentence(entry: Pick<HistoryEntry, "author" | "effects">, name?: (node: string) => string): string;

/** `from` and `to` are missing where the field was not set. */
export interface FieldDifference { field: string; from?: any; to?: any }
export interface DocumentDiff {
  nodes: {
    added: { id: string; type: string }[]; removed: { id: string; type: string }[];
    reconfigured: { node: string; fields: FieldDifference[] }[]; relabelled: { node: string; from?: any; to?: any }[];
    moved: { node: string; fields: FieldDifference[] }[];
    /** Nodes of both whose inputs are others, be it only in order. */
    rewired: string[];
  };
  edges: { added: EdgeEnds[]; removed: EdgeEnds[]; changed: { edge: EdgeEnds; fields: FieldDifference[] }[] };
  comments: { added: string[]; removed: string[]; changed: { comment: string; fields: FieldDifference[] }[] };
  workflow: FieldDifference[];
}
export declare function diffDocuments(before: WorkflowDocument, after: WorkflowDocument): DocumentDiff;
export declare function isEmptyDiff(diff: DocumentDiff): boolean;
/** The ops that give `document` the content of `old`; comments stay. */
export declare function restoreOps(document: WorkflowDocument, old: WorkflowDocument): Op[];

export declare class CollabClient {
  static open(options: ClientOptions): Promise<CollabClient>;
  on<Type extends keyof ClientEvents>(type: Type, listener: (detail: ClientEvents[Type]) => void): () => void;
  readonly document: WorkflowDocument;
  readonly position: number;
  readonly replica: number;
  readonly role: Role | null;
  readonly limits: Limits;
  readonly session: string;
  readonly presence: { participants: Map<string, Participant>; states: Map<string, PresenceState> };
  readonly others: (Participant & { state: PresenceState | null })[];
  readonly runs: { events: Map<string, RunEvent[]>; newest: string | null; open: string[] };
  readonly issues: { all: Issue[]; ofNode(id: string): Issue[] };
  readonly counters: Readonly<Record<string, number>>;
  readonly saveState: SaveState;
  readonly link: LinkState;
  readonly isLive: boolean;
  readonly canEdit: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly serverMilliseconds: number;
  edit(ops: Op[], how?: { group?: string | null }): Change | null;
  transact(make: (transaction: Transaction) => void, how?: { group?: string | null }): Change | null;
  /** As far as nobody wrote over it. No changes: others wrote over all of the step, which is gone; the one before it is next. */
  undo(): TurnedBack;
  redo(): TurnedBack;
  endGroup(): void;
  showPresence(state: PresenceState): void;
  run(how?: { key?: string; policy?: "COALESCE" | "QUEUE" | "PARALLEL" | "REJECT"; parked?: "REFUSE" | "PRUNE" }): RunHandle;
  cancelRun(run: string): void;
  /** The newest run and the nodes whose results in it are stale, as last told by a `stale` event. */
  /** Whether there is a storage in which what waits outlives the page. */
  readonly isKept: boolean;
  readonly stale: { run: string | null; nodes: ReadonlySet<string> };
  /** The nodes whose results in a run, the newest when none is named, are stale now. */
  staleNodes(run?: string): string[];
  /** Named versions as the server told them last; null before it did. */
  readonly versions: NamedVersion[] | null;
  history(how?: { before?: number; count?: number }): Promise<HistoryPage>;
  stateAt(where: { position?: number; version?: string }): Promise<{ document: WorkflowDocument; position: number }>;
  /** One undo step; no changes when nothing differs. */
  restore(where: { position?: number; version?: string; document?: WorkflowDocument }): Promise<Change[]>;
  listVersions(): Promise<NamedVersion[]>;
  nameVersion(name: string, how?: { note?: string; position?: number }): Promise<NamedVersion>;
  renameVersion(version: string, name: string, note?: string): Promise<NamedVersion[]>;
  dropVersion(version: string): Promise<NamedVersion[]>;
  /** When the token ends, in milliseconds since 1970 by the server's clock; 0: never, or it is not known yet. */
  readonly tokenExpiresAt: number;
  /** Whether a restore of several changes is not on the server's disk as a whole yet, or waits to be tried again. */
  readonly isRestoring: boolean;
  /** Shows the server a fresh token of the same subject, without a reconnect. Rejects when it is not believed; nothing changes then. */
  refreshToken(token: string): Promise<{ role: Role; expiresAtMilliseconds: number }>;
  until(isOver: (client: CollabClient) => boolean): Promise<void>;
  joined(): Promise<void>;
  live(): Promise<void>;
  saved(): Promise<void>;
  kept(): Promise<void>;
  verified(): Promise<{ graphHash: string; documentHash: string }>;
  close(): Promise<void>;
}

export interface RunHandle extends AsyncIterable<RunEvent> { readonly key: string; readonly run: string | null; readonly finished: Promise<RunEvent> }

export declare class Transaction {
  readonly ops: Op[];
  addNode(node: NewNode): void;
  removeNode(id: string): void;
  setNode(id: string, fields: Record<string, unknown>): void;
  connect(key: EdgeEnds, fields?: Record<string, unknown>): void;
  disconnect(key: EdgeEnds): void;
  setEdge(key: EdgeEnds, fields: Record<string, unknown>): void;
  setMeta(field: string, value: unknown): void;
  addComment(id: string, fields: Record<string, unknown>): void;
  setComment(id: string, fields: Record<string, unknown>): void;
  removeComment(id: string): void;
}

// ---- Storage

export interface PendingEntry { change: Change; bytes: number; seen: number }
export interface PlaceContent { kept: object; snapshot: Uint8Array; pending: PendingEntry[] }
/** The place of one client. Nobody else has it while it is claimed. A promise is resolved once what it did is durable. */
export interface Place {
  load(): Promise<PlaceContent | null>;
  append(entry: PendingEntry): Promise<void>;
  save(content: PlaceContent): Promise<void>;
  clear(): Promise<void>;
  release(): void;
}
export interface Storage { claim(room: string): Promise<Place>; orphans(room: string): Promise<Place[]> }
export declare class MemoryStorage implements Storage { claim(room: string): Promise<Place>; orphans(room: string): Promise<Place[]> }
export declare class IndexedDBStorage implements Storage {
  constructor(world?: { name?: string; locks?: LockManager | null; indexedDB?: IDBFactory });
  claim(room: string): Promise<Place>;
  orphans(room: string): Promise<Place[]>;
}

// ---- Bytes and texts

export declare class WireError extends Error {}
export declare function decodeMessage(type: string, text: string): any;
export declare function encodeMessage(type: string, message: any): string;
export declare function toJSONText(value: unknown): string | null;
export declare function fromJSONText(text: string | null): any;
export declare function jsonFault(text: string): string | null;
export declare function sha256(bytes: Uint8Array): Uint8Array;
export declare function toHex(bytes: Uint8Array): string;
export declare function fromHex(text: string): Uint8Array;
export declare function toBase64(bytes: Uint8Array): string;
export declare function fromBase64(text: string): Uint8Array;
export declare function equalBytes(a: Uint8Array, b: Uint8Array): boolean;
export declare function compareText(a: string, b: string): number;
export declare function compareStamps(a: Stamp, b: Stamp): number;
export declare function compareEdgeKeys(a: EdgeKey, b: EdgeKey): number;
export declare function edgeKey(ends: EdgeEnds): EdgeKey;
export declare function edgeName(ends: EdgeEnds): string;
export declare class Backoff {
  constructor(first: number, most: number, random: () => number);
  attempts: number;
  succeeded(): void;
  next(atLeast?: number): number;
}
