// Where things are on the canvas. Sizes come from the document or are fixed, never from the page's layout.

const nodeWidth = 190;
const nodeHeight = 68;
const sizeMost = 4000;
const number = (value, fallback) => (Number.isFinite(value) ? value : fallback);
const size = (value, fallback) => Math.min(sizeMost, Math.max(24, number(value, fallback)));

/** Boxes of all nodes: position inside the parent added up, `dragged` (id -> point) in place of what the document says. */
export function boxesOf(values, parents, dragged) {
  const boxes = new Map();
  const place = (id) => {
    const known = boxes.get(id);
    if (known) return known;
    const own = values.get(id);
    const at = dragged.get(id) ?? own.position ?? {};
    const parent = parents.get(id);
    const origin = parent === undefined ? { x: 0, y: 0 } : place(parent);
    const box = {
      x: origin.x + number(at.x, 0), y: origin.y + number(at.y, 0),
      width: size(own.width, nodeWidth), height: size(own.height, nodeHeight),
    };
    boxes.set(id, box);
    return box;
  };
  for (const id of values.keys()) place(id);
  return boxes;
}

/** The box around all boxes; null for none. */
export function boundsOf(boxes) {
  let bounds = null;
  for (const { x, y, width, height } of boxes.values()) {
    bounds ??= { left: x, top: y, right: x, bottom: y };
    bounds.left = Math.min(bounds.left, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.right = Math.max(bounds.right, x + width);
    bounds.bottom = Math.max(bounds.bottom, y + height);
  }
  return bounds;
}

/** Where on its side a handle sits: named handles of one node share the side evenly, in the order of their names. */
export function handlePlaces(keys, end, handle) {
  const names = new Map();
  for (const key of keys) {
    if (!names.has(key[end])) names.set(key[end], new Set());
    names.get(key[end]).add(key[handle] ?? "");
  }
  for (const [id, set] of names) names.set(id, [...set].sort());
  return (key) => {
    const all = names.get(key[end]) ?? [""];
    return (all.indexOf(key[handle] ?? "") + 1) / (all.length + 1);
  };
}

/** A curve from the right side of one box to the left side of the other; `at` and `to` are places along the sides, 0 to 1. */
export function wirePath(from, at, box, to) {
  const x1 = from.x + from.width;
  const y1 = from.y + from.height * at;
  const x2 = box.x;
  const y2 = box.y + box.height * to;
  const reach = Math.max(36, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + reach} ${y1} ${x2 - reach} ${y2} ${x2} ${y2}`;
}

/** A stub where the other end of a parked edge is gone. */
export function stubPath(box, isSource) {
  const y = box.y + box.height / 2;
  return isSource ? `M${box.x + box.width} ${y}h54` : `M${box.x} ${y}h-54`;
}
