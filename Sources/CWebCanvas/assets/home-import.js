import { counted } from "./counting.js";
import { byId, make } from "./dom.js";
import { closeDialog, openDialog } from "./home-dialog.js";
import { askJSON } from "./rest.js";

/**
 * Sends files to the server, one after the other, and says what became of each workflow in them.
 * @param {File[]} files
 * @param {() => void} whenMade
 */
export async function importFiles(files, whenMade) {
  const reports = [];
  for (const file of files) {
    openDialog("Importing", make("p", { class: "quiet", role: "status" }, `${file.name} …`));
    try { reports.push({ file, ...(await askJSON("workflows/import", { method: "POST", body: file })) }); } catch (error) {
      reports.push({ file, made: [], refused: [{ reason: error.message }] });
    }
  }
  if (reports.some(({ made }) => made.length > 0)) whenMade();
  showReport(reports);
}

function showReport(reports) {
  const made = reports.flatMap((report) => report.made);
  const refused = reports.flatMap(({ file, refused: each }) => each.map((item) => ({ ...item, file: file.name })));
  const notices = made.flatMap(({ workflow, notices: each }) => each.map((text) => ({ workflow, text })));
  const title = made.length > 0 ? `${counted(made.length, "workflow")} imported` : "Nothing was imported";
  openDialog(title,
    section("Imported", made.map((item) => [
      make("a", { href: `/w/${encodeURIComponent(item.workflow)}` }, item.title || item.workflow),
      ` ${counted(item.nodeCount, "node")}, ${counted(item.edgeCount, "edge")}`,
    ])),
    section("Not taken", refused.map(({ title: name, id, reason, file }) => [make("strong", {}, name || id || file), ` ${reason}`])),
    section("Read in another way than written", notices.map(({ workflow, text }) => [make("strong", {}, workflow), ` ${text}`])),
    make("div", { class: "row end" }, make("button", { type: "button", class: "primary", autofocus: true, onClick: closeDialog }, "Done")));
}

const section = (title, rows) => rows.length > 0
  && make("section", { class: "report" }, make("h3", {}, title), make("ul", {}, ...rows.map((row) => make("li", {}, ...row))));

/** Files come by the button, or are dropped anywhere on the page. */
export function takeFiles(whenMade) {
  const files = byId("files");
  byId("import").addEventListener("click", () => files.click());
  files.addEventListener("change", () => {
    const chosen = [...files.files];
    files.value = "";
    if (chosen.length > 0) importFiles(chosen, whenMade);
  });
  const drop = byId("drop");
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.hidden = true; });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    drop.hidden = true;
    importFiles([...event.dataTransfer.files], whenMade);
  });
}
