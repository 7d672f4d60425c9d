// Which connections can be drawn, and why others cannot. Pure.
import { nodeType } from "./sdk/issues.js";
import { edgeName } from "./sdk/text.js";
import { nodeName, typeTitle } from "./labels.js";

/**
 * Why an edge cannot be drawn, as a sentence; null when it can.
 * @param {import("./sdk/document.js").WorkflowDocument} document
 * @param {{source: string, sourceHandle?: string | null, target: string, targetHandle?: string | null}} key
 * @param {any} moved the edge that it takes the place of, when one is drawn elsewhere
 */
export function connectFault(document, key, moved = null) {
  const { source, target } = key;
  // Let go where it was.
  if (moved && edgeName(moved) === edgeName(key)) return null;
  if (source === target) return "A node cannot be its own input.";
  if (!document.isVisible(source) || !document.isVisible(target)) return "The node is no longer there.";
  const type = nodeType(document.node(target).type);
  if (type?.inputsMax === 0) return `${typeTitle(type.engineName)} takes no input.`;
  if (document.liveTags(key).length > 0) return "These two are connected already.";
  const taken = document.inputCount(target) - (moved?.target === target ? 1 : 0);
  if (type && type.inputsMax !== null && taken >= type.inputsMax) {
    return `${nodeName(document, target)} takes ${type.inputsMax === 1 ? "one input" : `${type.inputsMax} inputs`} and has ${taken === 1 ? "it" : "them"}.`;
  }
  if (document.wouldCloseCycle(source, target)) return `That would close a loop: ${nodeName(document, target)} leads to ${nodeName(document, source)} already.`;
  return null;
}
