"""Each function is one scenario; it gets a stage and a workflow of its own, named after it."""
import json, re
from playwright.sync_api import expect


def edit_together(stage):
    """Two people and a bot: create, connect, drag, configure; then two settings of one node at the same time, delete against connect, undo after another's edit."""
    ada = stage.canvas("ada", create=True)
    bo = stage.canvas("bo")

    # Create and connect: each sees what the other does.
    first = ada.add("Number", (120, 120))
    second = bo.add("Number", (120, 320))
    sum = ada.add("Operation", (460, 200))
    for canvas in (ada, bo):
        canvas.has_nodes(first, second, sum)
        canvas.fit(first, second, sum)
    ada.connect(first, sum)
    bo.connect(second, sum)
    for canvas in (ada, bo):
        canvas.has_edges((first, sum), (second, sum))

    # Drag: seen under way, written once, one undo step.
    ada.is_saved()
    changes, start = ada.js("thaiyyal.client.position"), ada.position(sum)

    def under_way():
        bo.until("document.querySelector(`.node[data-node='${CSS.escape(arg[0])}']`).offsetLeft > arg[1] + 60", [sum, start["x"]])
        assert bo.position(sum) == start

    ada.drag(sum, (130, 60), hold=under_way)
    bo.until("thaiyyal.document.node(arg[0]).fields.position.x > arg[1] + 60", [sum, start["x"]])
    ada.is_saved()
    assert ada.js("thaiyyal.client.position") == changes + 1, "a drag is one change"
    ada.undo()
    bo.until("JSON.stringify(thaiyyal.document.node(arg[0]).fields.position) === JSON.stringify(arg[1])", [sum, start])
    ada.redo()

    # Configure: two settings of one node at the same moment; both stay.
    ada.select(first)
    bo.select(first)
    ada.field("Value").fill("12")
    bo.field("Label").fill("Twelve")
    for canvas in (ada, bo):
        canvas.page.keyboard.press("Enter")
    for canvas in (ada, bo):
        canvas.has_data(first, "value", 12)
        canvas.has_data(first, "label", "Twelve")

    # A bot works in between, and nobody is in its way.
    bot = stage.bot("--count", "30", "--rate", "0", "--seed", "7", "--settle", "0.5", "--no-presence")
    ada.add("Text input")
    told, problems = bot.communicate(timeout=60)
    assert bot.returncode == 0, problems
    ada.page.keyboard.press("Escape")
    ada.person.picture(stage.out, "edit-together-ada")
    bo.person.picture(stage.out, "edit-together-bo")
    stage.same_everywhere(ada, bo)


def delete_against_connect(stage):
    """Ada deletes a node while Bo, who does not know yet, connects it: the edge is parked, and is there again when she takes the deletion back."""
    ada, bo, (a, b) = stage.apart("Number", "Operation")
    bo.connect(a, b)
    bo.waiting(1)
    ada.remove(b)
    ada.is_saved()
    stage.together(bo)
    for canvas in (ada, bo):
        canvas.has_nodes(a)
        canvas.until("thaiyyal.document.parkedEdges().length === 1")
    ada.undo()
    for canvas in (ada, bo):
        canvas.has_nodes(a, b)
        canvas.has_edges((a, b))
    stage.same_everywhere(ada, bo)


def undo_after_another(stage):
    """Ada sets something, Bo sets it after her: her undo leaves his alone, and tells her. The step before it waits for the next undo."""
    ada = stage.canvas("ada", create=True)
    id = ada.add("Number", (200, 200))
    bo = stage.canvas("bo")
    bo.has_nodes(id)
    ada.configure(id, "Label", "mine")
    ada.configure(id, "Value", 1)
    bo.has_data(id, "value", 1)
    bo.configure(id, "Value", 2)
    ada.has_data(id, "value", 2)
    # There is nothing left of her last step: it goes, and the one before it stays.
    ada.undo()
    ada.page.get_by_text("Nothing to undo of that step: Bo changed Value of mine since.").first.wait_for()
    assert ada.data(id) == {"label": "mine", "value": 2}
    ada.undo()
    bo.until("!thaiyyal.document.node(arg).data.label", id)
    assert bo.data(id)["value"] == 2
    bo.undo()
    for canvas in (ada, bo):
        canvas.has_data(id, "value", 1)
    stage.same_everywhere(ada, bo)


