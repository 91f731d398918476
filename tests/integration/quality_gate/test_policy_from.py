"""A pull request that loosens the policy is judged by the one of the default branch."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from github_site import github_site
from mlops_actions.cli import main
from mlops_actions.evidence import digest_bytes
from mlops_actions.quality_gate.action import Inputs, run

from .conftest import evaluation, write

STRICT, LOOSE = "rules:\n- roc_auc > 0.9\n", "rules:\n- roc_auc > 0.1\n"


def git(*words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *words], check=True, capture_output=True
    )


@pytest.fixture
def pull_request(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("policy.yaml").write_text(STRICT)
    git("init")
    git("add", "policy.yaml")
    git("commit", "-m", "main")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    Path("policy.yaml").write_text(LOOSE)
    Path("event.json").write_text(json.dumps({"repository": {"default_branch": "main"}}))
    for name, value in {"ACTIONS": "true", "EVENT_NAME": "pull_request", "EVENT_PATH": "event.json"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    write("model.joblib", evaluation())


@pytest.mark.usefixtures("pull_request")
def test_a_pull_request_cannot_loosen_its_own_gate() -> None:
    verdict = run(Inputs(policy="policy.yaml")).predicate
    assert (verdict.result, verdict.policy) == ("fail", digest_bytes(STRICT.encode()))
    assert verdict.rules[0].where == "policy.yaml:2"


@pytest.mark.usefixtures("pull_request")
def test_unless_that_is_allowed() -> None:
    assert run(Inputs(policy="policy.yaml", policy_from="checkout")).predicate.result == "pass"


@pytest.mark.usefixtures("pull_request")
def test_elsewhere_the_checkout_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_EVENT_NAME", "push")
    assert run(Inputs(policy="policy.yaml")).predicate.result == "pass"
    assert run(Inputs(policy="policy.yaml", policy_from="default-branch")).predicate.result == "fail"


@pytest.mark.usefixtures("pull_request")
def test_a_train_reads_the_default_branchs_policy_once(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/repos/org/project/contents/policy.yaml?ref=main"
    Path("mlops.yml").write_text("stages: [quality-gate]\nquality-gate:\n  policy: policy.yaml\n")
    with github_site({path: STRICT.encode()}) as site:
        for name, value in {"API_URL": site.url, "REPOSITORY": "org/project", "OUTPUT": "output"}.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        assert main(["run"]) == 1
    assert site.asked == [path]
