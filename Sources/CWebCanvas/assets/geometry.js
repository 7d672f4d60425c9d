// Where things are on the canvas. Sizes come from the document or are fixed, never from the page's layout. Pure.

export const nodeWidth = 208;
export const nodeHeight = 64;
/** The grid that nodes snap to, in canvas units. */
export const gridPitch = 16;
const portPitch = 18;
const sizeMost = 4000;
const number = (value, fallback) => (Number.isFinite(value) ? value : fallback);
const size = (value, least, fallback) => Math.min(sizeMost, Math.max(least, number(value, fallback)));

/** Size of a node; tall enough for its ports. */
export function sizeOf({ width, height }, portCount) {
  return { width: size(width, 120, nodeWidth), height: Math.max(size(height, 48, nodeHeight), (portCount + 1) * portPitch) };
}

export const pointOf = (value) => ({ x: number(value?.x, 0), y: number(value?.y, 0) });

export const snapped = ({ x, y }, pitch = gridPitch) => ({ x: Math.round(x / pitch) * pitch, y: Math.round(y / pitch) * pitch });

/** The box around all boxes; null for none. @param {Iterable<{x: number, y: number, width: number, height: number}>} boxes */
export function boundsOf(boxes) {
  let bounds = null;
  for (const { x, y, width, height } of boxes) {
    bounds ??= { left: x, top: y, right: x, bottom: y };
    bounds.left = Math.min(bounds.left, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.right = Math.max(bounds.right, x + width);
    bounds.bottom = Math.max(bounds.bottom, y + height);
  }
  return bounds;
}

export const meets = (bounds, { x, y, width, height }) =>
  x <= bounds.right && x + width >= bounds.left && y <= bounds.bottom && y + height >= bounds.top;

export const outPoint = (box, place) => ({ x: box.x + box.width, y: box.y + box.height * place });
export const inPoint = (box, place) => ({ x: box.x, y: box.y + box.height * place });

/** How far a wire's curve reaches out of a port. */
const reachOf = (from, to) => Math.max(32, Math.min(Math.abs(to.x - from.x) / 2 + (to.x < from.x ? 40 : 0), 260));

/** A curve that leaves `from` to the right and comes to `to` from the left. */
export function wirePath(from, to) {
  const reach = reachOf(from, to);
  return `M${from.x} ${from.y}C${from.x + reach} ${from.y} ${to.x - reach} ${to.y} ${to.x} ${to.y}`;
}

/** What the curve stays within. */
export function wireBounds(from, to) {
  const reach = reachOf(from, to);
  return {
    left: Math.min(from.x, to.x - reach), top: Math.min(from.y, to.y), right: Math.max(from.x + reach, to.x), bottom: Math.max(from.y, to.y),
  };
}

/** A stub where the other end of a parked edge is gone. */
export function stubPath(box, isSource) {
  const y = box.y + box.height / 2;
  return isSource ? `M${box.x + box.width} ${y}h54` : `M${box.x} ${y}h-54`;
}