def away_for_a_while(stage):
    """The network goes for one, the server for both, with edits on both sides; nothing is lost, and the page says the truth about it."""
    ada = stage.canvas("ada", create=True)
    id = ada.add("Number", (200, 200))
    bo = stage.canvas("bo")
    bo.has_nodes(id)
    ada.is_saved()

    ada.person.offline(True)
    ada.until("thaiyyal.client.link.state !== 'live'")
    ada.configure(id, "Value", 5)
    mine = ada.add("Text input", (200, 400))
    ada.waiting(2)
    bo.configure(id, "Label", "Five")
    bo.is_saved()
    ada.person.picture(stage.out, "away-offline")
    ada.person.offline(False)
    ada.live().is_saved()
    ada.person.settle()
    for canvas in (ada, bo):
        canvas.has_nodes(id, mine)
        canvas.has_data(id, "value", 5)
        canvas.has_data(id, "label", "Five")

    # Now the server is killed; both go on, and one of them closes the page before it is back.
    for canvas in (ada, bo):
        canvas.person.excuse()
    stage.server.kill()
    for canvas in (ada, bo):
        canvas.until("thaiyyal.client.link.state !== 'live'")
    ada.configure(mine, "Text", "written without a server")
    other = bo.add("Operation", (500, 200))
    bo.waiting(1)
    bo.page.goto("about:blank")
    stage.server.start()
    bo.open(stage.workflow)
    for canvas in (ada, bo):
        canvas.live().is_saved()
        canvas.person.settle()
        canvas.has_nodes(id, mine, other)
        canvas.has_data(mine, "text", "written without a server")
    stage.same_everywhere(ada, bo)


def viewer_cannot_edit(stage):
    """A viewer sees everything and can change nothing; the page says why."""
    ada = stage.canvas("ada", create=True)
    id = ada.add("Number", (200, 200))
    ada.is_saved()
    cy = stage.canvas("cy")
    cy.has_nodes(id)
    expect(cy.saved).to_have_text("Read only")
    for name in ("Undo", "Remove", "Run"):
        expect(cy.tool(name)).to_have_attribute("aria-disabled", "true")
    expect(cy.page.get_by_role("navigation", name="Palette").get_by_role("button", name="Number", exact=True)).to_have_attribute("aria-disabled", "true")
    cy.select(id)
    expect(cy.field("Value")).to_be_disabled()
    cy.page.locator("#field").focus()
    cy.page.keyboard.press("Delete")
    before = cy.position(id)
    cy.drag(id, (80, 40))
    ada.configure(id, "Value", 3)
    cy.has_data(id, "value", 3)
    assert cy.nodes == [id] and cy.position(id) == before
    assert cy.js("thaiyyal.client.counters.refusals ?? 0") == 0, "what cannot be is not sent"
    cy.person.picture(stage.out, "viewer")
    stage.same_everywhere(ada, cy)


