"""Who approved a run, asked of a server that answers as GitHub documents."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mlops_actions.ci.approvals import read_approvers

APPROVALS = [
    {"state": "approved", "comment": "Ship it", "environments": [{"name": "production"}], "user": {"login": "alice"}},
    {"state": "rejected", "comment": "", "environments": [{"name": "staging"}], "user": {"login": "mallory"}},
    {"state": "approved", "comment": "", "environments": [{"name": "staging"}], "user": {"login": "bob"}},
    {"state": "approved", "comment": "", "environments": [{"name": "staging"}], "user": {"login": "alice"}},
]


class GitHub(BaseHTTPRequestHandler):
    """Knows one run, and one token that may read it."""

    body = json.dumps(APPROVALS).encode()

    def do_GET(self) -> None:
        known = self.path == "/api/repos/org/project/actions/runs/77/approvals"
        allowed = self.headers["Authorization"] == "Bearer t0ken"
        self.send_response(404 if not known else 200 if allowed else 403)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server calls
        pass


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), GitHub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield {
            "GITHUB_API_URL": f"http://127.0.0.1:{server.server_address[1]}/api",
            "GITHUB_REPOSITORY": "org/project",
            "GITHUB_RUN_ID": "77",
            "GITHUB_TOKEN": "t0ken",
        }
        server.shutdown()


def test_those_who_approved_are_named_once_in_their_order(environ: dict[str, str]) -> None:
    assert read_approvers(environ) == ("alice", "bob")


@pytest.mark.parametrize("missing", ["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_TOKEN"])
def test_without_a_token_or_a_run_nobody_is_asked(environ: dict[str, str], missing: str) -> None:
    assert read_approvers(environ | {missing: ""}) == ()


def test_a_token_without_the_right_is_told_which(environ: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert read_approvers(environ | {"GITHUB_TOKEN": "other"}) == ()
    assert caplog.messages == [
        "Who approved this run is not known: GitHub answered 403: give the job `permissions: actions: read`."
    ]


@pytest.mark.parametrize("body", [b"<html>", b"[{}]", b"null", b'[{"state": "approved", "user": null}]'])
def test_an_answer_that_is_none_names_nobody(
    environ: dict[str, str], body: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(GitHub, "body", body)
    assert read_approvers(environ) == ()
    assert caplog.messages[0].startswith("Who approved this run is not known: ")


def test_a_server_that_is_not_there_stops_nothing(environ: dict[str, str]) -> None:
    assert read_approvers(environ | {"GITHUB_API_URL": "http://127.0.0.1:9"}) == ()
