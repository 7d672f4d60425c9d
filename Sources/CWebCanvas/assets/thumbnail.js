import { draw } from "./dom.js";
import { typeKind } from "./labels.js";

/** Of a drawing, in its own units; the canvas' units are brought to it. */
const width = 320;
const height = 168;
const margin = 18;
/** A node on the canvas. */
const nodeWidth = 190;
const nodeHeight = 56;
/** One small workflow must not fill the card with two giant boxes. */
const scaleMax = 0.42;

/**
 * A workflow in small.
 * @param {{points: [number, number, string][], lines: [number, number][]} | undefined} sketch
 */
export function thumbnail({ points, lines } = { points: [], lines: [] }) {
  const drawing = draw("svg", { class: "thumbnail", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" });
  if (points.length === 0) return drawing;
  const place = placing(points);
  const boxes = points.map(([x, y]) => place(x, y));
  drawing.append(...lines.map(([from, to]) => wire(boxes[from], boxes[to])), ...points.map(([, , type], index) => node(boxes[index], type)));
  return drawing;
}

/** Canvas coordinates to those of the drawing: all of it in sight, in its middle. */
function placing(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [wide, high] = [Math.max(...xs) - left + nodeWidth, Math.max(...ys) - top + nodeHeight];
  const scale = Math.min((width - 2 * margin) / wide, (height - 2 * margin) / high, scaleMax);
  const [offsetX, offsetY] = [(width - wide * scale) / 2, (height - high * scale) / 2];
  return (x, y) => ({
    x: offsetX + (x - left) * scale, y: offsetY + (y - top) * scale, width: Math.max(nodeWidth * scale, 3), height: Math.max(nodeHeight * scale, 2),
  });
}

function node({ x, y, width: wide, height: high }, type) {
  const corner = Math.min(5, high / 3);
  return draw("g", { class: `dot ${typeKind(type)}` },
    draw("rect", { x, y, width: wide, height: high, rx: corner }),
    ...(high > 9 ? [draw("rect", { class: "mark", x: x + high * 0.22, y: y + high * 0.22, width: high * 0.56, height: high * 0.56, rx: corner * 0.7 })] : []));
}

function wire(a, b) {
  const [x1, y1, x2, y2] = [a.x + a.width, a.y + a.height / 2, b.x, b.y + b.height / 2];
  const bend = Math.max(6, Math.abs(x2 - x1) / 2);
  return draw("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
}
