#!/usr/bin/env python3
"""Attacks a server on this machine, one way after the other, and measures what two honest people notice.

  attack.py PROGRAM [--short] [--only NAME,...] [--markdown FILE]

PROGRAM is `thaiyyal`. The server runs with its defaults, a SQLite file and tokens, once plain and once with TLS; attackers come from other addresses of
the loopback network than the two people. For each attack: a phase without it and one with it, edits of one person timed until the other has them,
the server's resident memory, and what became of the attackers. Ends with 1 when a bound does not hold.
"""
import argparse, base64, hashlib, hmac, json, multiprocessing, os, resource, select, socket, ssl, struct, subprocess, sys, tempfile, time

PERSON = "127.0.0.1"
TOKENS = {"ada": "the secret of ada, long enough", "bob": "the secret of bob, long enough", "eve": "the secret of eve, long enough"}
EDITS_PER_SECOND = 50
LATENCY_BOUND_MS = 250.0
UPGRADE = ("GET /api/v1/workflows/{}/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: thaiyyal.v1.json\r\n\r\n")
HELLO_VIEWER = {"protocolMajor": 1, "name": "idle", "roleMax": "VIEWER", "wants": {}}


def tls_context():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def signed_token(secret, **claims):
    """A JSON Web Token of HS256."""
    part = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    signed = part(b'{"alg":"HS256"}') + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(secret, signed, hashlib.sha256).digest())).decode()


# ---- WebSocket, as little of it as is needed

def frame(text, opcode=1, final=True):
    data = text if isinstance(text, bytes) else text.encode()
    head = bytes([(0x80 if final else 0) | opcode])
    if len(data) < 126: head += bytes([0x80 | len(data)])
    elif len(data) < 65536: head += bytes([0x80 | 126]) + struct.pack(">H", len(data))
    else: head += bytes([0x80 | 127]) + struct.pack(">Q", len(data))
    return head + bytes(4) + data  # a mask of zeros leaves the payload as it is


def frames(buffer):
    """Takes whole frames off the front: [(opcode, payload)]."""
    found, at = [], 0
    while len(buffer) - at >= 2:
        length, head = buffer[at + 1] & 0x7F, 2
        if length == 126:
            if len(buffer) - at < 4: break
            length, head = struct.unpack_from(">H", buffer, at + 2)[0], 4
        elif length == 127:
            if len(buffer) - at < 10: break
            length, head = struct.unpack_from(">Q", buffer, at + 2)[0], 10
        if len(buffer) - at < head + length: break
        found.append((buffer[at] & 0x0F, bytes(buffer[at + head:at + head + length])))
        at += head + length
    del buffer[:at]
    return found


