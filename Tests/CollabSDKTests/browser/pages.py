#!/usr/bin/env python3
"""The SDK in real browsers: pages.py REACTFLOW12 REACTFLOW11 OUT. Needs playwright, Debian's chromium, node, and `swift build --build-tests`.

Two people on one workflow in the real React Flow, @xyflow/react 12 and reactflow 11: create, drag, connect, delete, undo, the server killed, edits on both sides, a reload and a closed tab
meanwhile; at the end equal hashes in both browsers and on the server. And what storages must do, in IndexedDB.
"""
import json, os, pathlib, re, signal, subprocess, sys, tempfile, time
from playwright.sync_api import sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
THAIYYAL = os.environ.get("THAIYYAL", ROOT / ".build/debug/thaiyyal")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"]
LIMIT = 30


class Server:
    """`thaiyyal serve` in a folder of its own, that can be killed and started again on its port."""

    def __init__(self, origin, folder):
        self.origin, self.folder, self.port, self.process = origin, folder, 0, None

    def start(self):
        words = [str(THAIYYAL), "serve", "--plain", "--host", "127.0.0.1", "--port", str(self.port), "--data", f"{self.folder}/data.sqlite",
                 "--log-level", "error", "--allow-origin", self.origin]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            found = re.search(r"protocol +ws://[^:/]+:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                return self
        raise SystemExit("the server ended before it listened")

    def kill(self):
        self.process.kill()
        self.process.wait()

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}"

    def hashes(self, workflow):
        text = subprocess.run([str(THAIYYAL), "export", "--hash", "--workflow", workflow, "--url", self.url], check=True, capture_output=True, text=True).stdout
        return re.findall(r"[0-9a-f]{64}", text)


def until(page, expression, arg=None):
    page.wait_for_function(expression, arg=arg, timeout=LIMIT * 1000, polling=20)


def node(page, label):
    return page.locator(".react-flow__node", has_text=label)


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, start, by, hold=None):
    x, y = start
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=12)
    if hold:
        hold()
    page.mouse.up()


def position(page, name):
    return page.evaluate("(id) => window.client.document.node(id)?.fields.position", name)


SAVED = "() => window.client.saveState.state === 'saved' && window.client.isLive"


