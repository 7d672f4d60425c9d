import { Connection } from "./connection.js";
import { Log, showPeople } from "./panel.js";
import { Presence } from "./presence.js";
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
const url = new URL(`/api/v1/workflows/${encodeURIComponent(workflow)}/live`, location.href);
url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
const connection = new Connection(url.href, () => ({ name, colour: colourOf(name), token: token() }));

// Everything that happens in one frame is drawn once.
const due = { document: false, frame: 0 };
let pendingTouches = new Set();

function schedule({ document = false } = {}) {
  due.document ||= document;
  due.frame ||= requestAnimationFrame(frame);
}

function frame(now) {
  due.frame = 0;
  if (due.document) view.update(connection.replica);
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
}

function showCounts() {
  const { nodes, edges, parked } = view.graph;
  const parts = [`${nodes.size} nodes`, `${edges.length} edges`];
  if (parked.length > 0) parts.push(`${parked.length} parked`);
  parts.push(`change ${connection.replica.position}`);
  element("counts").textContent = parts.join(" · ");
  document.body.dataset.position = connection.replica.position;
}

connection.addEventListener("welcome", ({ detail }) => {
  presence.begin(detail.session, detail.participants ?? []);
  view.clearIssues();
  showPeople(element("people"), presence.people, presence.self);
});
connection.addEventListener("replica", () => schedule({ document: true }));
connection.addEventListener("changes", ({ detail }) => {
  for (const { author, change } of detail.changes.slice(-6)) log.add(author, change);
  for (const { change } of detail.changes) {
    for (const op of change.ops ?? []) if (op.setNodeField || op.setNodeLife) pendingTouches.add((op.setNodeField ?? op.setNodeLife).node);
  }
  schedule({ document: true });
});
connection.addEventListener("presence", ({ detail }) => {
  presence.take(detail);
  if (detail.joined || detail.left) showPeople(element("people"), presence.people, presence.self);
  schedule();
});
connection.addEventListener("issues", ({ detail }) => {
  view.setIssues(detail.added ?? [], detail.removed ?? []);
  schedule();
});
connection.addEventListener("run", ({ detail }) => {
  view.setRunEvent(detail);
  schedule();
});
connection.addEventListener("state", ({ detail }) => {
  document.body.dataset.state = detail.state;
  element("status").textContent = detail.text;
  showNotice(detail);
  if (detail.state === "live") rememberWorkflow(workflow);
});

/** What a person can do about an end that does not heal by itself. */
function showNotice({ state, text, code }) {
  const notice = element("notice");
  notice.hidden = state !== "ended";
  if (state !== "ended") return;
  const message = document.createElement("p");
  const actions = [];
  if (code === 4404) {
    message.textContent = `There is no workflow “${workflow}” yet.`;
    actions.push(button("Create it", () => connection.open({ create: true })));
  } else if (code === 4401) {
    message.textContent = "This server wants an access token.";
    const input = document.createElement("input");
    input.type = "password";
    input.placeholder = "Access token";
    input.autocomplete = "off";
    actions.push(input, button("Enter", () => { keepToken(input.value.trim()); connection.open(); }));
  } else {
    message.textContent = `The connection ended: ${text}.`;
  }
  if (code !== 4401) actions.push(button("Try again", () => connection.open()));
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
  connection.setPresence({ cursor: viewport.toCanvas(event.clientX - left, event.clientY - top) });
});
field.addEventListener("pointerleave", () => connection.setPresence({}));

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
connection.open();
