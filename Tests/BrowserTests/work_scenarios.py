"""Scenarios of what people do beside editing: talk about it, go where another is, take parts elsewhere, find out why something does not count."""
import json, re
from playwright.sync_api import expect


def comments(stage):
    """A thread pinned to a node: written by one, answered and resolved by another, seen by both at once and by a viewer."""
    ada = stage.canvas("ada", create=True)
    node = ada.add("Number", (200, 200))
    bo, cy = stage.canvas("bo"), stage.canvas("cy")
    bo.has_nodes(node)
    ada.select(node)
    ada.page.locator("#field").press("m")
    ada.page.get_by_role("textbox", name="Write a comment").fill("Is this the right one?")
    ada.page.keyboard.press("Control+Enter")

    pin = bo.page.get_by_role("button", name=re.compile("^Comment by Ada"))
    pin.click()
    panel = bo.page.get_by_role("tabpanel", name=re.compile("^Comments"))
    panel.get_by_role("textbox", name="Reply").fill("It is.")
    panel.get_by_role("button", name="Reply").click()
    ada.page.get_by_role("tabpanel", name=re.compile("^Comments")).get_by_text("It is.").wait_for()
    cy.page.get_by_role("button", name=re.compile("^Comment by Ada.*1 replies")).click()
    expect(cy.page.get_by_role("tabpanel", name=re.compile("^Comments")).get_by_role("textbox")).to_have_count(0)
    ada.person.picture(stage.out, "comments")
    panel.get_by_role("button", name="Resolve").click()
    for canvas in (ada, bo, cy):
        expect(canvas.page.get_by_role("button", name=re.compile("^Comment by"))).to_have_count(0)
    # Undo takes back one's own resolving.
    bo.undo()
    ada.page.get_by_role("button", name=re.compile("^Comment by Ada")).wait_for()
    bo.is_saved()
    stage.same_everywhere(ada, bo, cy)


def follow_somebody(stage):
    """The view goes where another's goes, until one moves it oneself."""
    ada = stage.canvas("ada", create=True)
    node = ada.add("Number", (200, 200))
    bo = stage.canvas("bo")
    bo.has_nodes(node)
    bo.page.get_by_role("list", name="Who is here").get_by_role("button", name=re.compile("^Follow Ada")).click()
    expect(bo.page.locator("#following")).to_contain_text("Following Ada")
    near = "Math.hypot(thaiyyal.viewport.centre.x - arg[0], thaiyyal.viewport.centre.y - arg[1]) < 2 && Math.abs(thaiyyal.viewport.zoom - arg[2]) < 0.01"
    for keys in ("+", "ArrowRight", "-"):
        ada.page.keyboard.press("Escape")
        ada.page.locator("#field").press(keys)
        bo.until(near, ada.js("[thaiyyal.viewport.centre.x, thaiyyal.viewport.centre.y, thaiyyal.viewport.zoom]"))
    bo.page.locator("#field").press("ArrowDown")
    expect(bo.page.locator("#following")).to_be_hidden()
    stage.same_everywhere(ada, bo)


def copied_elsewhere(stage):
    """Nodes and what joins them, copied out of one workflow and pasted into another, with their settings."""
    ada = stage.canvas("ada", create=True)
    number, sum = ada.add("Number", (120, 160)), ada.add("Operation", (460, 160))
    ada.connect(number, sum)
    ada.configure(number, "Value", 41)
    ada.is_saved()
    ada.page.locator("#field").press("Control+a")
    ada.page.keyboard.press("Control+c")
    ada.open(f"{stage.workflow}-other", create=True)
    ada.page.locator("#field").press("Control+v")
    ada.until("thaiyyal.graph.nodes.size === 2 && thaiyyal.graph.edges.size === 1")
    assert not {number, sum} & set(ada.nodes), "they have ids of their own"
    assert 41 in [ada.data(id).get("value") for id in ada.nodes]
    ada.undo()
    ada.has_nodes()
    ada.is_saved()
    stage.same_everywhere(ada)