class Peer:
    """One connection, blocking."""

    def __init__(self, port, workflow, source=PERSON, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls: self.socket = tls_context().wrap_socket(self.socket, server_hostname="localhost")
        self.socket.sendall(UPGRADE.format(workflow).encode())
        self.buffer = bytearray()
        while b"\r\n\r\n" not in self.buffer: self._read()
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        if b" 101 " not in head: raise ConnectionError(head.split(b"\r\n")[0].decode())
        self.buffer = bytearray(rest)

    def _read(self):
        data = self.socket.recv(65536)
        if not data: raise ConnectionError("the server ended the connection")
        self.buffer += data

    def say(self, **message): self.socket.sendall(frame(json.dumps(message)))

    def next(self):
        """Messages that are there, after waiting for one."""
        while True:
            messages = []
            for opcode, payload in frames(self.buffer):
                if opcode == 9: self.socket.sendall(frame(payload, 10))
                elif opcode == 8: raise ConnectionError("closed with %d" % struct.unpack(">H", payload[:2]))
                elif opcode == 1: messages.append(json.loads(payload))
            if messages: return messages
            self._read()

    def join(self, name, **more):
        self.say(hello={"protocolMajor": 1, "name": name, "token": TOKENS.get(name, ""), "create": True, **more})
        while True:
            for message in self.next():
                if "welcome" in message: return message["welcome"]
                if "goodbye" in message: raise ConnectionError("goodbye")


class Writer:
    """A person who edits."""

    def __init__(self, port, workflow, name, source=PERSON, tls=False):
        self.peer = Peer(port, workflow, source, tls)
        welcome = self.peer.join(name)
        self.replica, self.seq = welcome["lease"]["replica"], 0
        version = welcome.get("version", {})
        for replica, seq in zip(version.get("replica", []), version.get("seq", [])):
            if replica == self.replica: self.seq = int(seq)
        self.time = int(welcome["serverMilliseconds"])
        self.edit(("setNodeLife", {"node": name, "alive": True}), ("setNodeField", {"node": name, "field": "type", "value": '"number"'}))

    def edit(self, *ops):
        self.seq += 1
        self.time += 1
        self.peer.say(change={"batch": str(self.seq), "seen": "0", "changes": [{
            "replica": self.replica, "seq": str(self.seq), "hlc": str(self.time << 16), "ops": [{kind: op} for kind, op in ops]}]})

    def move(self, name, x):
        self.edit(("setNodeField", {"node": name, "field": "position", "value": '{"x":%d,"y":0}' % x}))


def people(port, tls, orders, answers):
    """A process of its own: one edits, the other notes when each edit is there. Between two `mark`s is a phase."""
    writer, reader = Writer(port, "honest", "ada", tls=tls), Peer(port, "honest", tls=tls)
    reader.join("bob")
    sent, latencies, number, phase_from = {}, [], writer.seq, None
    for peer in (writer.peer, reader): peer.socket.setblocking(False)
    due = time.monotonic()

    def drain(peer, heard):
        while True:
            try: data = peer.socket.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError): break
            if not data: raise ConnectionError("a person was sent away")
            peer.buffer += data
        now = time.monotonic()
        for opcode, payload in frames(peer.buffer):
            if opcode == 9: peer.socket.sendall(frame(payload, 10))
            elif opcode == 8: raise ConnectionError("a person was closed: %r" % payload)
            elif opcode == 1 and heard and b'"changes"' in payload:
                for logged in json.loads(payload).get("changes", {}).get("changes", []):
                    seq = int(logged["change"].get("seq", 0))
                    if logged["change"].get("replica") == writer.replica and seq in sent: latencies.append((now - sent.pop(seq)) * 1000)
            elif opcode == 1 and b"refused" in payload: raise ConnectionError("a person's edit was refused: %r" % payload[:200])

    while True:
        now = time.monotonic()
        if now >= due:
            writer.move("ada", number)
            sent[writer.seq] = now
            number += 1
            due = max(due + 1 / EDITS_PER_SECOND, now - 0.2)
        select.select([writer.peer.socket, reader.socket], [], [], max(0, min(due - time.monotonic(), 0.02)))
        drain(writer.peer, False)
        drain(reader, True)
        while orders.poll():
            if orders.recv() == "end": return answers.send(None)
            # What is still on its way is as late as it is now.
            late = [(time.monotonic() - at) * 1000 for at in sent.values()]
            answers.send(sorted(latencies + [age for age in late if age > 50]))
            latencies.clear()


# ---- the server

class Server:
    def __init__(self, program, tls):
        self.folder = tempfile.TemporaryDirectory(prefix="thaiyyal-attack-")
        tokens = os.path.join(self.folder.name, "tokens.json")
        with open(tokens, "w") as file:
            json.dump({"tokens": [{"name": name, "role": "owner", "secret": secret} for name, secret in TOKENS.items()]}, file)
        self.port = free_port()
        self.tls = tls
        self.secret = os.urandom(32)
        keys = os.path.join(self.folder.name, "keys.json")
        with open(keys, "w") as file:
            json.dump({"keys": [{"kty": "oct", "k": base64.urlsafe_b64encode(self.secret).rstrip(b"=").decode()}]}, file)
        for private in (tokens, keys): os.chmod(private, 0o600)
        options = [] if tls else ["--plain"]
        self.log = open(os.path.join(self.folder.name, "log"), "w")
        self.process = subprocess.Popen(
            [program, "serve", "--port", str(self.port), "--tokens", tokens, "--jwks", keys, "--data", os.path.join(self.folder.name, "data.sqlite"),
             "--log-level", "warning", *options], stdout=subprocess.DEVNULL, stderr=self.log)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None: sys.exit("the server does not come up")
                time.sleep(0.05)
        here, there = multiprocessing.Pipe()
        self.orders = here
        self.people = multiprocessing.Process(target=people, args=(self.port, tls, there, there), daemon=True)
        self.people.start()

    def memory(self):
        with open("/proc/%d/status" % self.process.pid) as file: lines = dict(line.split(":", 1) for line in file if ":" in line)
        return int(lines["VmRSS"].split()[0]) / 1024, int(lines["VmHWM"].split()[0]) / 1024

    def forget_peak(self):
        with open("/proc/%d/clear_refs" % self.process.pid, "w") as file: file.write("5")

    def cpu(self):
        with open("/proc/%d/stat" % self.process.pid) as file: fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def latencies(self):
        """Of the edits since the last call, in milliseconds, sorted."""
        self.orders.send("mark")
        if not self.orders.poll(60): raise ConnectionError("the two people do not answer")
        return self.orders.recv()

    def stop(self):
        self.orders.send("end")
        self.people.join(5)
        self.process.terminate()
        try: self.process.wait(40)
        except subprocess.TimeoutExpired: self.process.kill()
        self.log.close()
        self.folder.cleanup()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- attackers: many sockets on one epoll

