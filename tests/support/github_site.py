"""A server on loopback that answers as GitHub's API does: known paths, for whoever may read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PREFIX = "/api"
TOKEN = "t0ken"


@dataclass
class GitHubSite:
    """What the server has, and what it was asked."""

    url: str = ""
    """For GITHUB_API_URL; below a prefix, as on GitHub Enterprise."""
    answers: dict[str, bytes] = field(default_factory=dict)
    """Path and query, below the prefix → content; nothing else is there."""
    token: str | None = None
    """Which one it takes to read them; None: anybody may."""
    refusal: int = 404
    """The status for another token: GitHub hides a private file, and forbids a list."""
    asked: list[str] = field(default_factory=list)
    """Paths and queries, in their order."""


@contextmanager
def github_site(answers: Mapping[str, bytes], token: str | None = None, refusal: int = 404) -> Iterator[GitHubSite]:
    """The server, stopped at the end."""
    site = GitHubSite(answers=dict(answers), token=token, refusal=refusal)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix(PREFIX)
            site.asked.append(path)
            content = site.answers.get(path) if self.path.startswith(PREFIX) else None
            allowed = site.token is None or self.headers["Authorization"] == f"Bearer {site.token}"
            self.send_response(404 if content is None else 200 if allowed else site.refusal)
            self.end_headers()
            self.wfile.write(content if content is not None and allowed else b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server calls
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
