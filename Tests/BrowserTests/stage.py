"""What a scenario plays on: one server, one browser, and the people it brings. Everybody is looked at when it is over."""
import os, pathlib, sys, tempfile, time, traceback
from playwright.sync_api import expect, sync_playwright

from canvas import Canvas
from home import Home
from host import Server
from person import LIMIT, Person, launch

# As long as for everything else: a machine that is slow is not wrong.
expect.set_options(timeout=LIMIT)


class Stage:
    def __init__(self, name, server, browser, out):
        self.name, self.server, self.browser, self.out = name, server, browser, out
        self.people, self.programs = [], []

    @property
    def workflow(self):
        return self.name

    def person(self, name, **options):
        person = Person(self.browser, self.server, name, **options)
        self.people.append(person)
        return person

    def canvas(self, name, workflow=None, create=False, **options):
        """Somebody with the workflow open before them."""
        return Canvas(self.person(name, **options)).open(workflow or self.workflow, create=create)

    def apart(self, *titles):
        """Ada and Bo have the same nodes, one of each title, and Bo is without a network from here on. Their canvases, and the nodes' ids."""
        ada = self.canvas("ada", create=True)
        ids = [ada.add(title, (160 + 360 * at, 160)) for at, title in enumerate(titles)]
        bo = self.canvas("bo")
        bo.has_nodes(*ids)
        ada.is_saved()
        bo.person.offline(True)
        bo.until("thaiyyal.client.link.state !== 'live'")
        return ada, bo, ids

    def together(self, away):
        """The network is back, and everything is where it belongs."""
        away.person.offline(False)
        away.live().is_saved()
        away.person.settle()

    def home(self, name, **options):
        return Home(self.person(name, **options)).open()

    def bot(self, *words, workflow=None):
        program = self.server.begin("bot", "--name", "Robot", *words, workflow=workflow or self.workflow)
        self.programs.append(program)
        return program

    def same_everywhere(self, *canvases):
        """The same document in all browsers and on the server, by its hashes. Nobody may be editing any more."""
        expected = self.server.hashes(canvases[0].workflow)
        assert len(expected) == 2, expected
        for canvas in canvases:
            assert canvas.has(expected), f"{canvas.person.name} has {canvas.hashes}, the server {expected}"

    def end(self):
        for program in self.programs:
            if program.poll() is None:
                program.kill()
            program.communicate()
        for person in self.people:
            person.close()


def play(scenarios, out, only=()):
    """Runs the scenarios one after the other. Returns how many failed."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    began = time.time()
    chosen = [each for each in scenarios if not only or any(each.__name__ == word[1:] if word[0] == "=" else word in each.__name__ for word in only)]
    if not chosen:
        raise SystemExit(f"no scenario is called like {only}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, Server(folder, binary=os.environ.get("THAIYYAL")) as server:
        browser = launch(playwright)
        for scenario in chosen:
            stage = Stage(scenario.__name__.replace("_", "-"), server, browser, out)
            started = time.time()
            try:
                scenario(stage)
                for person in stage.people:
                    person.checked()
                print(f"ok {stage.name} ({time.time() - started:.1f} s)", flush=True)
            except Exception:
                failed += 1
                print(f"not ok {stage.name}\n{traceback.format_exc()}", file=sys.stderr, flush=True)
                for person in stage.people:
                    print(f"  {person.name}: {person.faults}", file=sys.stderr)
                    person.picture(out, f"failed-{stage.name}-{person.name}")
            finally:
                stage.end()
        browser.close()
    print(f"{len(chosen) - failed} of {len(chosen)} scenarios passed in {time.time() - began:.0f} s; pictures in {out}")
    return failed
