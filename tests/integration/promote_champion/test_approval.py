"""What a person approves is shown before, and who approved is kept."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_actions.reports import to_markdown


def test_the_log_keeps_who_promoted_and_by_which_run(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = {"ACTOR": "alice", "REPOSITORY": "org/project", "RUN_ID": "77", "SERVER_URL": "https://git.example"}
    for name, value in {"ACTIONS": "true", **run}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    project.promoted("one")
    (change,) = project.registry.history("delay")
    assert (change.author.actor, change.author.approved_by) == ("alice", ())
    assert change.author.run_url == "https://git.example/org/project/actions/runs/77"


def test_what_is_to_be_approved_is_shown_with_the_verdict_that_it_rests_on(project: Any) -> None:
    project.promoted("one")
    path = project.model("two")
    project.judged(path)
    summary = to_markdown(project.promote(path, dry_run=True))
    assert "To be approved: nothing is changed yet. Dry run: champion of 'delay' is version 1" in summary
    assert "It rests on this verdict: Passed" in summary
    assert "| ✓ pass  | roc_auc \\> 0.6 " in summary
