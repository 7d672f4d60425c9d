#!/usr/bin/env python3
"""The pictures of README.md: screenshots.py OUT. Three people in one workflow of a real server, as one of them sees it. Needs `swift build --build-tests`, and Pillow."""
import json, os, pathlib, sys, tempfile
from PIL import Image
from playwright.sync_api import sync_playwright

from host import ROOT, Server
from person import launch
from stage import Stage

BYTES_MAX = 200_000  # of each picture
VERSION = "As ordered on Monday"


def node(id, type, x, y, **data):
    return {"id": id, "type": type, "position": {"x": x, "y": y}, "data": data}


def canvas(title, nodes, *edges):
    return {"title": title, "nodes": nodes, "edges": [{"id": f"{a}-{b}", "source": a, "target": b} for a, b in edges]}


ORDERS = canvas("Orders of the week", [
    node("price", "numberNode", 0, 0, value=19.5, label="Price"),
    node("count", "numberNode", 0, 120, value=4, label="Count"),
    node("customer", "textInputNode", 0, 280, text="grace hopper", label="Customer"),
    node("total", "opNode", 280, 60, op="multiply", label="Total"),
    node("titled", "textOpNode", 280, 280, text_op="titlecase", label="Name as a title"),
    node("large", "conditionNode", 560, 0, condition=">=50", label="Free delivery?"),
    node("invoice", "vizNode", 560, 120, mode="text", label="Invoice"),
    node("parcel", "vizNode", 560, 280, mode="text", label="Parcel label"),
], ("price", "total"), ("count", "total"), ("total", "large"), ("total", "invoice"), ("customer", "titled"), ("titled", "parcel"))

OTHERS = [
    canvas("Welcome to new members", [
        node("age", "numberNode", 0, 0, value=21), node("adult", "conditionNode", 280, 0, condition=">=18"), node("text", "textInputNode", 0, 140, text="come in"),
        node("loud", "textOpNode", 280, 140, text_op="uppercase"), node("both", "joinNode", 560, 70), node("show", "vizNode", 840, 70, mode="text"),
    ], ("age", "adult"), ("text", "loud"), ("adult", "both"), ("loud", "both"), ("both", "show")),
    canvas("Grades", [
        *(node(f"grade{at}", "numberNode", 0, 110 * at, value=at + 1) for at in range(4)), node("sum", "accumulatorNode", 560, 165, accum_op="sum"),
        node("first", "opNode", 280, 55, op="add"), node("second", "opNode", 280, 275, op="add"), node("shown", "vizNode", 840, 165, mode="text"),
    ], ("grade0", "first"), ("grade1", "first"), ("grade2", "second"), ("grade3", "second"), ("first", "sum"), ("sum", "shown")),
    canvas("Retry a slow step", [
        node("start", "textInputNode", 0, 0, text="begin"), node("wait", "delayNode", 260, 0, duration="1s"), node("limit", "timeoutNode", 520, 0, timeout="5s"),
        node("show", "vizNode", 780, 0, mode="text"),
    ], ("start", "wait"), ("wait", "limit"), ("limit", "show")),
]


def take(canvas, out, name):
    """When nothing moves any more: the pointers of others have arrived, and what was told is gone again."""
    canvas.until("document.getElementById('toasts').childElementCount === 0")
    canvas.person.js("""async () => {
      const places = () => [...document.querySelectorAll('.cursor, .node')].map((element) => element.style.transform).join();
      for (let before = '', still = 0; still < 20; before = places()) {
        await new Promise(requestAnimationFrame);
        still = places() === before ? still + 1 : 0;
      }
    }""")
    picture(canvas.person, out, name)


def picture(person, out, name):
    person.picture(out, name)
    file = out / f"{name}.png"
    Image.open(file).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    size = file.stat().st_size
    assert size < BYTES_MAX, f"{file}: {size} bytes"
    print(f"{file} ({size // 1000} kB)", flush=True)


def point(canvas, id, by=(40, 20)):
    """Moves somebody's mouse to a node, so that others see a pointer there."""
    box = canvas.node(id).bounding_box()
    canvas.page.mouse.move(box["x"] + by[0], box["y"] + by[1], steps=4)


def comment(canvas, id, text):
    canvas.select(id)
    canvas.page.locator("#field").press("m")
    field = canvas.page.get_by_role("tabpanel", name="Comments").get_by_role("textbox")
    field.fill(text)
    field.press("Control+Enter")
    canvas.until("thaiyyal.comments.threads.length === 1")


def together(ada, bo, dee, out):
    comment(bo, "large", "From 50 on, or from 40?")
    dee.select("customer")
    point(dee, "customer", (120, 50))
    ada.select("total")
    ada.field("Label")

    def under_way():
        ada.until("document.querySelectorAll('.cursor').length === 2")
        take(ada, out, "canvas-light")

    bo.drag("parcel", (-40, 30), hold=under_way)
    ada.page.emulate_media(color_scheme="dark")
    ada.page.get_by_role("tab", name="Comments").click()
    bo.select("count")
    point(bo, "count", (150, 45))
    take(ada, out, "canvas-dark")
    ada.page.emulate_media(color_scheme="light")


def run(ada, out):
    ada.run()
    ada.has_run("succeeded")
    ada.page.keyboard.press("Escape")
    take(ada, out, "run")


def history(ada, bo, out):
    ada.page.get_by_role("tab", name="History").click()
    panel = ada.page.get_by_role("tabpanel", name="History")
    panel.get_by_label("Name of the version").fill(VERSION)
    panel.get_by_role("button", name="Name", exact=True).click()
    version = panel.get_by_role("list", name="Named versions").get_by_role("button", name=VERSION)
    version.wait_for()
    bo.configure("count", "Value", 6)
    bo.configure("large", "Condition", ">=100")
    bo.remove("titled")
    bo.drag("invoice", (30, 60))
    bo.is_saved()
    ada.until("!thaiyyal.document.isVisible('titled') && thaiyyal.document.node('count').data.value === 6")
    version.click()
    panel.get_by_role("region", name="Comparison").wait_for()
    take(ada, out, "history")


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, Server(folder, binary=os.environ.get("THAIYYAL")) as server:
        stage = Stage("orders", server, launch(playwright), out)
        files = [ROOT / "fixtures/canvas/sums.json", ROOT / "fixtures/canvas/react-flow.json"]
        for at, made in enumerate([*OTHERS, ORDERS]):
            files.append(pathlib.Path(folder) / f"{at}.json")
            files[-1].write_text(json.dumps(made))
        for at, file in enumerate(files):
            server.tool("import", str(file), workflow=stage.workflow if file == files[-1] else f"other-{at}")
        ada, bo, dee = (stage.canvas(name) for name in ("ada", "bo", "dee"))
        for each in (ada, bo, dee):
            each.fit("price", "parcel")
        together(ada, bo, dee, out)
        run(ada, out)
        history(ada, bo, out)
        home = stage.home("ada")
        home.page.get_by_role("list", name="Workflows").get_by_role("listitem").nth(len(files) - 1).wait_for()
        picture(home.person, out, "home")
        for person in stage.people:
            person.checked()
        stage.end()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
