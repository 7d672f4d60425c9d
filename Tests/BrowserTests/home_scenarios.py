"""Scenarios of the start page, and of who can reach what on both pages."""
import json
from playwright.sync_api import expect

from access import faults_of


def home_round(stage):
    """Make a workflow from an example, find it, export it, import a file with three of which one is broken, delete one while somebody is in it."""
    home = stage.home("ada")
    made = home.create("Home round", begin="Sum of two numbers")
    home.open()
    home.search("home round")
    expect(home.card("Home round")).to_contain_text("4 nodes")
    assert home.card("Home round").locator("svg.thumbnail rect").count() >= 4
    with home.page.expect_download() as download:
        home.card("Home round").hover()
        home.page.get_by_role("button", name="Export: Home round").click()
    exported = json.loads(open(download.value.path()).read())
    assert len(exported["nodes"]) == 4 and len(exported["edges"]) == 3 and exported["title"] == "Home round"

    file = stage.out / "three.json"
    file.write_text(json.dumps([{"id": "taken-in", "title": "Taken in", "data": exported}, {"id": "broken", "data": {"nodes": [{}]}}, {"id": "home-again", "data": exported}]))
    report = home.take(file)
    expect(report.get_by_role("heading", level=2)).to_have_text("2 workflows imported")
    expect(report).to_contain_text("[1]")
    home.person.picture(stage.out, "home-report")
    report.get_by_role("button", name="Done").click()

    bo = stage.canvas("bo", workflow="taken-in")
    bo.person.excuse()
    home.search("taken in")
    home.card("Taken in").hover()
    home.page.get_by_role("button", name="Delete: Taken in").click()
    home.page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(home.card("Taken in")).to_have_count(0)
    bo.until("document.body.dataset.state === 'ended'")
    home.search("")
    home.person.picture(stage.out, "home")
    canvas = stage.canvas("ada", workflow=made)
    assert len(canvas.nodes) == 4


def home_of_a_viewer(stage):
    """Who may only look is told so; who shows no token is asked for one."""
    cy = stage.home("cy")
    expect(cy.page.get_by_role("button", name="New workflow")).to_be_disabled()
    expect(cy.page.get_by_role("button", name="Import")).to_be_disabled()
    nobody = stage.home("nobody", token=False)
    nobody.person.faults.clear()  # the browser tells of the 401 as of an error
    expect(nobody.page.get_by_label("access token")).to_be_visible()


def reachable(stage):
    """Every control has a role and a name, text can be read in both themes, and the keyboard gets everywhere."""
    made = stage.home("ada").create("Reachable", begin="Grown up or not")
    faults = []
    for theme in ("light", "dark"):
        home = stage.home("ada", theme=theme)
        faults += [f"home, {theme}: {fault}" for fault in faults_of(home.page)]
        home.page.get_by_role("button", name="New workflow").click()
        faults += [f"new workflow, {theme}: {fault}" for fault in faults_of(home.page)]
        home.person.picture(stage.out, f"home-new-{theme}")
        home.page.keyboard.press("Escape")
        home.person.picture(stage.out, f"home-{theme}")
        canvas = stage.canvas("ada", workflow=made, theme=theme)
        canvas.run()
        canvas.has_run("succeeded")
        faults += [f"canvas with runs, {theme}: {fault}" for fault in faults_of(canvas.page)]
        canvas.person.picture(stage.out, f"canvas-{theme}")
        canvas.select("check")
        canvas.field("Label")
        faults += [f"canvas with settings, {theme}: {fault}" for fault in faults_of(canvas.page)]
    (stage.out / "access.txt").write_text("\n".join(faults))
    assert not faults, "\n".join(faults)


def reachable_canary(stage):
    """What looks for faults finds planted ones: pale text, a button without a name, a control that the keyboard skips."""
    home = stage.home("ada")
    home.page.evaluate("""() => {
      const pale = document.createElement("p");
      pale.textContent = "planted";
      pale.style.color = "#bbb";
      const skipped = document.createElement("button");
      skipped.textContent = "skipped";
      skipped.addEventListener("focus", () => skipped.blur());
      document.querySelector("main").append(pale, document.createElement("button"), skipped);
    }""")
    faults = "\n".join(faults_of(home.page))
    for planted in ("contrast 1", "no name: <button", "does not reach: button  skipped"):
        assert planted in faults, f"{planted} was not found: {faults}"


all = [home_round, home_of_a_viewer, reachable, reachable_canary]