def people(browser, base, server, version, out):
    def visit(context, name):
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{name}: {error}"))
        page.goto(f"{base}/tests/flow.html?name={name}&version={version}&workflow=flow-{version}&server={server.url}")
        return page

    errors = []
    contexts = [browser.new_context(viewport={"width": 1000, "height": 700}) for _ in range(2)]
    ada, bo = visit(contexts[0], "Ada"), visit(contexts[1], "Bo")
    for page in (ada, bo):
        until(page, "() => window.flow?.canEdit && window.client.isLive")

    # Create: each a node, seen by both.
    ada.click("#add")
    until(bo, "() => window.flow.nodes.length === 1")
    bo.click("#add")
    for page in (ada, bo):
        until(page, "() => window.flow.nodes.length === 2 && document.querySelectorAll('.react-flow__node').length === 2")
    first, second = "Ada-0", "Bo-1"

    # Drag by hand: another sees it under way, before anything durable; at the end it is one undo step.
    changes = ada.evaluate("() => window.client.position")
    start = position(ada, first)

    def under_way():
        until(bo, "(x) => window.flow.nodes.find((n) => n.id === 'Ada-0').position.x > x + 100", arg=start["x"])
        until(bo, "() => window.flow.cursors.length === 1 && window.flow.cursors[0].name === 'Ada'")
        assert bo.evaluate("() => window.client.document.node('Ada-0').fields.position.x") == start["x"]

    drag(ada, middle(node(ada, first)), (160, -120), hold=under_way)
    until(ada, SAVED)
    until(bo, "(x) => window.client.document.node('Ada-0').fields.position.x > x + 100", arg=start["x"])
    writes = ada.evaluate("() => window.client.position") - changes
    assert writes == 1, f"a drag took {writes} writes"
    ada.click("#undo")
    assert position(ada, first) == start
    ada.click("#redo")
    until(bo, "(x) => window.client.document.node('Ada-0').fields.position.x > x + 100", arg=start["x"])

    # Connect by the handles; the way back would close a loop and is no valid target.
    def wire(page, a, b):
        x, y = middle(node(page, a).locator(".react-flow__handle-bottom"))
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(*middle(node(page, b).locator(".react-flow__handle-top")), steps=12)
        page.mouse.up()

    wire(bo, first, second)
    for page in (ada, bo):
        until(page, "() => window.flow.edges.length === 1")
    wire(ada, second, first)
    # What Ada does next comes behind whatever that did.
    ada.evaluate("() => window.client.transact((t) => t.setMeta('title', 'wired'))")
    until(bo, "() => window.client.document.meta('title') === JSON.stringify('wired')")
    assert bo.evaluate("() => window.client.document.edgeCount") == 1

    # Delete with the keyboard; Bo sets something of the other node meanwhile; undo brings node and edge back.
    node(ada, first).click()
    ada.keyboard.press("Backspace")
    until(bo, "() => window.flow.nodes.length === 1 && window.flow.edges.length === 0")
    bo.evaluate("() => window.client.transact((t) => t.setNode('Bo-1', { 'data.label': 'renamed' }))")
    until(ada, "() => window.client.document.node('Bo-1').data.label === 'renamed'")
    ada.click("#undo")
    for page in (ada, bo):
        until(page, "() => window.flow.nodes.length === 2 && window.flow.edges.length === 1")
    ada.screenshot(path=str(out / f"flow-{version}-ada.png"))

    # The server is gone. Both go on; Ada reloads; a tab of hers does something and is closed.
    for page in (ada, bo):
        until(page, SAVED)
    server.kill()
    for page in (ada, bo):
        until(page, "() => window.client.link.state !== 'live'")
    tab = visit(contexts[0], "Ada")
    until(tab, "() => window.client")
    ada.evaluate("() => window.client.transact((t) => t.setNode('Ada-0', { 'data.value': 1 }))")
    ada.evaluate("() => window.client.transact((t) => t.addNode({ id: 'offline', type: 'default', position: { x: 400, y: 400 }, data: { label: 'offline' } }))")
    bo.evaluate("() => window.client.transact((t) => t.setNode('Ada-0', { 'data.other': 2 }))")
    assert ada.evaluate("() => window.client.saveState") == {"state": "offline", "waiting": 2}
    until(ada, "() => window.flow.saveState.waiting === 2")
    ada.evaluate("() => window.client.kept()")
    ada.reload()
    until(ada, "() => window.flow?.nodes.length === 3 && window.flow.saveState.waiting === 2")
    assert ada.evaluate("() => window.client.document.node('Ada-0').data.value") == 1
    assert ada.evaluate("() => window.flow.canEdit")
    ada.evaluate("() => window.client.transact((t) => t.setNode('offline', { 'data.again': true }))")
    ada.evaluate("() => window.client.kept()")
    ada.close()
    tab.close()
    server.start()
    back = visit(contexts[0], "Ada")
    for page in (back, bo):
        until(page, "() => window.client?.document.node('offline')?.data.again === true")
        until(page, SAVED)
    until(back, "() => JSON.stringify(window.client.document.node('Ada-0').data) === JSON.stringify({ label: 'Ada-0', value: 1, other: 2 })")

    # Two tabs offline at once: both have a place, and what the closed one did comes with the other's next visit.
    tab = visit(contexts[0], "Ada")
    until(tab, "() => window.client?.isLive && window.flow?.canEdit")
    assert tab.evaluate("() => window.client.replica") != back.evaluate("() => window.client.replica")
    for page in (tab, back):
        until(page, SAVED)
    server.kill()
    for page in (tab, back):
        until(page, "() => window.client.link.state !== 'live'")
    tab.evaluate("() => window.client.transact((t) => t.addNode({ id: 'closed-tab', type: 'default', position: { x: 0, y: 0 }, data: {} }))")
    back.evaluate("() => window.client.transact((t) => t.addNode({ id: 'open-tab', type: 'default', position: { x: 0, y: 0 }, data: {} }))")
    for page in (tab, back):
        page.evaluate("() => window.client.kept()")
    tab.close()
    back.reload()
    until(back, "() => window.client?.document.isVisible('open-tab')")
    server.start()
    for page in (back, bo):
        until(page, "() => window.client.document.isVisible('closed-tab') && window.client.document.isVisible('open-tab')")
        until(page, SAVED)

    hashes = [page.evaluate("async () => Object.values(await window.client.verified())") for page in (back, bo)]
    expected = server.hashes(f"flow-{version}")
    assert len(expected) == 2 and all(sorted(each) == sorted(expected) for each in hashes), (hashes, expected)
    told = [page.evaluate("() => window.errors") for page in (back, bo)]
    divergences = [page.evaluate("() => window.client.counters.divergences") for page in (back, bo)]
    assert not errors and not any(told) and divergences == [0, 0], (errors, told, divergences)
    bo.screenshot(path=str(out / f"flow-{version}-bo.png"))
    for context in contexts:
        context.close()
    return {"hashes": expected, "writes of a drag": writes}


def storages(browser, base):
    page = browser.new_page()
    page.goto(f"{base}/tests/storage.html")
    until(page, "() => window.run")
    return page.evaluate("() => window.run()")


def main(react_flow_12, react_flow_11, out):
    out.mkdir(parents=True, exist_ok=True)
    pages = subprocess.Popen(["node", str(HERE / "pages.js"), react_flow_12, react_flow_11], stdout=subprocess.PIPE, text=True)
    try:
        base = pages.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGS)
            server = Server(base, folder).start()
            try:
                checks = storages(browser, base)
                started = time.time()
                result = {version: people(browser, base, server, version, out) for version in (12, 11)}
                print(json.dumps({"storages": len(checks), "people": result, "seconds": round(time.time() - started, 1)}))
            finally:
                browser.close()
                server.process.send_signal(signal.SIGKILL)
                server.process.wait()
    finally:
        pages.kill()


if __name__ == "__main__":
    main(*(str(pathlib.Path(path).resolve()) for path in sys.argv[1:3]), pathlib.Path(sys.argv[3]))
