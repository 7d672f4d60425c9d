"""`thaiyyal serve` in a folder of its own, that can be killed and started again on its port; and the programs that join it."""
import base64, hashlib, hmac, json, os, pathlib, re, signal, ssl, subprocess, time, urllib.error, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]

TOKENS = {  # name: (role, kind)
    "ada": ("owner", "person"),
    "bo": ("editor", "person"),
    "cy": ("viewer", "person"),
    "dee": ("runner", "person"),
    "robot": ("editor", "bot"),
}


# Known by signed tokens: they may do what the members of a workflow may, and nothing elsewhere.
SIGNED = {"fay"}
SIGNING_KEY = b"a key for tests, known to everybody"


def _base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def secret(name):
    """What somebody shows as their token."""
    return signed(name) if name in SIGNED else f"secret-of-{name}-0123456789"


def signed(name, seconds=3600):
    """A token that ends so many seconds from now; the server's leeway of a minute is in them."""
    parts = [{"alg": "HS256", "kid": "tests"}, {"sub": name, "exp": time.time() + seconds - 60}]
    text = ".".join(_base64url(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_base64url(hmac.digest(SIGNING_KEY, text.encode(), hashlib.sha256))}"


class Server:
    """Over TLS, with tokens for the people of `TOKENS`; or plain and open to everybody."""

    def __init__(self, folder, binary=None, plain=False, words=()):
        self.folder = pathlib.Path(folder)
        self.binary = str(binary or ROOT / ".build/debug/thaiyyal")
        self.plain, self.words = plain, list(words)
        self.port, self.process = 0, None
        self.certificate = self.folder / "thaiyyal-cert.pem"

    def start(self):
        words = [self.binary, "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.folder / "data.sqlite"),
                 "--log-level", "error", "--drain-seconds", "2", *self.words]
        if self.plain:
            words.append("--plain")
        else:
            tokens = self.folder / "tokens.json"
            tokens.write_text(json.dumps({"tokens": [
                {"name": name, "role": role, "kind": kind, "secret": secret(name)} for name, (role, kind) in TOKENS.items()]}))
            keys = self.folder / "keys.json"
            keys.write_text(json.dumps({"keys": [{"kty": "oct", "kid": "tests", "alg": "HS256", "k": _base64url(SIGNING_KEY)}]}))
            words += ["--tokens", str(tokens), "--jwks", str(keys)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            found = re.search(r"protocol +wss?://[^:/]+:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                return self
        raise SystemExit("the server ended before it listened")

    def kill(self):
        """As a crash would: no goodbye, nothing flushed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    @property
    def url(self):
        return f"{'http' if self.plain else 'https'}://localhost:{self.port}"

    @property
    def socket_url(self):
        return f"{'ws' if self.plain else 'wss'}://localhost:{self.port}"

    def words_of(self, command, *words, workflow):
        """A command line of the tools; certificate and address included."""
        trust = [] if self.plain else ["--ca", str(self.certificate)]
        return [self.binary, command, *words, "--workflow", workflow, "--url", self.socket_url, *trust]

    def tool(self, command, *words, workflow, who="robot"):
        """Runs a tool to its end. Its standard output."""
        done = subprocess.run(self.words_of(command, *words, workflow=workflow), capture_output=True, text=True, timeout=120, env=self.environment(who))
        assert done.returncode == 0, f"{command}: {done.returncode} {done.stderr}"
        return done.stdout

    def begin(self, command, *words, workflow, who="robot"):
        """Starts a tool that goes on meanwhile."""
        return subprocess.Popen(self.words_of(command, *words, workflow=workflow), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment(who))

    def environment(self, who):
        return dict(os.environ) if self.plain else {**os.environ, "THAIYYAL_TOKEN": secret(who)}

    def rest(self, method, path, body=None, who="robot", **fields):
        """One call of the REST interface: status, header and body as JSON. A refusal is an answer too."""
        header = {"Authorization": f"Bearer {secret(who)}", **{name.replace("_", "-"): value for name, value in fields.items()}}
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", None if body is None else json.dumps(body).encode(), header, method=method)
        trust = None if self.plain else ssl.create_default_context(cafile=str(self.certificate))
        try:
            answer = urllib.request.urlopen(request, timeout=60, context=trust)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return answer.status, answer.headers, json.loads(answer.read() or "null")

    def hashes(self, workflow):
        """The document's and the graph's, in hexadecimal, sorted."""
        return sorted(re.findall(r"[0-9a-f]{64}", self.tool("export", "--hash", workflow=workflow)))
