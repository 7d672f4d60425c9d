#!/usr/bin/env python3
"""A plug-in for Thaiyyal Live in one file of Python, without any package: see docs/PLUGINS.md.

    python3 docs/examples/plugin.py 9100
    thaiyyal serve --plugin http://127.0.0.1:9100

It brings one type of node, `text_find`, which finds a regular expression in its input.
"""
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DESCRIPTION = {
    "protocol": 1,
    "name": "text-find",
    "version": "1.0.0",
    "types": [
        {
            "type": "text_find",
            "category": "Text",
            "description": "Finds a regular expression in a text.",
            "inputs": [{"name": None, "min": 1, "max": 1}],
            "settings": [
                {"name": "pattern", "type": "string", "required": True, "description": "A regular expression of Python."},
                {"name": "count_max", "type": "integer", "min": 0, "default": 100, "description": "How many matches to give."},
            ],
        }
    ],
}


def text_find(settings, inputs):
    """The matches of a pattern in the first input. Raises ValueError with a text for the person who drew the node."""
    if not isinstance(inputs[0], str):
        raise ValueError("text_find needs a text")
    try:
        pattern = re.compile(settings["pattern"])
    except re.error as error:
        raise ValueError(f"the pattern is no regular expression: {error}")
    matches = [match.group(0) for match in pattern.finditer(inputs[0])]
    return {"matches": matches[: int(settings["count_max"])], "count": len(matches)}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/plugin":
            self.answer(200, DESCRIPTION)
        elif self.path == "/health":
            self.answer(200, {"status": "healthy"})
        else:
            self.answer(404, {"error": "unknown path"})

    def do_POST(self):
        if self.path != "/execute":
            return self.answer(404, {"error": "unknown path"})
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if call["type"] != "text_find":
            return self.answer(200, {"error": f"unknown type {call['type']}"})
        try:
            self.answer(200, {"value": text_find(call["settings"], call["inputs"])})
        except ValueError as error:
            self.answer(200, {"error": str(error)})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
