"""Serves a model file: `serve.py MODEL PORT [HOST]`, on loopback unless told. Answers say which bytes they are from."""

import hashlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    digest = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Model-SHA256", self.digest)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  its name in the base
        """The job's log is not for every request."""


if __name__ == "__main__":
    Handler.digest = hashlib.sha256(Path(sys.argv[1]).read_bytes()).hexdigest()
    ThreadingHTTPServer(((sys.argv[3:] or ["127.0.0.1"])[0], int(sys.argv[2])), Handler).serve_forever()