def run_watched(stage):
    """A run that two watch from the beginning and one from the middle: one run, the same results for all; cancelled by another; the past one is still there."""
    canvas = {
        "nodes": [
            {"id": "three", "type": "numberNode", "position": {"x": 0, "y": 0}, "data": {"value": 3}},
            {"id": "four", "type": "numberNode", "position": {"x": 0, "y": 140}, "data": {"value": 4}},
            {"id": "wait", "type": "delayNode", "position": {"x": 260, "y": 0}, "data": {"duration": "1ms"}},
            {"id": "sum", "type": "opNode", "position": {"x": 260, "y": 140}, "data": {"op": "add"}},
            {"id": "shown", "type": "vizNode", "position": {"x": 520, "y": 60}, "data": {"mode": "text"}},
        ],
        "edges": [{"id": f"{a}-{b}", "source": a, "target": b} for a, b in (("three", "wait"), ("three", "sum"), ("four", "sum"), ("wait", "shown"))],
    }
    file = stage.out / "run-watched.json"
    file.write_text(json.dumps(canvas))
    stage.server.tool("import", str(file), workflow=stage.workflow)
    ada = stage.canvas("ada")
    dee = stage.canvas("dee")
    bo = stage.canvas("bo")
    expect(bo.tool("Run")).to_have_attribute("aria-disabled", "true")
    ada.page.keyboard.press("Control+Enter")
    run = ada.has_run("succeeded")

    def all_see(run, state, canvases, node="three", value="3"):
        for each in canvases:
            assert each.has_run(state) == run
            each.runs.locator(f'[data-run-node="{node}"]').get_by_text(value, exact=True).wait_for()
            expect(each.node(node)).to_contain_text(f"= {value}")
            expect(each.runs.get_by_role("region", name="Run")).to_contain_text("by Ada")

    all_see(run, "succeeded", [ada, dee, bo], node="sum", value="7")
    ada.person.picture(stage.out, "run-watched")

    # This one does not end by itself: whoever comes late is in the middle of it.
    ada.configure("wait", "Duration", "50s")
    ada.is_saved()
    ada.run()
    second = ada.has_run("running")
    assert second != run
    ada.node("wait").and_(ada.page.locator(".running")).wait_for()
    late = stage.canvas("cy")
    all_see(second, "running", [ada, dee, bo, late])
    late.node("wait").and_(late.page.locator(".running")).wait_for()
    late.person.picture(stage.out, "run-late")
    dee.runs.get_by_role("button", name="Cancel").click()
    all_see(second, "cancelled", [ada, dee, bo, late])
    for each in (ada, late):
        each.runs.get_by_role("list", name="All runs").get_by_role("button").nth(1).click()
        all_see(run, "succeeded", [each], node="sum", value="7")
    stage.same_everywhere(ada, dee, bo, late)


def failing_node(stage):
    """What goes wrong in a run is said at its node, and the panel leads there."""
    ada = stage.canvas("ada", create=True)
    broken = ada.add("Operation", (200, 200))
    ada.is_saved()
    ada.run()
    ada.has_run("failed")
    expect(ada.node(broken)).to_have_class(re.compile(r"\bfailed\b"))
    ada.runs.locator(f'[data-run-node="{broken}"]').get_by_role("button").click()
    ada.until("thaiyyal.selection.single === arg", broken)


def stale_results(stage):
    """A result whose node, or anything upstream of it, changed since the run is marked for everybody; taking the change back takes the mark away."""
    ada = stage.canvas("ada", create=True)
    number = ada.add("Number", (160, 160))
    shown = ada.add("Visualization", (460, 160))
    other = ada.add("Number", (160, 360))
    ada.connect(number, shown)
    bo = stage.canvas("bo")
    bo.has_nodes(number, shown, other)
    ada.run()
    run = ada.has_run("succeeded")
    assert bo.has_run("succeeded") == run

    def stale(canvas, *ids):
        canvas.until("[...document.querySelectorAll('.node.stale')].map((node) => node.dataset.node).sort().join() === arg.sort().join()", list(ids))

    ada.drag(other, (40, 20))
    ada.is_saved()
    for canvas in (ada, bo):
        stale(canvas)
    ada.configure(number, "Value", 41)
    late = stage.canvas("cy")
    for canvas in (ada, bo, late):
        stale(canvas, number, shown)
        expect(canvas.runs).to_contain_text("2 results no longer")
    ada.person.picture(stage.out, "stale")
    ada.undo()
    for canvas in (ada, bo, late):
        stale(canvas)
    stage.same_everywhere(ada, bo, late)


