import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A program that `swift build --build-tests` made. */
export function program(name) {
  const path = fileURLToPath(new URL(`../../../.build/debug/${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is not there: swift build --build-tests`);
  return path;
}
