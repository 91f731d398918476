"""A server on loopback that takes whatever is posted to it as JSON, and tells what that was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Message:
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Inbox:
    url: str
    messages: list[Message] = field(default_factory=list)
    """In the order that they came."""

    def at(self, path: str) -> Message:
        """The one message that was posted there."""
        (found,) = [one for one in self.messages if one.path == path]
        return found


@contextmanager
def inbox_site() -> Iterator[Inbox]:
    """The server, stopped at the end. Who reads from it finds an empty list."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, b"[]")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            inbox.messages.append(Message(self.path, dict(self.headers), body))
            self.answer(201, b"{}")

        def answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server calls
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        inbox = Inbox(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield inbox
        finally:
            server.shutdown()
            thread.join()