def restore_of_a_version(stage):
    """A version is named, compared with what came after it, and restored; an ordinary edit of one undo step. A viewer may look and not restore."""
    ada = stage.canvas("ada", create=True)
    kept, lost = ada.add("Number", (160, 160)), ada.add("Operation", (460, 160))
    ada.connect(kept, lost)
    ada.configure(kept, "Value", 1)
    ada.is_saved()
    ada.name_version("First draft")
    named = ada.js("[...thaiyyal.client.document.graphHash()].join()")
    bo, cy = stage.canvas("bo"), stage.canvas("cy")
    for canvas in (bo, cy):
        canvas.has_version("First draft")
    ada.remove(lost)
    ada.configure(kept, "Value", 2)
    bo.has_nodes(kept)
    more = bo.add("Text input", (160, 400))
    for canvas in (ada, cy):
        canvas.has_nodes(kept, more)

    expect(cy.compare("First draft").get_by_role("button", name="Restore")).to_be_disabled()
    shown = ada.compare("First draft")
    for kind in ("added", "removed", "changed"):
        assert shown.locator(f".differences .{kind}").count() >= 1, kind
    expect(ada.node(more)).to_have_class(re.compile("added"))
    expect(ada.node(kept)).to_have_class(re.compile("changed"))
    ada.person.picture(stage.out, "history-compared")
    shown.get_by_role("button", name="Restore").click()
    for canvas in (ada, bo, cy):
        canvas.has_nodes(kept, lost)
        canvas.has_edges((kept, lost))
        canvas.has_data(kept, "value", 1)
    ada.is_saved()
    assert ada.js("[...thaiyyal.client.document.graphHash()].join()") == named
    stage.same_everywhere(ada, bo, cy)
    ada.undo()
    for canvas in (ada, bo, cy):
        canvas.has_nodes(kept, more)
        canvas.has_data(kept, "value", 2)
    ada.is_saved()
    stage.same_everywhere(ada, bo, cy)


def patched_from_outside(stage):
    """A program sends PATCHes while two people drag and configure: merged, live on both canvases, under the program's name; one with a stale tag is told so, and nothing is lost."""
    ada = stage.canvas("ada", create=True)
    a, b = ada.add("Number", (160, 160)), ada.add("Operation", (460, 160))
    bo = stage.canvas("bo")
    bo.has_nodes(a, b)
    for canvas in (ada, bo):
        canvas.fit(a, b)
    ada.is_saved()
    path = f"workflows/{stage.workflow}"
    status, header, graph = stage.server.rest("GET", path)
    stale = header["ETag"]
    assert status == 200 and stale, (status, graph)

    def patch(nodes, **fields):
        return stage.server.rest("PATCH", path, {"nodes": nodes}, Content_Type="application/merge-patch+json", Thaiyyal_Author="Importer", **fields)

    # In the middle of a drag of one, and of what the other types into the same node.
    start = ada.position(b)
    bo.select(a)
    bo.field("Label").fill("Of Bo")

    def meanwhile():
        status, header, _ = patch({a: {"data": {"value": 7}}, "made": {"type": "textInputNode", "position": {"x": 100, "y": 400}, "data": {"text": "from outside"}}})
        assert status == 200 and header["ETag"] not in (None, stale)
        for canvas in (ada, bo):
            canvas.has_nodes(a, b, "made")
            canvas.has_data(a, "value", 7)
            canvas.node("made").wait_for()

    ada.drag(b, (120, 40), hold=meanwhile)
    bo.page.keyboard.press("Enter")
    for canvas in (ada, bo):
        canvas.until("thaiyyal.document.node(arg[0]).fields.position.x > arg[1] + 60", [b, start["x"]])
        canvas.has_data(a, "label", "Of Bo")
        canvas.has_data(a, "value", 7)
        canvas.is_saved()

    # With the tag of before: refused, with the tag of now. Taken anew it goes through, and all of it stays.
    before = stage.server.hashes(stage.workflow)
    status, header, problem = patch({a: {"data": {"value": 8}}}, If_Match=stale)
    assert status == 412 and problem["status"] == 412 and header["Content-Type"] == "application/problem+json", (status, problem)
    assert stage.server.hashes(stage.workflow) == before
    status, _, _ = patch({a: {"data": {"value": 9}}}, If_Match=header["ETag"])
    assert status == 200
    for canvas in (ada, bo):
        canvas.has_data(a, "value", 9)
        canvas.has_data(a, "label", "Of Bo")
        canvas.history.get_by_role("list", name="Timeline").get_by_text("Importer").first.wait_for()
    ada.person.picture(stage.out, "patched-from-outside")
    # Of their own things people take back only what they did themselves.
    ada.undo()
    for canvas in (ada, bo):
        canvas.until("JSON.stringify(thaiyyal.document.node(arg[0]).fields.position) === JSON.stringify(arg[1])", [b, start])
        canvas.has_data(a, "value", 9)
    stage.same_everywhere(ada, bo)


all = [patched_from_outside, edit_together, delete_against_connect, undo_after_another, away_for_a_while, viewer_cannot_edit, run_watched, failing_node, stale_results, restore_of_a_version]