def parked_and_told(stage):
    """Two people draw a loop at the same moment: one edge is parked, on both screens, with the reason and what can be done; taking the other away brings it back."""
    ada, bo, (a, b) = stage.apart("Operation", "Operation")
    bo.connect(b, a)
    bo.waiting(1)
    ada.connect(a, b)
    ada.is_saved()
    stage.together(bo)
    for canvas in (ada, bo):
        canvas.until("thaiyyal.document.parkedEdges().length === 1")
        expect(canvas.page.locator("#counts")).to_contain_text("1 parked")
        canvas.page.keyboard.press("Escape")
        settings = canvas.page.get_by_role("tabpanel", name="Settings")
        settings.get_by_text("It is not part of a run.").wait_for()
        settings.get_by_role("button", name="Show it").first.click()
    ada.person.picture(stage.out, "parked")
    parked = ada.js("thaiyyal.document.parkedEdges()[0].key")
    # The other one goes: of the two the first that was drawn counts, so it is found by not being the parked one.
    ada.page.evaluate("(key) => { const other = [...thaiyyal.document.edgeKeys()].find(({ source }) => source !== key.source); thaiyyal.selection.set([], [other]); }", parked)
    ada.page.locator("#field").press("Delete")
    for canvas in (ada, bo):
        canvas.has_edges((parked["source"], parked["target"]))
    ada.is_saved()
    stage.same_everywhere(ada, bo)


# How often something of the page happens, until it is asked again.
COUNT_DRAWINGS = """() => {
  globalThis.drawings = { most: 0, all: 0, frames: 0 };
  let now = 0;
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (this.canvas.className === "far-view") { now += 1; drawings.all += 1; drawings.most = Math.max(drawings.most, now); }
    return clearRect.apply(this, box);
  };
  const frame = () => { now = 0; drawings.frames += 1; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""
COUNT_COMPARISONS = """() => {
  globalThis.comparisons = { count: 0, began: performance.now() };
  new MutationObserver((changes) => {
    if (changes.some(({ addedNodes }) => [...addedNodes].some((node) => node.classList?.contains("compared")))) comparisons.count += 1;
  }).observe(document.getElementById("side"), { childList: true, subtree: true });
}"""


def large_and_busy(stage):
    """With hundreds of nodes and a bot at work: seen from afar all of it is drawn at most once a frame; a long comparison is cut until asked for, and made anew only now and then."""
    many = 220
    file = stage.out / "large.json"
    file.write_text(json.dumps({"nodes": [{"id": f"n{at}", "type": "numberNode", "position": {"x": at % 20 * 240, "y": at // 20 * 120}, "data": {"value": at}} for at in range(many)], "edges": []}))
    stage.server.tool("import", str(file), workflow=stage.workflow)
    ada = stage.canvas("ada")
    ada.fit()
    ada.until("thaiyyal.view.isFar && !document.querySelector('.far-view').hidden")
    ada.name_version("Before")
    bot = stage.bot("--count", "1000000", "--rate", "60", "--seed", "3")
    ada.until("Math.abs(thaiyyal.document.version.entries.size) > 1")
    ada.page.evaluate(COUNT_DRAWINGS)
    ada.until("drawings.all > 20")
    drawn = ada.js("drawings")
    assert drawn["most"] == 1, drawn

    ada.compare("Before")
    ada.page.evaluate(COUNT_COMPARISONS)
    ada.until("performance.now() - comparisons.began > 2000")
    compared = ada.js("({ ...comparisons, took: performance.now() - comparisons.began })")
    assert 1 < compared["count"] <= compared["took"] / 300 + 2, compared
    bot.kill()
    ada.page.locator("#field").focus()
    ada.page.keyboard.press("Control+a")
    ada.page.keyboard.press("Delete")
    shown = ada.history.get_by_role("region", name="Comparison")
    more = shown.get_by_role("button", name=re.compile(r"^Show all \d+"))
    more.wait_for()
    expect(shown.locator(".differences li")).to_have_count(200)
    whole = int(re.search(r"\d+", more.text_content())[0])
    assert whole >= many, whole
    more.click()
    expect(shown.locator(".differences li")).to_have_count(whole)
    expect(more).to_have_count(0)


all = [comments, follow_somebody, copied_elsewhere, parked_and_told, large_and_busy]
