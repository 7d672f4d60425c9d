// The real React Flow on the SDK: what the README shows, with the little around it that a test looks at.
import { CollabClient, IndexedDBStorage } from "/sdk/index.js";
import { createCollabFlow } from "/sdk/react-flow.js";

const { createElement: h } = React;
const query = new URLSearchParams(location.search);
const version = Number(query.get("version"));
const { Background, ReactFlow, ReactFlowProvider, useReactFlow, ViewportPortal } = await import(`/react-flow-${version}/reactflow.esm.js`);
const { useCollabFlow } = createCollabFlow(React);
/** Version 11 has no place in the moved drawing for what others bring. */
const Overlay = ViewportPortal ?? "div";

function Canvas({ client }) {
  // A hand that rests is another test's business: machines are slow at times.
  const flow = useCollabFlow(client, { version, pauseMilliseconds: 60_000, onError: (error) => { window.errors.push(String(error)); } });
  const { screenToFlowPosition } = useReactFlow();
  window.flow = flow;
  const { nodes, edges, onNodesChange, onEdgesChange, onConnect, onReconnect, isValidConnection, canEdit } = flow;
  const add = () => {
    const id = `${query.get("name")}-${nodes.length}`;
    onNodesChange([{ type: "add", item: { id, type: "default", position: { x: 60 + 220 * nodes.length, y: 300 }, data: { label: id } } }]);
  };
  // While a node is dragged React Flow keeps mouse events to itself; pointer events come by.
  const pointer = {
    onPointerMove: (event) => flow.showCursor(screenToFlowPosition({ x: event.clientX, y: event.clientY })), onPointerLeave: () => flow.showCursor(null),
  };
  return h("div", { className: "canvas", ...pointer },
    h("div", { className: "bar" }, h("button", { id: "add", onClick: add, disabled: !canEdit }, "Add"),
      h("button", { id: "undo", onClick: flow.undo, disabled: !flow.canUndo }, "Undo"), h("button", { id: "redo", onClick: flow.redo, disabled: !flow.canRedo }, "Redo"),
      h("output", { id: "save" }, `${flow.saveState.state} ${flow.saveState.waiting}`), h("output", { id: "link" }, flow.link.state)),
    h(ReactFlow, {
      nodes, edges, onNodesChange, onEdgesChange, onConnect, [version === 11 ? "onEdgeUpdate" : "onReconnect"]: onReconnect, isValidConnection, nodesDraggable: canEdit, nodesConnectable: canEdit,
    }, h(Background), h(Overlay, null, flow.cursors.map(({ session, name, x, y }) =>
      h("div", { key: session, className: "cursor", style: { transform: `translate(${x}px, ${y}px)` } }, name)))));
}

const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `/react-flow-${version}/style.css` });
await new Promise((resolve) => { sheet.onload = resolve; document.head.prepend(sheet); });
window.errors = [];
const client = await CollabClient.open({
  url: query.get("server"), workflow: query.get("workflow"), name: query.get("name"), create: true, storage: new IndexedDBStorage(),
  backoffFirstMilliseconds: 50, backoffMaxMilliseconds: 300,
});
client.on("storage", ({ error }) => window.errors.push(`storage: ${error}`));
window.client = client;
ReactDOM.createRoot(document.getElementById("root")).render(h(React.StrictMode, null, h(ReactFlowProvider, null, h(Canvas, { client }))));
