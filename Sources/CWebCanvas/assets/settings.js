import { newID } from "./ids.js";

// What this browser remembers. Storage may be forbidden: then nothing is remembered, and nothing breaks.

/** With `?keep=no` nothing is kept at all: on a computer that others use. What was done offline is then lost with the page. */
export const keepsNothing = new URLSearchParams(globalThis.location?.search ?? "").get("keep") === "no";

function read(store, key) {
  if (keepsNothing) return null;
  try { return store().getItem(key); } catch { return null; }
}

function write(store, key, value) {
  if (keepsNothing) return;
  try { store().setItem(key, value); } catch { /* a private window */ }
}

const local = () => localStorage;
const session = () => sessionStorage;
/** Where nothing is kept, it lives as long as the page. */
let heldToken = "";

export function userName() {
  const kept = read(local, "thaiyyal.name");
  if (kept) return kept;
  const name = `Guest ${100 + Math.floor(Math.random() * 900)}`;
  keepUserName(name);
  return name;
}

export function keepUserName(name) {
  write(local, "thaiyyal.name", name);
}

/** The secret of the share link that this tab came by; and where it is kept. It goes before one's own token: who opens a link means it. */
let share = "";
let shareKey = "";

/**
 * Takes a share link's secret out of the address, where it would be seen and kept by the browser's history, or what an earlier one left for this workflow.
 * @returns {boolean} whether the address had one
 */
export function takeShare(workflow) {
  shareKey = `thaiyyal.share.${workflow}`;
  const found = /^#share=(.+)$/.exec(location.hash)?.[1];
  if (found) {
    history.replaceState(history.state, "", location.pathname + location.search);
    share = found;
    write(session, shareKey, share);
  } else share = read(session, shareKey) ?? "";
  return Boolean(found);
}

export const isByShare = () => share !== "";

/** From now on it is one's own token that counts. */
export function dropShare() {
  share = "";
  try { sessionStorage.removeItem(shareKey); } catch { /* a private window */ }
}

const ownToken = () => heldToken || (read(session, "thaiyyal.token") ?? "");

/** Tells this browser's guest from others of the same link, and says nothing else [AC6]. */
let guest = "";
function guestMark() {
  guest ||= read(local, "thaiyyal.guest") || newID("g");
  write(local, "thaiyyal.guest", guest);
  return guest;
}

/** The access token lives as long as the tab, and never stands in a URL. */
export const token = () => (share ? `${share}~${guestMark()}` : ownToken());
export function keepToken(value) {
  heldToken = value;
  write(session, "thaiyyal.token", value);
}

/** Dark enough for white letters, light enough to be seen on a dark ground. */
export const palette = ["#2b63d9", "#b8326d", "#177a4a", "#ad4a12", "#7b4fd8", "#0f7680", "#8a6410", "#c02f2f"];

/** A colour that stays with a name. */
export function colourOf(name) {
  let sum = 0;
  for (const unit of name) sum = (sum * 31 + unit.codePointAt(0)) >>> 0;
  return palette[sum % palette.length];
}

/** `light`, `dark`, or empty: as the system has it. */
export const keptTheme = () => read(local, "thaiyyal.theme") ?? "";
export const keepTheme = (theme) => write(local, "thaiyyal.theme", theme);
