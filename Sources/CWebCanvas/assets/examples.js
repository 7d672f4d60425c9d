// Workflows to begin with; every one runs as it is.

const node = (id, type, x, y, data) => ({ id, type, position: { x, y }, data });
const edge = (source, target, sourceHandle = null) => ({ id: `${source}-${sourceHandle ?? ""}${target}`, source, sourceHandle, target, targetHandle: null });

export const examples = [
  {
    name: "Sum of two numbers", text: "Two inputs, one operation, one output.",
    canvas: {
      nodes: [
        node("first", "numberNode", 0, 0, { value: 12, label: "First" }), node("second", "numberNode", 0, 120, { value: 30, label: "Second" }),
        node("sum", "opNode", 280, 60, { op: "add", label: "Sum" }), node("result", "vizNode", 560, 60, { mode: "text", label: "Result" }),
      ],
      edges: [edge("first", "sum"), edge("second", "sum"), edge("sum", "result")],
    },
  },
  {
    name: "Grown up or not", text: "A condition with two ways out.",
    canvas: {
      nodes: [
        node("age", "numberNode", 0, 80, { value: 21, label: "Age" }), node("check", "conditionNode", 280, 80, { condition: ">=18", label: "18 or older?" }),
        node("yes", "textInputNode", 580, 0, { text: "Come in", label: "Yes" }), node("no", "textInputNode", 580, 160, { text: "Not yet", label: "No" }),
      ],
      edges: [edge("age", "check"), edge("check", "yes", "true"), edge("check", "no", "false")],
    },
  },
  {
    name: "Words in capitals", text: "A text goes through two operations.",
    canvas: {
      nodes: [
        node("text", "textInputNode", 0, 60, { text: "several people, one canvas", label: "Text" }),
        node("title", "textOpNode", 280, 0, { text_op: "titlecase", label: "As a title" }),
        node("loud", "textOpNode", 280, 120, { text_op: "uppercase", label: "Loud" }),
        node("quiet", "vizNode", 560, 0, { mode: "text", label: "Title" }), node("shown", "vizNode", 560, 120, { mode: "text", label: "Capitals" }),
      ],
      edges: [edge("text", "title"), edge("text", "loud"), edge("title", "quiet"), edge("loud", "shown")],
    },
  },
];

/** The sketch that a server would make of a canvas. */
export const sketchOf = ({ nodes, edges }) => ({
  points: nodes.map(({ position, type }) => [position.x, position.y, type]),
  lines: edges.map(({ source, target }) => [nodes.findIndex(({ id }) => id === source), nodes.findIndex(({ id }) => id === target)]),
});
