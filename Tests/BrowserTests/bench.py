#!/usr/bin/env python3
"""How long a document of 1 000 nodes takes to open, and how smooth it stays while 20 bots edit it, in a real browser: bench.py prints what belongs
into docs/BENCHMARKS.md. Needs a release build, and a machine that does nothing else: browser, server and bots share it."""
import json, os, pathlib, statistics, subprocess, tempfile
from playwright.sync_api import sync_playwright

from canvas import Canvas
from host import ROOT, Server
from person import Person, launch

SHARED = ROOT.parent / "shared/canvas/22-synthetic-1000.json"
WORKFLOW = "thousand"
ROUNDS = 5
BOTS, EDITS_PER_SECOND = 20, 5  # edits of each bot
MEASURED_MILLISECONDS = 3000
OPEN_MILLISECONDS_MAX, FRAMES_MIN = 1500, 30

# In every frame: how long it is since the last one. What pans moves the view in each of them, as a hand does that holds the canvas.
FRAMES = """async ([pans, milliseconds]) => {
  const times = [];
  const position = thaiyyal.client.position;
  const start = await new Promise(requestAnimationFrame);
  let last = start;
  while (last - start < milliseconds) {
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
    if (pans) thaiyyal.viewport.panBy(6 * Math.sin(now / 150), 6 * Math.cos(now / 150));
  }
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
  return {
    frames: (1000 * times.length) / (last - start), p95: at(0.95), longest: at(1), zoom: thaiyyal.viewport.zoom,
    edits: (1000 * (thaiyyal.client.position - position)) / (last - start), elements: document.querySelectorAll('.node').length,
  };
}"""


def grid():
    """As many nodes and edges as the shared document has: sums in a hundred rows, each with what the one before it gave."""
    nodes = [{"id": "one", "type": "numberNode", "position": {"x": -300, "y": 0}, "data": {"value": 1, "label": "one"}}]
    edges = []
    for at in range(1000):
        row, column = divmod(at, 10)
        kind, data = ("opNode", {"op": "add"}) if column else ("numberNode", {"value": row})
        nodes.append({"id": f"n{at}", "type": kind, "position": {"x": 280 * column, "y": 140 * row}, "data": {**data, "label": f"node {at}"}})
        if column:
            edges += [{"id": f"{source}-n{at}", "source": source, "target": f"n{at}"} for source in (f"n{at - 1}", "one")]
    return {"title": "A thousand", "nodes": nodes, "edges": edges}


def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def opened(person):
    """Milliseconds from the navigation until the document is there, drawn, and can be edited."""
    page = person.open_page()
    page.goto(f"{person.server.url}/w/{WORKFLOW}", wait_until="commit")
    # A number is the page's own clock, which begins with its navigation.
    took = page.wait_for_function("() => document.body?.dataset.state === 'live' && performance.now()", polling=5).json_value()
    page.close()
    return took


def opening(server, browser):
    cold, warm = [], []
    for _ in range(ROUNDS):
        person = Person(browser, server, "ada")
        cold.append(opened(person))
        warm.append(opened(person))
        person.checked()
        person.close()
    for name, times in (("an empty cache", cold), ("what the first visit left in the cache", warm)):
        row(f"open, with {name}", f"{statistics.median(times) / 1000:.2f} s ({min(times) / 1000:.2f} to {max(times) / 1000:.2f})", f"≤ {OPEN_MILLISECONDS_MAX / 1000} s")


def smoothness(server, browser, folder):
    person = Person(browser, server, "ada")
    canvas = Canvas(person).open(WORKFLOW)
    row("frames with nobody else there, all in sight", told(canvas, pans=False), "")
    with open(folder / "bots.txt", "w+") as heard:
        words = ["node", str(ROOT / "Tests/BrowserTests/bots.mjs"), server.url, WORKFLOW, str(BOTS), str(EDITS_PER_SECOND)]
        bots = subprocess.Popen(words, stdout=heard, stderr=subprocess.STDOUT)
        try:
            canvas.until(f"thaiyyal.client.others.length === {BOTS}")
            canvas.until("thaiyyal.client.position > arg + 100", canvas.js("thaiyyal.client.position"))
            for words, look in (
                ("all in sight", "thaiyyal.viewport.fit(thaiyyal.graph.bounds())"),
                ("just from where on nodes are elements", "thaiyyal.viewport.show({ x: 1200, y: 4000 }, 0.46)"),
                ("zoom 1", "thaiyyal.viewport.show({ x: 1200, y: 4000 }, 1)"),
            ):
                for pans in (False, True):
                    canvas.js(look)
                    row(f"frames while {BOTS} bots edit, {words}, {'panning' if pans else 'still'}", told(canvas, pans), f"≥ {FRAMES_MIN}/s")
        finally:
            ended = bots.poll()
            bots.kill()
            bots.wait()
        heard.seek(0)
        words = heard.read()
        assert ended is None, words
        made = [int(line.split()[1]) for line in words.splitlines() if line.startswith("edits ")]
        row("edits/s that the bots made", f"{(made[-1] - made[0]) / (len(made) - 1):.0f}", "")
    person.checked()
    person.close()


def told(canvas, pans):
    seen = canvas.person.js(FRAMES, [pans, MEASURED_MILLISECONDS])
    nodes = f"{seen['elements']} nodes as elements" if seen["elements"] else "one drawing of all"
    return (f"{seen['frames']:.0f}/s; 95 of 100 within {seen['p95']:.0f} ms, the longest {seen['longest']:.0f} ms; "
            f"{seen['edits']:.0f} edits/s arrived; zoom {seen['zoom']:.2f}, {nodes}")


def main():
    binary = os.environ.get("THAIYYAL", ROOT / ".build/release/thaiyyal")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = pathlib.Path(name)
        document = SHARED
        if not document.exists():
            document = folder / "thousand.json"
            document.write_text(json.dumps(grid()))
        with Server(folder, binary=binary, plain=True) as server:
            server.tool("import", str(document), workflow=WORKFLOW)
            browser = launch(playwright)
            print(f"## Canvas in the browser\n\nChromium {browser.version} without a screen and without a graphics processor, 1280 × 800, no TLS; `make browser-bench` on {os.cpu_count()} cores,\n"
                  f"load average {os.getloadavg()[0]:.1f} at the beginning. Opening: from the navigation until the document is drawn and can be edited, median of {ROUNDS} (least to most).\n"
                  f"Frames: as the page's own callbacks count them for {MEASURED_MILLISECONDS // 1000} s; 60/s is the most there is. {BOTS} bots offer {BOTS * EDITS_PER_SECOND} edits/s and move their cursors 10 times a second.\n")
            row("what", "measured", "target")
            row("---", "---", "---")
            opening(server, browser)
            smoothness(server, browser, folder)
            browser.close()


if __name__ == "__main__":
    main()
