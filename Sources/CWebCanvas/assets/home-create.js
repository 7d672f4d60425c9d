import { make } from "./dom.js";
import { examples, sketchOf } from "./examples.js";
import { closeDialog, openDialog } from "./home-dialog.js";
import { askJSON } from "./rest.js";
import { thumbnail } from "./thumbnail.js";

const empty = { name: "Empty", text: "Begin with nothing.", canvas: { nodes: [], edges: [] } };

/** Makes a workflow and goes there. */
async function create(title, canvas) {
  const { made, refused } = await askJSON("workflows/import", { method: "POST", body: JSON.stringify({ title, ...canvas }) });
  if (made.length === 0) throw new Error(refused[0]?.reason ?? "The server made nothing of it.");
  location.assign(`/w/${encodeURIComponent(made[0].workflow)}`);
}

/** @param {{begin?: number}} how `begin`: place among the examples that is chosen at first; none: the empty one */
export function openCreate({ begin = -1 } = {}) {
  const choices = [empty, ...examples];
  const title = make("input", { id: "new-title", required: true, maxlength: 200, autocomplete: "off", autofocus: true, placeholder: "Untitled" });
  const fault = make("p", { class: "fault", role: "alert", hidden: true });
  const go = make("button", { type: "submit", class: "primary" }, "Create");
  const submit = async (event) => {
    event.preventDefault();
    go.disabled = true;
    const chosen = choices[Number(new FormData(form).get("from"))];
    try { await create(title.value.trim(), chosen.canvas); } catch (error) {
      fault.textContent = error.message;
      fault.hidden = false;
      go.disabled = false;
    }
  };
  const form = make("form", { onSubmit: submit },
    make("label", { for: "new-title" }, "Title"), title,
    make("fieldset", { class: "choices" }, make("legend", {}, "Begin with"), ...choices.map((choice, index) => make("label", { class: "choice" },
      make("input", { type: "radio", name: "from", value: index, checked: index === begin + 1 }),
      thumbnail(sketchOf(choice.canvas)), make("strong", {}, choice.name), make("small", { class: "quiet" }, choice.text)))),
    fault,
    make("div", { class: "row end" }, make("button", { type: "button", onClick: closeDialog }, "Cancel"), go));
  if (begin >= 0) title.value = examples[begin].name;
  openDialog("New workflow", form);
}
