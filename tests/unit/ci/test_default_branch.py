"""A file as the default branch has it: from a server that answers as GitHub does, or from the checkout."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from github_site import TOKEN, GitHubSite, github_site
from mlops_actions.ci.default_branch import read_from_default_branch, read_once, usual_origin
from mlops_actions.errors import InputError, OutsideError

POLICY = b"rules:\n- accuracy > 0.8\n"


def git(*words: str) -> None:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *settings, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A pull request that loosened the policy, checked out with the whole history; its variables."""
    monkeypatch.chdir(tmp_path)
    event = tmp_path / "event.json"
    event.write_text(
        json.dumps({"repository": {"default_branch": "main"}, "pull_request": {"head": {"sha": "c0ffee"}}})
    )
    git("init")
    Path("gate").mkdir()
    Path("gate/policy.yaml").write_bytes(POLICY)
    git("add", ".")
    git("commit", "-m", "main")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    Path("gate/policy.yaml").write_text("rules:\n- accuracy > 0.1\n")
    Path("gate/own.yaml").write_text("rules:\n- accuracy > 0.1\n")
    given = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "org/project",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def site(checkout: dict[str, str]) -> Iterator[GitHubSite]:
    """Has the policy on the branch main, for whoever has the token."""
    with github_site({"/repos/org/project/contents/gate/policy.yaml?ref=main": POLICY}, TOKEN) as started:
        yield started


@pytest.fixture
def server(checkout: dict[str, str], site: GitHubSite) -> dict[str, str]:
    return checkout | {"GITHUB_API_URL": site.url, "GITHUB_TOKEN": TOKEN}


def test_on_a_pull_request_the_default_branch_counts(checkout: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert usual_origin() == "default-branch"
    monkeypatch.setenv("GITHUB_EVENT_NAME", "push")
    assert usual_origin() == "checkout"


def test_the_server_is_asked_first(server: dict[str, str]) -> None:
    git("update-ref", "-d", "refs/remotes/origin/main")
    assert read_from_default_branch("gate/policy.yaml", server) == ("main", POLICY)


def test_within_one_reading_a_file_is_read_once_whatever_was_merged_meanwhile(
    server: dict[str, str], site: GitHubSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = site.answers
    with read_once():
        assert read_from_default_branch("gate/policy.yaml", server) == ("main", POLICY)
        site.answers[path] = b"rules:\n- accuracy > 0.9\n"
        monkeypatch.chdir("gate")
        assert read_from_default_branch("policy.yaml", server) == ("main", POLICY)
    assert site.asked == [path]
    assert read_from_default_branch("policy.yaml", server) == ("main", site.answers[path])


def test_a_path_is_relative_to_the_working_directory(server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("gate")
    assert read_from_default_branch("policy.yaml", server) == ("main", POLICY)


def test_where_the_server_does_not_answer_the_checkout_has_the_branch(checkout: dict[str, str]) -> None:
    assert read_from_default_branch("gate/policy.yaml", checkout) == ("main", POLICY)
    nobody = checkout | {"GITHUB_API_URL": "http://127.0.0.1:9"}
    assert read_from_default_branch("gate/policy.yaml", nobody) == ("main", POLICY)


def test_a_policy_that_the_branch_does_not_have_is_refused(server: dict[str, str], checkout: dict[str, str]) -> None:
    with pytest.raises(InputError, match="the branch 'main' has no file 'gate/own.yaml'") as refused:
        read_from_default_branch("gate/own.yaml", server)
    assert refused.value.hint == "Merge the policy first, or write `policy-from: checkout`."
    with pytest.raises(OutsideError, match="'gate/own.yaml' cannot be read from the branch 'main'"):
        read_from_default_branch("gate/own.yaml", checkout)


def test_a_shallow_checkout_without_a_token_is_told_what_to_do(checkout: dict[str, str]) -> None:
    git("update-ref", "-d", "refs/remotes/origin/main")
    with pytest.raises(OutsideError) as refused:
        read_from_default_branch("gate/policy.yaml", checkout)
    assert "check out with `fetch-depth: 0`" in str(refused.value.hint)


@pytest.mark.parametrize("path", ["../policy.yaml", "/etc/passwd"])
def test_a_path_out_of_the_checkout_is_refused(checkout: dict[str, str], path: str) -> None:
    with pytest.raises(InputError, match="is not inside a checkout"):
        read_from_default_branch(path, checkout)


def test_an_unknown_default_branch_is_refused(checkout: dict[str, str]) -> None:
    Path(checkout["GITHUB_EVENT_PATH"]).write_text("{}")
    with pytest.raises(InputError, match="the default branch is not known"):
        read_from_default_branch("gate/policy.yaml", checkout)
