import { Log, showPeople } from "./panel.js";
import { Presence } from "./presence.js";
import { CollabClient } from "./sdk/client.js";
import { colourOf, keepToken, rememberWorkflow, token, userName } from "./settings.js";
import { View } from "./view.js";
import { Viewport } from "./viewport.js";

const element = (id) => document.getElementById(id);
const workflow = decodeURIComponent(location.pathname.replace(/^\/w\//, "").replace(/\/$/, ""));
const name = userName();

const field = element("field");
const view = new View({ stage: element("stage"), nodes: element("nodes"), wires: element("wires") });
const viewport = new Viewport(field, () => schedule());
const presence = new Presence(element("cursors"), viewport);
const log = new Log(element("log"));
let client = null;

// Everything that happens in one frame is drawn once.
const due = { document: false, frame: 0, state: "" };
let pendingTouches = new Set();

function schedule({ document = false } = {}) {
  due.document ||= document;
  due.frame ||= requestAnimationFrame(frame);
}

function frame(now) {
  due.frame = 0;
  if (due.document) view.update(client.document);
  due.document = false;
  view.dragged = presence.dragged();
  if (viewport.follows) viewport.fit(view.bounds());
  view.draw();
  view.touch(pendingTouches);
  pendingTouches = new Set();
  view.stage.style.transform = `translate(${viewport.x}px, ${viewport.y}px) scale(${viewport.zoom})`;
  const pitch = 24 * viewport.zoom * (viewport.zoom < 0.5 ? 4 : 1);
  field.style.backgroundSize = `${pitch}px ${pitch}px`;
  field.style.backgroundPosition = `${viewport.x}px ${viewport.y}px`;
  if (presence.step(now)) schedule();
  showCounts();
  if (due.state) document.body.dataset.state = due.state;
  due.state = "";
}

function showCounts() {
  const { edges, parked } = view.graph;
  const parts = [`${view.values.size} nodes`, `${edges.length} edges`];
  if (parked.length > 0) parts.push(`${parked.length} parked`);
  parts.push(`change ${client?.position ?? 0}`);
  element("counts").textContent = parts.join(" · ");
  document.body.dataset.position = client?.position ?? 0;
}

/** This page shows and does not edit: it asks for no more than a viewer may, but to make a workflow that is not there. */
async function open({ create = false } = {}) {
  await client?.close();
  const wanted = create ? { create } : { roleMax: "VIEWER" };
  client = await CollabClient.open({
    url: location.origin, workflow, name, colour: colourOf(name), token, client: "web-canvas/2", ...wanted,
  });
  client.on("welcome", ({ welcome }) => {
    presence.begin(welcome.session, welcome.participants);
    view.clearIssues();
    showPeople(element("people"), presence.people, presence.self);
  });
  client.on("change", () => schedule({ document: true }));
  client.on("changes", ({ changes }) => showChanges(changes));
  client.on("presence", ({ frame: { slots, joined, left } }) => {
    presence.take({ slots, joined, left });
    if (joined.length + left.length > 0) showPeople(element("people"), presence.people, presence.self);
    schedule();
  });
  client.on("issues", ({ added, removed }) => {
    view.setIssues(added, removed);
    schedule();
  });
  client.on("run", ({ event }) => {
    view.setRunEvent(event);
    schedule();
  });
  client.on("link", ({ link }) => showLink(link));
  showLink(client.link);
  schedule({ document: true });
}

function showChanges(changes) {
  for (const { author, change } of changes.slice(-6)) log.add(author ?? {}, change);
  for (const { change } of changes) {
    for (const op of change.ops) if (op.setNodeField || op.setNodeLife) pendingTouches.add((op.setNodeField ?? op.setNodeLife).node);
  }
  schedule({ document: true });
}

function showLink(link) {
  const states = { connecting: "connecting", catchingUp: "connecting", offline: "waiting", live: "live", closing: "waiting", stopped: "ended" };
  const seconds = Math.max(1, Math.round((link.retryInMilliseconds ?? 0) / 1000));
  const texts = { waiting: `${link.text || "no connection"}; again in ${seconds} s`, ended: link.text, connecting: "connecting", live: "live" };
  const state = states[link.state];
  if (link.state === "stopped" && link.reason === "closedHere") return;
  // What says that it is live shows what is there: not before it is drawn.
  if (state === "live") due.state = state;
  else {
    due.state = "";
    document.body.dataset.state = state;
  }
  element("status").textContent = texts[state];
  showNotice({ state, text: link.text, code: link.code });
  if (state === "live") {
    rememberWorkflow(workflow);
    schedule({ document: true });
  }
}

/** What a person can do about an end that does not heal by itself. */
function showNotice({ state, text, code }) {
  const notice = element("notice");
  notice.hidden = state !== "ended";
  if (state !== "ended") return;
  const message = document.createElement("p");
  const actions = [];
  if (code === 4404) {
    message.textContent = `There is no workflow “${workflow}” yet.`;
    actions.push(button("Create it", () => open({ create: true })));
  } else if (code === 4401) {
    message.textContent = "This server wants an access token.";
    const input = document.createElement("input");
    input.type = "password";
    input.placeholder = "Access token";
    input.autocomplete = "off";
    actions.push(input, button("Enter", () => { keepToken(input.value.trim()); open(); }));
  } else {
    message.textContent = `The connection ended: ${text}.`;
  }
  if (code !== 4401) actions.push(button("Try again", () => open()));
  notice.replaceChildren(message, ...actions);
}

function button(label, action) {
  const made = document.createElement("button");
  made.textContent = label;
  made.addEventListener("click", action);
  return made;
}

field.addEventListener("pointermove", (event) => {
  const { left, top } = field.getBoundingClientRect();
  client?.showPresence({ cursor: viewport.toCanvas(event.clientX - left, event.clientY - top) });
});
field.addEventListener("pointerleave", () => client?.showPresence({ cursor: null }));

function fit() {
  viewport.follows = true;
  schedule();
}
element("zoom-in").addEventListener("click", () => viewport.zoomBy(1.25));
element("zoom-out").addEventListener("click", () => viewport.zoomBy(0.8));
element("zoom-fit").addEventListener("click", fit);
addEventListener("keydown", (event) => { if (event.key.toLowerCase() === "f" && !event.target.closest("input")) fit(); });
addEventListener("resize", () => schedule());

element("title").textContent = workflow;
document.title = `${workflow} · Thaiyyal Live`;
open();
