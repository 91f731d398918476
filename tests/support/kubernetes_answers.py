"""An API server's answers without a cluster: one object, and which verbs our account has."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml


@dataclass
class Answers:
    """What the server holds, and what was changed in it."""

    held: dict[str, Any]
    verbs: tuple[str, ...] = ("GET", "PATCH")
    changes: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def serve(answers: Answers, kubeconfig: Path) -> Iterator[None]:
    """Answer on loopback, as the cluster of this kubeconfig."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(answers.held)

        def do_PATCH(self) -> None:
            change = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.command in answers.verbs:
                answers.changes.append(change)
                answers.held["spec"] |= change["spec"]
            self.reply(answers.held)

        def reply(self, document: dict[str, Any]) -> None:
            allowed = self.command in answers.verbs
            said = {"message": f'User "ci" cannot {self.command.lower()} resource "httproutes"'}
            body = json.dumps(document if allowed else said).encode()
            self.send_response(200 if allowed else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    kubeconfig.write_text(yaml.safe_dump({
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "one", "user": "ci"}}],
        "clusters": [{"name": "one", "cluster": {"server": address}}],
        "users": [{"name": "ci", "user": {"token": "secret"}}],
    }))  # fmt: skip
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
