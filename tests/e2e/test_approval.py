"""The workflow of examples/approval under act, which knows no environments: as if its reviewers approved at once."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.act import Act
from harness.project import make_project
from mlops_actions.registries import open_registry


def test_the_model_whose_plan_was_shown_is_the_one_that_is_promoted(act: Act, tmp_path: Path) -> None:
    consumer = make_project(tmp_path, "approval")

    run = act.run(consumer, "release.yml", event="workflow_dispatch", env={"SETUP_PYTHON": sys.executable})

    assert run.exit_code == 0, str(run)
    assert {job.id: job.result for job in run.jobs} == {"judge": "success", "promote": "success"}
    shown = run.job("judge").steps["plan"].outputs["subject-sha256"]
    summary = run.job("judge").summary
    assert "To be approved: nothing is changed yet." in summary
    assert f"would become version 1 ({shown[:12]})" in summary
    assert "It rests on this verdict: Passed" in summary
    opened = open_registry(f"file:{tmp_path / 'registry'}")
    aliases = {alias: version and version.sha256 for alias, version in opened.head("flights").aliases.items()}
    assert aliases == {"challenger": shown, "champion": shown}
    assert [change.author.actor for change in opened.history("flights")] == ["alice", "alice"]
