import { say } from "./dom.js";

/** Says what is true about one's own changes: on the server's disk, on their way, waiting, or refused. */
export class SaveState {
  constructor({ save, status }, app) {
    this.save = save;
    this.status = status;
    this.app = app;
    for (const event of ["save", "link", "rights", "welcome"]) app.on(event, () => this.#show());
  }

  #show() {
    const { app } = this;
    const { client } = app;
    if (!client) return;
    const { link } = client;
    const saved = client.saveState;
    // Who never got in has saved nothing.
    const isOutside = saved.waiting === 0 && (link.state === "stopped" || (link.state === "waitingForToken" && client.role === null));
    const { text, title, tone } = isOutside ? { text: "", title: "", tone: "quiet" } : saveText(saved, app.why("edit"), client.role, app.isKept, link.state === "waitingForToken" ? "you gave a fresh token" : "the server is back");
    say(this.save, text);
    this.save.title = title;
    this.save.dataset.tone = tone;
    const { text: short, title: whole } = linkText(link);
    say(this.status, short);
    this.status.title = whole;
  }
}

/** @returns {{text: string, title: string, tone: "good" | "wait" | "bad" | "quiet"}} */
export function saveText({ state, waiting }, fault, role, isKept = true, when = "the server is back") {
  const changes = waiting === 1 ? "1 change" : `${waiting} changes`;
  if (state === "saving") return { text: `Saving ${waiting}`, title: `${changes} on the way to the server's disk.`, tone: "wait" };
  if (state === "offline") {
    const kept = isKept ? `kept in this browser and sent when ${when}` : `sent when ${when}, and lost when this page is closed before`;
    return { text: waiting === 0 ? "Offline" : `Offline, ${waiting} waiting`, title: `${waiting === 0 ? "What you do now is" : changes} ${kept}.`, tone: isKept ? "wait" : "bad" };
  }
  if (state === "unsaved") return { text: `Not saved: ${waiting}`, title: `The connection ended before ${changes} could be sent.`, tone: "bad" };
  if (state === "readonly") return { text: role === "COMMENTER" ? "Comments only" : "Read only", title: fault, tone: "quiet" };
  return { text: "Saved", title: "Everything you did is on the server's disk.", tone: "good" };
}

/** In a few words, and whole. @returns {{text: string, title: string}} */
export function linkText(link) {
  const seconds = Math.max(1, Math.round((link.retryInMilliseconds ?? 0) / 1000));
  const texts = {
    connecting: "connecting", catchingUp: "catching up", live: "live", closing: "closing", offline: `again in ${seconds} s`, waitingForToken: "access ended", stopped: link.text,
  };
  const titles = { offline: `${link.text || "no connection"}; again in ${seconds} s`, waitingForToken: link.text };
  return { text: texts[link.state] ?? "", title: titles[link.state] ?? "" };
}
