"""A real server on loopback that answers predictions, or whatever a test wants it to."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SHA256 = "a" * 64


@dataclass
class Reply:
    """What the server answers."""

    document: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"X-Model-SHA256": SHA256})
    body: bytes | None = None
    promised: int | None = None
    """Bytes that the header promises, where there are fewer."""


class Server(ThreadingHTTPServer):
    """Keeps what it was asked; `reply` makes each answer."""

    daemon_threads = True
    reply: Callable[[dict[str, Any]], Reply]
    dripping = False
    """Whether it sends a byte at a time, with pauses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(request)
        self.server.tokens.add(self.headers["Authorization"])
        reply = self.server.reply(request)
        body = json.dumps(reply.document).encode() if reply.body is None else reply.body
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(reply.promised or len(body)))
        self.end_headers()
        if not self.server.dripping:
            self.wfile.write(body)
            return
        with contextlib.suppress(OSError):
            for byte in body[:40]:
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Silent."""