class Swarm:
    """`step(socket, outcome)` is asked every so often what to send; what comes back is kept."""

    def __init__(self, server):
        self.server = server
        self.poller = select.epoll()
        self.open = {}
        self.heard = {}
        self.unsent = {}
        self.alive = {}  # fd: what came and is no whole frame yet, of those who answer pings
        self.shaking = {}  # fd: what to say once the TLS handshake is done
        self.context = tls_context() if server.tls else None
        self.ended = {}  # fd: seconds after it was opened
        self.failed = 0

    def connect(self, source):
        """One socket from there, for now without TLS."""
        peer = socket.socket()
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            peer.bind((source, 0))
            peer.connect(("127.0.0.1", self.server.port))
        except BlockingIOError: pass
        except OSError:
            self.failed += 1
            peer.close()
            return None
        key = peer.fileno()
        self.poller.register(key, select.EPOLLIN | select.EPOLLRDHUP)
        self.open[key] = (peer, time.monotonic())
        self.heard[key] = bytearray()
        return key

    def begin(self, key, data):
        """As `say`, behind a TLS handshake where the server wants one."""
        if not self.context: return self.say(key, data)
        if key not in self.open: return
        peer, since = self.open[key]
        self.poller.unregister(key)
        self.open[key] = (self.context.wrap_socket(peer, server_hostname="localhost", do_handshake_on_connect=False), since)
        self.shaking[key] = data
        self.poller.register(key, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLOUT)

    def _shake(self, key):
        events = select.EPOLLIN | select.EPOLLRDHUP
        try: self.open[key][0].do_handshake()
        except ssl.SSLWantReadError: return self.poller.modify(key, events)
        except ssl.SSLWantWriteError: return self.poller.modify(key, events | select.EPOLLOUT)
        except OSError: return self.end(key)
        self.poller.modify(key, events)
        self.say(key, self.shaking.pop(key))

    def send(self, key, data):
        if key not in self.open: return 0
        try: return self.open[key][0].send(data)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError): return 0
        except OSError:
            self.end(key)
            return 0

    def say(self, key, data):
        """As `send`, and what the socket does not take yet follows by itself."""
        rest = data[self.send(key, data):]
        if rest and key in self.open:
            self.unsent[key] = rest
            self.poller.modify(key, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLOUT)

    def end(self, key):
        self.unsent.pop(key, None)
        self.shaking.pop(key, None)
        peer, since = self.open.pop(key)
        self.ended[key] = time.monotonic() - since
        try: self.poller.unregister(key)
        except (OSError, ValueError): pass
        peer.close()

    def pump(self, seconds=0.0):
        for key, events in self.poller.poll(seconds, 4096):
            if key not in self.open: continue
            if key in self.shaking:
                self._shake(key)
                continue
            if events & select.EPOLLOUT and key in self.unsent:
                rest = self.unsent.pop(key)
                self.poller.modify(key, select.EPOLLIN | select.EPOLLRDHUP)
                self.say(key, rest)
                if key not in self.open: continue
            try: data = self.open[key][0].recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError): continue
            except OSError: data = b""
            if data:
                if len(self.heard[key]) < 4096: self.heard[key] += data
                if key in self.alive: self._answer_pings(key, data)
            else: self.end(key)

    def _answer_pings(self, key, data):
        rest = self.alive[key]
        if rest is None:
            head, end, after = self.heard[key].partition(b"\r\n\r\n")
            if not end: return
            rest = self.alive[key] = bytearray(after)
        else: rest += data
        for opcode, payload in frames(rest):
            if opcode == 9: self.say(key, frame(payload, 10))

    def statuses(self):
        """How many were answered with each status; 0: without a word, 101: a WebSocket."""
        counts = {}
        for heard in self.heard.values():
            status = int(heard[9:12]) if heard.startswith(b"HTTP/1.1 ") else 0
            counts[status] = counts.get(status, 0) + 1
        return counts

    def leave(self):
        for key in list(self.open): self.end(key)
        self.poller.close()


