"""Somebody at a browser: a context of their own, and everything that went wrong in it."""
import os, pathlib
from urllib.parse import urlsplit

from host import ROOT, secret

LIMIT = 30_000  # milliseconds: what takes longer does not work
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows"]
ASSETS = ROOT / "Sources/CWebCanvas/assets"
SDK = ROOT / "Sources/CollabSDK/src"

# What the page tells of itself before its own scripts run: who it is, and what the policy stopped.
OPENING = """({ name, token }) => {
  if (!location.protocol.startsWith("http")) return;
  localStorage.setItem("thaiyyal.name", name);
  if (token) sessionStorage.setItem("thaiyyal.token", token);
  document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
}"""


FROM_DISK = os.environ.get("ASSETS") == "disk"


def launch(playwright):
    # A page that did not come over the network counts as one of the wide world, which may not talk to this machine.
    more = ["--disable-features=LocalNetworkAccessChecks"] if FROM_DISK else []
    return playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS + more)


class Person:
    """Errors of the console, violations of the policy and requests to elsewhere are failures; `checked` tells."""

    def __init__(self, browser, server, name, token=True, theme="light", size=(1280, 800), **options):
        self.server, self.name = server, name
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, ignore_https_errors=True, color_scheme=theme,
                                           permissions=["clipboard-read", "clipboard-write"], **options)
        self.context.set_default_timeout(LIMIT)
        self.context.add_init_script(f"({OPENING})({ {'name': name.capitalize(), 'token': (token if isinstance(token, str) else secret(name)) if token and not server.plain else ''} })")
        self.faults, self.excused = [], False
        self.context.on("request", self._request)
        if FROM_DISK:
            self.context.route("**/*", _from_disk)
        self.page = self.open_page()

    def open_page(self):
        page = self.context.new_page()
        page.on("console", lambda message: self._told(message))
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        return page

    def _told(self, message):
        if message.type not in ("error", "warning"):
            return
        # Without a network, or a server, the browser says of each attempt that it failed.
        if self.excused and ("net::ERR_" in message.text or "WebSocket connection to" in message.text):
            return
        self.faults.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _request(self, request):
        place = urlsplit(request.url)
        if place.scheme in ("data", "blob") or place.port == self.server.port:
            return
        self.faults.append(f"request to elsewhere: {request.url}")

    def excuse(self):
        """From here on connections may fail; until `settle`."""
        self.excused = True

    def settle(self):
        self.excused = False

    def offline(self, is_offline):
        if is_offline:
            self.excuse()
        self.context.set_offline(is_offline)

    def until(self, expression, arg=None):
        self.page.wait_for_function(expression, arg=arg, polling=25, timeout=LIMIT)

    def js(self, expression, arg=None):
        return self.page.evaluate(expression, arg)

    def picture(self, out, name):
        self.page.screenshot(path=str(pathlib.Path(out) / f"{name}.png"), animations="disabled")

    def checked(self):
        assert not self.faults, f"{self.name}: {self.faults}"

    def close(self):
        self.context.close()


def _from_disk(route):
    """Files of the page as they are on disk, with the header fields of the server: for work on them without a build."""
    path = urlsplit(route.request.url).path
    file = None
    if path == "/" or path.startswith("/w/"):
        file = ASSETS / ("home.html" if path == "/" else "canvas.html")
    elif path.startswith("/assets/sdk/"):
        file = SDK / path.removeprefix("/assets/sdk/")
    elif path.startswith("/assets/"):
        file = ASSETS / path.removeprefix("/assets/")
    if file is None or not file.exists():
        return route.continue_()
    types = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
    if file.suffix == ".html":
        answer = route.fetch()
        return route.fulfill(response=answer, body=file.read_bytes())
    route.fulfill(status=200, body=file.read_bytes(), headers={"content-type": types[file.suffix] + "; charset=utf-8"})
