import { toHex } from "./sdk/bytes.js";

// What the page says of the document it shows, for those who check it from outside: `document.body.dataset.documentHash` and `graphHash`, in hexadecimal.
// They are there while the page is live, everything done here is saved and nothing came for a while; gone from the next change on.

const quietMilliseconds = 250;

/** @param {import("./sdk/client.js").CollabClient} client */
export function showHashes(client, { dataset } = document.body) {
  let timer = null;
  const offs = [client.on("change", begin), client.on("save", begin), client.on("link", begin), client.on("closing", end)];
  begin();

  function begin() {
    delete dataset.documentHash;
    delete dataset.graphHash;
    clearTimeout(timer);
    timer = setTimeout(show, quietMilliseconds);
  }

  function show() {
    if (!client.isLive || client.saveState.waiting > 0) return;
    dataset.graphHash = toHex(client.document.graphHash());
    dataset.documentHash = toHex(client.document.documentHash());
  }

  function end() {
    clearTimeout(timer);
    for (const off of offs) off();
  }
}
