// Elements out of values: no text ever becomes markup.

/**
 * An element with attributes, listeners (`onClick`) and children. `false`, null and undefined leave an attribute out.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {(Node | string | null | undefined | false)[]} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on") && typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return element;
}

/** Writes text only where it differs: a write of the same text costs a layout too. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const byId = (id) => document.getElementById(id);

/** An element of a drawing. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** Whether keys belong to this element: it takes text, or opens something by itself. */
export const takesKeys = (element) => Boolean(element?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]"));

/** For a panel that was drawn anew with the focus in it: keys go on belonging to the panel, not to the canvas behind it. */
export function keepFocus(host) {
  host.tabIndex = -1;
  host.focus({ preventScroll: true });
}
