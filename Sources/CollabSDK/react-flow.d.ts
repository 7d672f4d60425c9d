import type { CollabClient, EdgeKey, Issue, LinkState, Participant, Point, PresenceState, Role, SaveState, TurnedBack } from "./index.js";

/** A node or edge as React Flow has it; give your own types where you have them: `useCollabFlow<MyNode, MyEdge>(client)`. */
export interface FlowNode { id: string; type?: string; position: Point; data: any; [field: string]: any }
export interface FlowEdge { id: string; source: string; target: string; sourceHandle: string | null; targetHandle: string | null; data: any; [field: string]: any }
export interface FlowConnection { source: string; target: string; sourceHandle?: string | null; targetHandle?: string | null }

export interface FlowOptions {
  /** Of React Flow: 12 is @xyflow/react, 11 is reactflow. */
  version?: 11 | 12;
  /** A hand that rests for so long in a drag has what it did so far written down. */
  pauseMilliseconds?: number;
  /** An edit that could not be made: a `ClientError`, or a TypeError for what JSON cannot say. */
  onError?: (error: Error) => void;
}

export interface FlowSnapshot<Node = FlowNode, Edge = FlowEdge> {
  /** Groups before what is in them. An element stays the same object until something of it changes. */
  nodes: Node[];
  edges: Edge[];
  /** Edges that are in the document and not in the graph: not among `edges`. */
  parked: { key: EdgeKey; reason: "orphan" | "cycle" }[];
  others: (Participant & { state: PresenceState | null })[];
  cursors: { session: string; name: string; colour: string; x: number; y: number }[];
  saveState: SaveState;
  link: LinkState;
  role: Role | null;
  issues: Issue[];
  canEdit: boolean;
  canUndo: boolean;
  canRedo: boolean;
}

export interface FlowHandlers<Node = FlowNode, Edge = FlowEdge> {
  onNodesChange(changes: any[]): void;
  onEdgesChange(changes: any[]): void;
  onConnect(connection: FlowConnection): void;
  onReconnect(edge: Edge, connection: FlowConnection): void;
  isValidConnection(connection: FlowConnection | Edge): boolean;
  /** Canvas coordinates, as `screenToFlowPosition` gives them; null: the pointer is elsewhere. */
  showCursor(point: Point | null): void;
  /** null: nothing was there, or it could not be done. */
  undo(): TurnedBack | null;
  redo(): TurnedBack | null;
}

/** What the hook is made of, for programs without React. */
export declare class FlowStore<Node = FlowNode, Edge = FlowEdge> {
  constructor(client: CollabClient, options?: FlowOptions);
  open(): void;
  close(): void;
  refresh(): void;
  subscribe(listener: () => void): () => void;
  getSnapshot(): FlowSnapshot<Node, Edge>;
}
export interface FlowStore<Node = FlowNode, Edge = FlowEdge> extends FlowHandlers<Node, Edge> {}

export declare function createCollabFlow(React: any): {
  useCollabFlow<Node = FlowNode, Edge = FlowEdge>(client: CollabClient, options?: FlowOptions): FlowSnapshot<Node, Edge> & FlowHandlers<Node, Edge>;
};