def sources(count, each=1800, network=1):
    """Addresses of the loopback network for so many connections."""
    return ["127.0.%d.%d" % (network, 1 + index // each) for index in range(count)]


def upgrade_all(swarm, addresses, workflow, seconds, each=50):
    """A WebSocket from each of the addresses, to workflow(index), as fast as they are answered; over TLS where the server has it."""
    keys = []
    for index, source in enumerate(addresses):
        key = swarm.connect(source)
        if key is None: continue
        keys.append(key)
        swarm.begin(key, UPGRADE.format(workflow(index)).encode())
        if index % each == each - 1: swarm.pump(0.02)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(b"\r\n\r\n" not in swarm.heard[key] for key in keys if key in swarm.open): swarm.pump(0.05)
    return keys


def open_all(swarm, addresses, at_once=200):
    keys = []
    for index, source in enumerate(addresses):
        keys.append(swarm.connect(source))
        if index % at_once == at_once - 1: swarm.pump(0.02)
    swarm.pump(0.1)
    return [key for key in keys if key is not None]


# ---- attacks: each runs for about `seconds` and says what became of it, and whether that is right

def slow_heads(server, seconds, short):
    count = 100 if short else 1000
    swarm = Swarm(server)
    keys = open_all(swarm, sources(count))
    text = b"GET /api/v1/workflows HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"a" * 10_000
    end, step = time.monotonic() + max(seconds, 13), 0
    while time.monotonic() < end and swarm.open:
        for key in keys: swarm.send(key, text[step:step + 1])
        step += 1
        swarm.pump(0)
        time.sleep(0.5)
        swarm.pump(0)
    lives = sorted(swarm.ended.values())
    said = "%d connections that drip heads: all cut after %.1f to %.1f s, answered %s" % (
        count, lives[0] if lives else -1, lives[-1] if lives else -1, swarm.statuses())
    good = not swarm.open and lives[-1] < 12.5
    swarm.leave()
    return said, good


def slow_bodies(server, seconds, short):
    count = 50 if short else 300
    swarm = Swarm(server)
    keys = open_all(swarm, sources(count))
    head = ("POST /api/v1/workflows/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000000\r\n\r\n[" % TOKENS["eve"]).encode()
    for key in keys: swarm.send(key, head)
    end = time.monotonic() + max(seconds, 13)
    while time.monotonic() < end and swarm.open:
        for key in keys: swarm.send(key, b" ")
        swarm.pump(0)
        time.sleep(0.5)
        swarm.pump(0)
    lives = sorted(swarm.ended.values())
    statuses = swarm.statuses()
    said = "%d requests that drip bodies: cut after %.1f to %.1f s, answered %s" % (count, lives[0] if lives else -1, lives[-1] if lives else -1, statuses)
    good = not swarm.open and set(statuses) <= {0, 408, 429, 503}
    swarm.leave()
    return said, good


def oversize(server, seconds, short):
    count = 40 if short else 200
    swarm = Swarm(server)
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"a" * (1 << 20)
    lie = ("POST /api/v1/workflows/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
           "Content-Length: 10000000000\r\n\r\n" % TOKENS["eve"]).encode()
    chunks = lie.replace(b"Content-Length: 10000000000", b"Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    keys = open_all(swarm, sources(count))
    rest = {key: (head, lie, chunks)[index % 3] for index, key in enumerate(keys)}
    endless = set(keys[2::3])
    end = time.monotonic() + max(seconds, 10)
    while time.monotonic() < end and swarm.open:
        for key in keys:
            if key not in swarm.open: continue
            if not rest[key] and key in endless: rest[key] = chunk
            if rest[key]: rest[key] = rest[key][swarm.send(key, rest[key]):]
        swarm.pump(0.002)
    statuses = swarm.statuses()
    said = "%d requests of too large heads, of bodies of 10 GB by their word, of bodies without end: answered %s, %d left" % (
        count, statuses, len(swarm.open))
    good = not swarm.open and set(statuses) <= {0, 413, 429, 431}
    swarm.leave()
    return said, good


def idle_connections(server, seconds, short):
    """As many as the server has places, but for a few."""
    count = 200 if short else 9_900
    before = server.memory()[0]
    swarm = Swarm(server)
    keys = upgrade_all(swarm, sources(count, network=5), lambda index: "idle%d" % (index % 20), 9)
    during, most = server.memory()[0], len(swarm.open)
    end = time.monotonic() + seconds
    while time.monotonic() < end: swarm.pump(0.1)
    statuses = swarm.statuses()
    said = "%d idle WebSocket connections without a hello, %d of them at once: %.1f KiB each, answered %s" % (
        len(keys), most, (during - before) * 1024 / max(most, 1), statuses)
    good = statuses.get(101, 0) >= len(keys) * 0.98
    swarm.leave()
    return said, good


def idle_sessions(server, seconds, short):
    count = 200 if short else 9_000
    before = server.memory()[0]
    hosts = [Writer(server.port, "idle%d" % index, "bob", tls=server.tls) for index in range(5)]
    swarm = Swarm(server)
    hello = frame(json.dumps({"hello": {**HELLO_VIEWER, "token": TOKENS["eve"]}}))
    keys = upgrade_all(swarm, sources(count, network=6), lambda index: "idle%d" % (index % 5), 60)
    for index, key in enumerate(keys):
        swarm.say(key, hello)
        if index % 50 == 49: swarm.pump(0.02)
    end = time.monotonic() + max(seconds, 2 if short else 8)
    while time.monotonic() < end: swarm.pump(0.1)
    joined = sum(b"welcome" in heard for heard in swarm.heard.values())
    away = sum(b"goodbye" in heard for heard in swarm.heard.values())
    said = "%d connections of one subject that ask to join: %d joined, %d told to come back later; %.1f KiB each" % (
        len(keys), joined, away, (server.memory()[0] - before) * 1024 / max(len(keys), 1))
    good = joined + away >= len(keys) * 0.95 and joined <= 200 + 10 * 90
    swarm.leave()
    for host in hosts: host.peer.socket.close()
    return said, good


def many_sessions(server, seconds, short):
    """As many people as the server has places, each a subject of its own, who join and then say nothing."""
    count = 200 if short else 9_900
    hosts = [Writer(server.port, "many%d" % index, "bob", tls=server.tls) for index in range(20)]
    time.sleep(0.5)
    before = server.memory()[0]
    swarm = Swarm(server)
    keys = []
    for index, source in enumerate(sources(count, network=7)):
        key = swarm.connect(source)
        if key is None: continue
        keys.append(key)
        token = signed_token(server.secret, sub="idle-%d" % index, role="viewer", exp=int(time.time()) + 3600)
        hello = frame(json.dumps({"hello": {**HELLO_VIEWER, "token": token}}))
        swarm.alive[key] = None
        # The hello follows the request at once: it is due ten seconds after it.
        swarm.begin(key, UPGRADE.format("many%d" % (index % 20)).encode() + hello)
        swarm.pump(0.004)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and any(b"welcome" not in swarm.heard[key] for key in keys if key in swarm.open): swarm.pump(0.05)
    end = time.monotonic() + seconds
    while time.monotonic() < end: swarm.pump(0.1)
    most, joined = len(swarm.open), sum(b"welcome" in heard for heard in swarm.heard.values())
    said = "%d people join over %s and say nothing: %d joined, %d there at the end, %.1f KiB each" % (
        len(keys), "TLS" if server.tls else "TCP", joined, most, (server.memory()[0] - before) * 1024 / max(most, 1))
    good = joined >= len(keys) * 0.98 and most >= len(keys) * 0.98
    swarm.leave()
    for host in hosts: host.peer.socket.close()
    return said, good


def connection_flood(server, seconds, short):
    """Opened and closed as fast as one core can, from one address."""
    swarm = Swarm(server)
    opened, refused, end = 0, 0, time.monotonic() + seconds
    alive = []
    while time.monotonic() < end:
        for _ in range(50):
            key = swarm.connect("127.0.2.1")
            if key is not None:
                opened += 1
                alive.append(key)
                swarm.send(key, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        swarm.pump(0.001)
        while len(alive) > 300:
            key = alive.pop(0)
            if key in swarm.open: swarm.end(key)
        if len(swarm.heard) > 20_000:
            refused += swarm.statuses().get(429, 0)
            swarm.heard = {key: swarm.heard[key] for key in swarm.open}
    statuses = swarm.statuses()
    said = "%d connections a second from one address: the last ones answered %s" % (opened / seconds, statuses)
    good = short or statuses.get(200, 0) < opened / 4
    swarm.leave()
    return said, good


def handshake_flood(server, seconds, short):
    """TLS handshakes from one address, as fast as one core can ask for them."""
    context = tls_context()
    end, done, failed = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 5, ("127.0.2.2", 0)) as raw:
                with context.wrap_socket(raw, server_hostname="localhost"): done += 1
        except OSError: failed += 1
    return "%d TLS handshakes a second from one address done, %d connections a second closed without one" % (done / seconds, failed / seconds), True


def flood(server, seconds, say):
    """One subject with eight sockets says it as fast as they take it."""
    writers = [Writer(server.port, "flood%d" % (index % 2), "eve", "127.0.3.%d" % (index + 1), server.tls) for index in range(8)]
    heard = bytearray()
    sent, ended, end = 0, 0, time.monotonic() + seconds
    rest = {}
    for writer in writers: writer.peer.socket.setblocking(False)
    while time.monotonic() < end and writers:
        for writer in list(writers):
            try:
                while True:
                    data = writer.peer.socket.recv(65536)
                    if not data: raise ConnectionError
                    heard += data[:200_000 - min(len(heard), 200_000)]
            except (BlockingIOError, ssl.SSLWantReadError): pass
            except OSError:
                writers.remove(writer)
                ended += 1
                continue
            try:
                data = rest.pop(writer, b"") or b"".join(say(writer) for _ in range(50))
                taken = writer.peer.socket.send(data)
                sent += taken
                if taken < len(data): rest[writer] = data[taken:]
            except (BlockingIOError, ssl.SSLWantWriteError): rest[writer] = data
            except OSError:
                writers.remove(writer)
                ended += 1
        time.sleep(0.0005)
    for writer in writers: writer.peer.socket.close()
    return sent, ended, bytes(heard)


def edit_flood(server, seconds, short):
    def say(writer):
        writer.seq += 1
        writer.time += 1
        ops = [{"setNodeField": {"node": "eve", "field": "data.f%d" % (index % 500), "value": '"%d"' % writer.seq}} for index in range(200)]
        return frame(json.dumps({"change": {"batch": str(writer.seq), "seen": "0", "changes": [{
            "replica": writer.replica, "seq": str(writer.seq), "hlc": str(writer.time << 16), "ops": ops}]}}))

    sent, ended, heard = flood(server, seconds, say)
    return "edits of one subject over 8 sockets: %.1f MiB taken, %d sockets sent away%s" % (
        sent / 1048576, ended, ", told of ops-per-subject" if b"ops-per-subject" in heard else ""), True


def presence_flood(server, seconds, short):
    text = frame(json.dumps({"presence": {"state": {"cursor": {"x": 1, "y": 2}}}}))
    sent, ended, _ = flood(server, seconds, lambda writer: text)
    return "cursors of one subject over 8 sockets: %d messages taken, %d of 8 sockets sent away" % (sent / len(text), ended), short or ended == 8


def ping_flood(server, seconds, short):
    text = frame(json.dumps({"ping": {"id": "1"}}))
    sent, ended, _ = flood(server, seconds, lambda writer: text)
    return "pings of one subject over 8 sockets: %d messages taken, %d of 8 sockets sent away" % (sent / len(text), ended), short or ended == 8


def join_flood(server, seconds, short):
    joined, turned, failed, end = 0, 0, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            peer = Peer(server.port, "joins%d" % (joined % 3), "127.0.4.%d" % (1 + joined % 200), server.tls)
            peer.join("eve")
            joined += 1
            peer.socket.close()
        except ConnectionError as error:
            if "goodbye" in str(error) or "closed with" in str(error): turned += 1
            else: failed += 1
        except OSError: failed += 1
    return "joins of one subject: %d joined, %d told to come back later, %d failed" % (joined, turned, failed), joined <= 200 + 10 * (seconds + 2)


def hoards(server, seconds, short):
    """Messages that never end: each holds what it has said so far."""
    count = 40 if short else 1_500
    swarm = Swarm(server)
    keys = open_all(swarm, sources(count))
    for key in keys: swarm.send(key, UPGRADE.format("honest").encode())
    end = time.monotonic() + 10
    while time.monotonic() < end and any(b"\r\n\r\n" not in swarm.heard[key] for key in keys if key in swarm.open): swarm.pump(0.05)
    first = bytes([0x01, 0x80 | 127]) + struct.pack(">Q", 1_000_000) + bytes(4)
    rest = {key: 1_000_000 for key in keys}
    for key in keys: swarm.send(key, first)
    piece = b" " * 65536
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key in keys:
            if key in swarm.open and rest[key] > 1000: rest[key] -= swarm.send(key, piece[:rest[key] - 1000])
        swarm.pump(0.001)
    held = sum(1_000_000 - rest[key] for key in swarm.open)
    said = "%d connections with an unfinished message of 1 MB each: %d cut, those left have said %.0f MiB" % (len(keys), len(swarm.ended), held / 1048576)
    swarm.leave()
    return said, True


# name, attack, over TLS, most MiB of memory that it may add
ATTACKS = [
    ("slow heads", slow_heads, False, 64), ("slow bodies", slow_bodies, False, 64), ("oversize", oversize, False, 256),
    ("idle connections", idle_connections, False, 192), ("joins of one subject at once", idle_sessions, False, 256),
    ("connection flood", connection_flood, False, 64), ("edit flood", edit_flood, False, 384), ("presence flood", presence_flood, False, 192),
    ("ping flood", ping_flood, False, 96), ("join flood", join_flood, False, 96), ("unfinished messages", hoards, False, 384),
    ("TLS: idle people", many_sessions, True, 512), ("TLS: handshake flood", handshake_flood, True, 96), ("TLS: dripped bytes that are no TLS", slow_heads, True, 128),
]


def percentile(values, part): return values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


def run(name, attack, bound, server, seconds, short):
    server.latencies()
    time.sleep(seconds)
    without = server.latencies()
    server.forget_peak()
    before, cpu, began = server.memory()[0], server.cpu(), time.monotonic()
    said, good = attack(server, seconds, short)
    cores = (server.cpu() - cpu) / (time.monotonic() - began)
    with_it = server.latencies()
    peak = server.memory()[1]
    time.sleep(1 if short else 3)
    after = server.memory()[0]
    p99 = percentile(with_it, 0.99)
    # Builds with checks, and machines that do other things, are slow: the short form looks at what happens, not at how fast.
    quick = short or p99 <= LATENCY_BOUND_MS
    small = peak - before <= bound
    row = "| %s | %.1f / %.1f | %.1f / %.1f | %.0f → %.0f → %.0f (≤ +%d) | %.2f | %s |" % (
        name, percentile(without, 0.5), percentile(without, 0.99), percentile(with_it, 0.5), p99, before, peak, after, bound, cores, said)
    print(row + ("" if good and quick and small else "  <-- out of bounds"), flush=True)
    return row, good and quick and small and bool(with_it)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--markdown")
    arguments = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    seconds = 2 if arguments.short else 10
    only = [name for name in arguments.only.split(",") if name]
    rows, fine = [], True
    print("| attack | edits without it, p50 / p99 ms | with it | memory before → peak → after, MiB | cores | what became of it |\n|---|---|---|---|---|---|")
    for tls in (False, True):
        chosen = [attack for attack in ATTACKS if attack[2] == tls and (not only or attack[0] in only)]
        if not chosen: continue
        server = Server(arguments.program, tls)
        try:
            time.sleep(1)
            for name, attack, _, bound in chosen:
                row, good = run(name, attack, bound, server, seconds, arguments.short)
                rows.append(row)
                fine = fine and good
        finally:
            server.stop()
    if arguments.markdown:
        with open(arguments.markdown, "w") as file: file.write("\n".join(rows) + "\n")
    print("within bounds" if fine else "OUT OF BOUNDS")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
