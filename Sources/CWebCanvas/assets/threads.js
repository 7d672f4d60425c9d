// Comments as people read them: a first remark with its answers, at a node or a place. Pure.

/** Beyond that there are no dates. */
const latestMilliseconds = 8.64e15;

const isText = (value) => typeof value === "string";

/** Where a remark is pinned. @returns {{node: string} | {x: number, y: number} | null} */
export function anchorOf(anchor) {
  if (isText(anchor?.node) && anchor.node !== "") return { node: anchor.node };
  return Number.isFinite(anchor?.x) && Number.isFinite(anchor?.y) ? { x: anchor.x, y: anchor.y } : null;
}

const remark = ({ id, fields }) => ({
  id, text: isText(fields.text) ? fields.text : "", author: isText(fields.author) && fields.author !== "" ? fields.author : "somebody",
  at: Math.abs(fields.at) <= latestMilliseconds ? fields.at : 0,
});

/**
 * Threads, oldest first. An answer whose first remark is gone stands for itself.
 * @param {import("./sdk/document.js").WorkflowDocument} document
 * @returns {{id: string, anchor: any, isResolved: boolean, remarks: {id: string, text: string, author: string, at: number}[]}[]}
 */
export function threadsOf(document) {
  const all = document.commentIds().map((id) => document.comment(id));
  const ids = new Set(all.map(({ id }) => id));
  const isAnswer = ({ id, fields }) => isText(fields.parent) && fields.parent !== id && ids.has(fields.parent);
  const threads = new Map();
  for (const each of all) {
    if (isAnswer(each)) continue;
    threads.set(each.id, { id: each.id, anchor: anchorOf(each.fields.anchor), isResolved: each.fields.resolved === true, remarks: [remark(each)] });
  }
  const rootOf = (each) => {
    const seen = new Set();
    let at = each;
    while (isAnswer(at) && !seen.has(at.id)) seen.add(at.id), at = document.comment(at.fields.parent);
    return threads.get(at.id);
  };
  for (const each of all) if (isAnswer(each)) rootOf(each)?.remarks.push(remark(each));
  for (const { remarks } of threads.values()) {
    const [first, ...answers] = remarks;
    remarks.splice(0, remarks.length, first, ...answers.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)));
  }
  return [...threads.values()].sort((a, b) => a.remarks[0].at - b.remarks[0].at || (a.id < b.id ? -1 : 1));
}

/** `now`, `5 min`, `3 h`, `2 days`. */
export function ago(at, now) {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
}
