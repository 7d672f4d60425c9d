import { FlowStore } from "./flow-store.js";

export { FlowStore };

/**
 * A hook for React Flow: @xyflow/react 12 (React 17 and newer) and reactflow 11. React comes in as a value, so that this imports nothing.
 *
 * ```js
 * const { useCollabFlow } = createCollabFlow(React);
 * function Canvas({ client }) {
 *   const flow = useCollabFlow(client);
 *   return <ReactFlow nodes={flow.nodes} edges={flow.edges} onNodesChange={flow.onNodesChange} onEdgesChange={flow.onEdgesChange}
 *     onConnect={flow.onConnect} isValidConnection={flow.isValidConnection} nodesDraggable={flow.canEdit} nodesConnectable={flow.canEdit} />;
 * }
 * ```
 *
 * Durable fields are synced; `selected` and `measured` never. A drag is one undo step and one durable write per pause; live positions travel as presence.
 * @param {{useEffect: Function, useMemo: Function, useRef: Function, useState: Function, useSyncExternalStore?: Function}} React
 */
export function createCollabFlow(React) {
  const { useEffect, useRef, useState } = React;
  /** Older versions of React have no hook for stores of others. */
  const useStore = React.useSyncExternalStore ?? ((subscribe, getSnapshot) => {
    const [snapshot, setSnapshot] = useState(getSnapshot);
    useEffect(() => {
      setSnapshot(getSnapshot());
      return subscribe(() => setSnapshot(getSnapshot()));
    }, [subscribe, getSnapshot]);
    return snapshot;
  });

  /**
   * @param {import("./client.js").CollabClient} client
   * @param {{version?: 11 | 12, pauseMilliseconds?: number, onError?: (error: Error) => void}} options read once for each client
   */
  function useCollabFlow(client, options) {
    const held = useRef(null);
    if (held.current?.client !== client) held.current = { client, store: new FlowStore(client, options) };
    const { store } = held.current;
    useEffect(() => {
      // In strict mode React takes an effect back and does it again.
      store.open();
      return () => store.close();
    }, [client, store]);
    const snapshot = useStore(store.subscribe, store.getSnapshot);
    return {
      ...snapshot, onNodesChange: store.onNodesChange, onEdgesChange: store.onEdgesChange, onConnect: store.onConnect, onReconnect: store.onReconnect,
      isValidConnection: store.isValidConnection, showCursor: store.showCursor, undo: store.undo, redo: store.redo,
    };
  }

  return { useCollabFlow };
}
