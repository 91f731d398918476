"""A server on loopback that answers as OSV's does: which vulnerabilities a version of a package has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@contextmanager
def osv_site(vulnerable: Mapping[str, list[str]]) -> Iterator[str]:
    """Its address. `vulnerable` names packages, each with the versions that mend it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
            found = {"vulns": [vulnerability(asked, vulnerable[asked])]} if asked in vulnerable else {}
            content = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server calls
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def vulnerability(package: str, fixes: list[str]) -> dict[str, Any]:
    events = [{"introduced": "0"}, *({"fixed": version} for version in fixes)]
    return {
        "id": f"PYSEC-2026-{len(package)}",
        "details": "It does what it should not.",
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "affected": [
            {
                "package": {"name": package, "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
            }
        ],
    }
