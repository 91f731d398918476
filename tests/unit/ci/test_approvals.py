"""Who approved a run, asked of a server that answers as GitHub documents."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from github_site import TOKEN, GitHubSite, github_site
from mlops_actions.ci.approvals import read_approvers

APPROVALS = [
    {"state": "approved", "comment": "Ship it", "environments": [{"name": "production"}], "user": {"login": "alice"}},
    {"state": "rejected", "comment": "", "environments": [{"name": "staging"}], "user": {"login": "mallory"}},
    {"state": "approved", "comment": "", "environments": [{"name": "staging"}], "user": {"login": "bob"}},
    {"state": "approved", "comment": "", "environments": [{"name": "staging"}], "user": {"login": "alice"}},
]


PATH = "/repos/org/project/actions/runs/77/approvals"


@pytest.fixture
def site() -> Iterator[GitHubSite]:
    """Knows one run, and one token that may read it."""
    with github_site({PATH: json.dumps(APPROVALS).encode()}, TOKEN, refusal=403) as started:
        yield started


@pytest.fixture
def environ(site: GitHubSite) -> dict[str, str]:
    return {
        "GITHUB_API_URL": site.url,
        "GITHUB_REPOSITORY": "org/project",
        "GITHUB_RUN_ID": "77",
        "GITHUB_TOKEN": TOKEN,
    }


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
    environ: dict[str, str], site: GitHubSite, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.answers[PATH] = body
    assert read_approvers(environ) == ()
    assert caplog.messages[0].startswith("Who approved this run is not known: ")


def test_a_server_that_is_not_there_stops_nothing(environ: dict[str, str]) -> None:
    assert read_approvers(environ | {"GITHUB_API_URL": "http://127.0.0.1:9"}) == ()


def test_what_netrc_says_of_the_server_is_not_shown_instead_of_the_token(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert read_approvers(environ) == ("alice", "bob")
