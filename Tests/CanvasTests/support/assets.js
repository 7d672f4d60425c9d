// The page's modules as they lie in the sources: there `./sdk/…` is what the server serves in its place, the SDK's folder.
import { register } from "node:module";

const sources = new URL("../../../Sources/", import.meta.url).href;
const hooks = `
const sources = ${JSON.stringify(sources)};
export async function resolve(specifier, context, next) {
  if (specifier.startsWith("./sdk/") && context.parentURL?.startsWith(sources + "CWebCanvas/assets/")) {
    return { url: sources + "CollabSDK/src/" + specifier.slice(6), format: "module", shortCircuit: true };
  }
  const found = await next(specifier, context);
  return found.url.startsWith(sources) ? { ...found, format: "module" } : found;
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

/** @param {string} name of a file in assets */
export const asset = (name) => import(`${sources}CWebCanvas/assets/${name}`);
