import { byId, make, say } from "./dom.js";
import { examples, sketchOf } from "./examples.js";
import { openCreate } from "./home-create.js";
import { takeFiles } from "./home-import.js";
import { HomeList } from "./home-list.js";
import { icon } from "./icons.js";
import { keepToken, keepUserName, userName } from "./settings.js";
import { Theme } from "./theme.js";
import { thumbnail } from "./thumbnail.js";

const announce = (text) => say(byId("live"), byId("live").textContent === text ? `${text}\u00a0` : text);
const theme = new Theme({ announce });
const list = new HomeList({ announce, failed, shown });
const trouble = byId("trouble");

byId("name").value = userName();
byId("name").addEventListener("change", () => keepUserName(byId("name").value.trim() || userName()));
byId("theme").append(icon("theme"));
byId("theme").addEventListener("click", () => theme.toggle());
byId("create").addEventListener("click", () => openCreate());
takeFiles(() => list.open());
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, dialog")) return;
  event.preventDefault();
  byId("search").focus();
});
open();

async function open() {
  trouble.hidden = true;
  await list.open();
}

/** What the server does not let one do stays in its place and says why. */
function shown({ isEmpty, role }) {
  const mayMake = ["editor", "runner", "owner"].includes(role);
  for (const name of ["create", "import"]) {
    byId(name).disabled = !mayMake;
    byId(name).title = mayMake ? "" : `You are here as ${role}: only editors make workflows.`;
  }
  const empty = byId("empty");
  empty.hidden = !isEmpty || !trouble.hidden;
  if (empty.hidden) return empty.replaceChildren();
  empty.replaceChildren(
    make("h2", {}, "No workflow yet"),
    make("p", { class: "quiet" }, mayMake ? "Begin with an example, with nothing, or drop a file that Thaiyyal or React Flow saved." : "Nobody made one so far."),
    mayMake && make("ul", { class: "cards", "aria-label": "Examples" }, ...examples.map(({ name, text, canvas }, index) => make("li", { class: "card" },
      thumbnail(sketchOf(canvas)),
      make("div", { class: "card-words" },
        make("button", { type: "button", class: "card-link", onClick: () => openCreate({ begin: index }) }, make("span", { class: "card-title" }, name)),
        make("small", { class: "quiet" }, text))))));
}

function failed(error) {
  trouble.hidden = false;
  if (error.status !== 401) return trouble.replaceChildren(make("p", {}, error.message), make("button", { type: "button", onClick: open }, "Try again"));
  const input = make("input", { type: "password", id: "token", autocomplete: "off", required: true });
  const enter = (event) => {
    event.preventDefault();
    keepToken(input.value.trim());
    open();
  };
  trouble.replaceChildren(make("form", { class: "row", onSubmit: enter },
    make("label", { for: "token" }, "This server wants an access token."), input, make("button", { type: "submit", class: "primary" }, "Enter")));
  input.focus();
}
