"""The canvas as somebody uses it: what a scenario says, in roles and names that a person could name too.

What is there is read from the page's own document (`thaiyyal`, see main.js); everything that is done is done by mouse and keyboard.
"""
import re
from playwright.sync_api import TimeoutError

DOCUMENT = "thaiyyal.client?.document"


class Canvas:
    def __init__(self, person):
        self.person, self.page, self.workflow = person, person.page, None

    def open(self, workflow, create=False):
        self.workflow = workflow
        self.page.goto(f"{self.person.server.url}/w/{workflow}")
        if create:
            self.page.get_by_role("button", name="Create it").click()
        return self.live()

    def live(self):
        # The palette is drawn anew when the server's types come.
        self.until("document.body.dataset.state === 'live' && document.body.dataset.types === 'asked'")
        return self

    def until(self, condition, arg=None):
        """Waits until something is true of the page; `arg` is there by that name."""
        self.person.until(f"(arg) => {condition}", arg)

    def js(self, expression, arg=None):
        return self.person.js(f"(arg) => {expression}", arg)

    # ---- What is there

    @property
    def nodes(self):
        return self.js(f"[...{DOCUMENT}.nodeIds()]")

    @property
    def edges(self):
        """Pairs of node ids, parked ones left out."""
        return self.js(f"[...{DOCUMENT}.edgeKeys()].filter((key) => {DOCUMENT}.edge(key).standing === 'visible').map(({{ source, target }}) => [source, target])")

    def data(self, node):
        return self.js(f"{DOCUMENT}.node(arg)?.data", node)

    def position(self, node):
        return self.js(f"{DOCUMENT}.node(arg).fields.position", node)

    def node(self, id):
        return self.page.locator(f'.node[data-node="{id}"]')

    def has_nodes(self, *ids):
        self.until(f"arg.every((id) => {DOCUMENT}.isVisible(id)) && [...{DOCUMENT}.nodeIds()].length === arg.length", list(ids))

    def has_edges(self, *pairs):
        self.until(f"JSON.stringify([...{DOCUMENT}.edgeKeys()].filter((key) => {DOCUMENT}.edge(key).standing === 'visible').map((key) => key.source + ' ' + key.target).sort())"
                   " === JSON.stringify(arg.sort())", [f"{a} {b}" for a, b in pairs])

    def has_data(self, node, field, value):
        self.until(f"JSON.stringify({DOCUMENT}.node(arg[0])?.data[arg[1]]) === JSON.stringify(arg[2])", [node, field, value])

    @property
    def saved(self):
        return self.page.locator("#save")

    def is_saved(self):
        self.until("thaiyyal.client.saveState.state === 'saved' && document.getElementById('save').textContent === 'Saved'")
        return self

    def waiting(self, count):
        """Offline, with so many changes that wait; and the page says so."""
        self.until("thaiyyal.client.saveState.state === 'offline' && document.getElementById('save').textContent === arg", f"Offline, {count} waiting")

    @property
    def hashes(self):
        """The document's and the graph's, sorted; empty while something waits or just came."""
        shown = self.person.js("() => [document.body.dataset.documentHash, document.body.dataset.graphHash]")
        return sorted(hash for hash in shown if hash)

    def has(self, hashes):
        """Waits for these hashes. Whether they came."""
        try:
            self.until("[document.body.dataset.documentHash, document.body.dataset.graphHash].sort().join() === arg.join()", hashes)
            return True
        except TimeoutError:
            return False

    # ---- What people do

    def add(self, title, at=None):
        """Drags a type out of the palette to a place on the field, from its upper left corner; or presses it. The new node's id."""
        before = self.nodes
        item = self.page.get_by_role("navigation", name="Palette").get_by_role("button", name=title, exact=True)
        item.scroll_into_view_if_needed()
        if at is None:
            item.click()
        else:
            field = self.page.locator("#field").bounding_box()
            self._drag(_middle(item), (field["x"] + at[0], field["y"] + at[1]))
        # One's own new node is what is selected then; others make nodes too.
        self.until("thaiyyal.selection.single && !arg.includes(thaiyyal.selection.single)", before)
        return self.js("thaiyyal.selection.single")

    def fit(self, *ids):
        """Brings everything into sight: others may have made nodes elsewhere."""
        self.page.keyboard.press("Escape")
        self.page.locator("#field").press("f")
        for id in ids:
            self.node(id).wait_for()
        # Drawn where it will stay.
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def drag(self, id, by, hold=None):
        """By the mouse; `hold` is called before it lets go."""
        x, y = _middle(self.node(id))
        self._drag((x, y), (x + by[0], y + by[1]), hold)

    def connect(self, source, target):
        """From port to port, by the mouse."""
        self._drag(_middle(self.node(source).locator(".port.out").first), _middle(self.node(target).locator(".port.in").first))

    def _drag(self, start, end, hold=None):
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=8)
        if hold:
            hold()
        mouse.up()

    def select(self, id):
        self.node(id).click()
        self.until("thaiyyal.selection.single === arg", id)

    def field(self, label):
        self.page.get_by_role("tab", name="Settings").click()
        return self.page.get_by_role("tabpanel", name="Settings").get_by_label(re.compile(f"^{re.escape(label)}"))

    def configure(self, id, label, value):
        self.select(id)
        field = self.field(label)
        field.fill(str(value))
        field.press("Tab")

    def remove(self, id):
        self.select(id)
        self.page.keyboard.press("Delete")
        self.until(f"!{DOCUMENT}.isVisible(arg)", id)

    def tool(self, name):
        return self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)

    def undo(self):
        self.tool("Undo").click()

    def redo(self):
        self.tool("Redo").click()

    # ---- Runs

    def run(self):
        self.tool("Run").click()

    @property
    def runs(self):
        self.page.get_by_role("tab", name=re.compile("^Runs")).click()
        return self.page.get_by_role("tabpanel", name=re.compile("^Runs"))

    def has_run(self, state):
        """Waits until the newest run stands so, on the page; its id."""
        shown = self.runs.locator(f'[data-run][data-state="{state}"]')
        shown.wait_for()
        return shown.get_attribute("data-run")

    # ---- History

    @property
    def history(self):
        self.page.get_by_role("tab", name=re.compile("^History")).click()
        return self.page.get_by_role("tabpanel", name=re.compile("^History"))

    def name_version(self, name):
        """Gives what is here now a name."""
        field = self.history.get_by_label("Name of the version")
        field.fill(name)
        field.press("Enter")
        self.has_version(name)

    def has_version(self, name):
        self.history.get_by_role("list", name="Named versions").get_by_text(name, exact=True).wait_for()

    def compare(self, name):
        """Chooses a named version: what differs from now, in words."""
        self.history.get_by_role("list", name="Named versions").get_by_role("button", name=re.compile(f"^{re.escape(name)}")).click()
        shown = self.history.get_by_role("region", name="Comparison")
        shown.get_by_text(name, exact=True).wait_for()
        return shown


def _middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
