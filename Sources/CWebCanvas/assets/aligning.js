// Where boxes go so that they stand in line, or evenly spread. Pure.

/** @typedef {{id: string, x: number, y: number, width: number, height: number}} Box */
const middle = ({ start, size }) => start + size / 2;
const horizontal = (box) => ({ box, start: box.x, size: box.width });
const vertical = (box) => ({ box, start: box.y, size: box.height });
const lines = {
  left: [horizontal, 0], centre: [horizontal, 0.5], right: [horizontal, 1], top: [vertical, 0], middle: [vertical, 0.5], bottom: [vertical, 1],
};
const moved = (read, places) => new Map(places.map(([{ box }, start]) => [box.id, read === horizontal ? { x: start, y: box.y } : { x: box.x, y: start }]));

/**
 * Along one line of what holds them all.
 * @param {Box[]} boxes
 * @param {"left" | "centre" | "right" | "top" | "middle" | "bottom"} side
 * @returns {Map<string, {x: number, y: number}>}
 */
export function aligned(boxes, side) {
  const [read, part] = lines[side];
  const spans = boxes.map(read);
  const least = Math.min(...spans.map(({ start }) => start));
  const most = Math.max(...spans.map(({ start, size }) => start + size));
  return moved(read, spans.map((span) => [span, Math.round(least + (most - least - span.size) * part)]));
}

/**
 * With equal gaps between them; the outermost two stay. Where they overlap, their middles are spread evenly.
 * @param {Box[]} boxes
 * @param {"across" | "down"} axis
 * @returns {Map<string, {x: number, y: number}>}
 */
export function distributed(boxes, axis) {
  const read = axis === "across" ? horizontal : vertical;
  const spans = boxes.map(read).sort((a, b) => middle(a) - middle(b) || (a.box.id < b.box.id ? -1 : 1));
  if (spans.length < 3) return moved(read, []);
  const [first, last] = [spans[0], spans.at(-1)];
  const within = spans.slice(1, -1);
  const room = last.start - (first.start + first.size) - within.reduce((sum, { size }) => sum + size, 0);
  if (room < 0) {
    const step = (middle(last) - middle(first)) / (spans.length - 1);
    return moved(read, within.map((span, index) => [span, Math.round(middle(first) + step * (index + 1) - span.size / 2)]));
  }
  const gap = room / (spans.length - 1);
  let at = first.start + first.size + gap;
  return moved(read, within.map((span) => {
    const place = [span, Math.round(at)];
    at += span.size + gap;
    return place;
  }));
}
