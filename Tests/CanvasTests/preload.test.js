// The page names every module that it will need, so that the browser asks for all at once instead of level by level.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

const sources = new URL("../../Sources/", import.meta.url);
const read = (name) => readFileSync(new URL(name.startsWith("sdk/") ? `CollabSDK/src/${name.slice(4)}` : `CWebCanvas/assets/${name}`, sources), "utf8");

function reached(first) {
  const found = [first];
  for (const name of found) {
    const folder = name.startsWith("sdk/") ? "sdk/" : "";
    for (const [, other] of read(name).matchAll(/^(?:import|export) [^;]*? from "\.\/([^"]+)";/gm)) if (!found.includes(folder + other)) found.push(folder + other);
  }
  return found.slice(1).sort();
}

const link = (name) => `<link rel="modulepreload" href="/assets/${name}">\n`;

test("canvas.html preloads all modules and no others; UPDATE_PRELOAD=1 writes it anew", () => {
  const html = read("canvas.html");
  if (process.env.UPDATE_PRELOAD) {
    const others = html.replace(/<link rel="modulepreload"[^\n]*\n/g, "");
    writeFileSync(new URL("CWebCanvas/assets/canvas.html", sources), others.replace("<script", `${reached("main.js").map(link).join("")}<script`));
    return;
  }
  const named = [...html.matchAll(/<link rel="modulepreload" href="\/assets\/([^"]+)">/g)].map(([, name]) => name);
  assert.deepEqual(named, reached("main.js"));
});
