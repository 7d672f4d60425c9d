// People's colours: whatever somebody sends, it is a colour, and what is written on it can be read.

const pattern = /^#[0-9a-f]{6}$/i;
const nobody = "#667085";
const inks = ["#ffffff", "#000000"];

export const safeColour = (colour) => (pattern.test(colour ?? "") ? colour : nobody);

/** Relative luminance, 0 to 1. Source: WCAG 2.2. */
function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Of white and black, what is read better on a colour: 4.5:1 at least. */
export const inkOn = (colour) => inks.reduce((best, ink) => (contrast(colour, ink) > contrast(colour, best) ? ink : best));

/** Gives an element a person's colour as `--who`, and what is written on it as `--who-ink`. */
export function paintWho(element, colour) {
  const who = safeColour(colour);
  if (element.style.getPropertyValue("--who") === who) return;
  element.style.setProperty("--who", who);
  element.style.setProperty("--who-ink", inkOn(who));
}
