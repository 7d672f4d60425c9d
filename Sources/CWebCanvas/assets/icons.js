import { draw } from "./dom.js";

/** Lines in a square of 20; drawn with the colour of the text around. */
const paths = {
  undo: "M7 4 3.5 7.5 7 11M4 7.5h7.5a4.5 4.5 0 0 1 0 9H8",
  redo: "M13 4l3.5 3.5L13 11M16 7.5H8.5a4.5 4.5 0 0 0 0 9H12",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  fit: "M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4",
  arrange: "M3 4h5v4H3zM12 3h5v4h-5zM12 13h5v4h-5zM8 6h4M10 6v9h2",
  grid: "M4 4h12v12H4zM4 8h12M4 12h12M8 4v12M12 4v12",
  comment: "M4 4h12v9H9l-4 3.5V13H4z",
  remove: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
  link: "M8.5 11.5l3-3M7.5 9 5 11.5a3 3 0 0 0 4 4.5l2.5-2.5M12.5 11 15 8.500a3 3 0 0 0-4-4.500L8.500 6.500",
  share: "M13.500 3a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5M5 7.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5M13.500 12a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5M7.200 8.800l4.200-2.200M7.200 11.200l4.200 2.200",
  person: "M10 3.500a3 3 0 1 1 0 6 3 3 0 0 1 0-6M4 16.500c0-3 2.500-4.500 6-4.500s6 1.500 6 4.500",
  rename: "M4 16l.800-3.500L13 4.300l2.700 2.700-8.200 8.200zM11.500 5.800l2.700 2.700",
  keys: "M2.500 5h15v10h-15zM5.500 8h.01M8.500 8h.01M11.500 8h.01M14.500 8h.01M6.500 12h7",
  theme: "M10 3a7 7 0 1 0 7 7 5.500 5.500 0 0 1-7-7z",
  search: "M9 4a5 5 0 1 1 0 10A5 5 0 0 1 9 4M12.700 12.700 17 17",
  close: "M5 5l10 10M15 5 5 15",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5M10 7.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5",
  save: "M10 3v9M6.500 8.500 10 12l3.500-3.500M4 16h12",
  check: "M4 10.500 8 14.500 16 6",
  warning: "M10 3.500 17.500 16.500h-15zM10 8.500v4M10 14.500v.01",
  panel: "M3 4h14v12H3zM12 4v12",
  play: "M6 4l10 6-10 6z",
  history: "M4 10a6 6 0 1 1 2 4.500M4 15v-4h4M10 7v3.500l2.500 1.500",
  // What kinds of nodes are about.
  input: "M3 10h9M9 6.500 12.500 10 9 13.500M12 4h5v12h-5",
  work: "M10 3v2.500M10 14.500V17M3 10h2.500M14.500 10H17M5 5l1.800 1.800M13.200 13.200 15 15M15 5l-1.800 1.800M6.800 13.200 5 15M10 7.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5",
  control: "M10 3l6 7-6 7-6-7z",
  state: "M4 6c0-1.500 2.700-2.500 6-2.500s6 1 6 2.500v8c0 1.500-2.700 2.500-6 2.500S4 15.500 4 14zM4 6c0 1.500 2.700 2.500 6 2.500s6-1 6-2.500M4 10c0 1.500 2.700 2.500 6 2.500s6-1 6-2.500",
  guard: "M10 3l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V5z",
  output: "M3 4h14v9H3zM7 17h6M10 13v4",
  context: "M7 4H5v5l-2 1 2 1v5h2M13 4h2v5l2 1-2 1v5h-2",
  other: "M4 4h12v12H4z",
};

/** @param {string} name one of the above @param {number} size in pixels */
export function icon(name, size = 18) {
  const shape = draw("path", { d: paths[name] ?? paths.other });
  return draw("svg", { class: "glyph", viewBox: "0 0 20 20", width: size, height: size, "aria-hidden": "true" }, shape);
}
