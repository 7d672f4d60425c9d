/**
 * Hears when the network goes, when it is worth to try again at once, and when the page goes. Nothing outside of a browser.
 * @param {{away: () => void, back: () => void, leaving: () => void}} listeners `back`: the network or the person is back
 * @returns {() => void} hears no more
 */
export function listenToPage({ away, back, leaving }) {
  const page = globalThis.document;
  if (typeof globalThis.addEventListener !== "function" || page === undefined) return () => {};
  const seen = () => { if (page.visibilityState !== "hidden") back(); };
  const heard = [[globalThis, "offline", away], [globalThis, "online", back], [globalThis, "pageshow", seen], [page, "visibilitychange", seen], [globalThis, "pagehide", leaving]];
  for (const [target, type, listener] of heard) target.addEventListener(type, listener);
  return () => { for (const [target, type, listener] of heard) target.removeEventListener(type, listener); };
}
