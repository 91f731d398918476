"""GitLab's side: what later jobs, merge requests and provenance get of a run."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from mlops_actions.ci import detect
from mlops_actions.ci.default_branch import usual_origin
from mlops_actions.ci.gitlab import CODE_QUALITY, DOTENV, GitLab
from mlops_actions.ci.interface import Annotation, Context
from mlops_actions.errors import OutsideError

JOB = {
    "GITLAB_CI": "true", "CI_PROJECT_PATH": "team/flights", "CI_COMMIT_SHA": "c0ffee", "GITLAB_USER_LOGIN": "ada",
    "CI_JOB_URL": "https://gitlab.example/team/flights/-/jobs/7", "CI_PIPELINE_SOURCE": "push",
    "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main",
    "CI_PIPELINE_URL": "https://gitlab.example/team/flights/-/pipelines/3",
}  # fmt: skip
MERGE_REQUEST = {
    **{name: value for name, value in JOB.items() if name != "CI_COMMIT_BRANCH"},
    "CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "team/flights",
}  # fmt: skip


def job(folder: Path, **more: str) -> tuple[GitLab, io.StringIO]:
    log = io.StringIO()
    ci = detect({**JOB, "CI_PROJECT_DIR": str(folder), **more}, io.StringIO(), log)
    assert isinstance(ci, GitLab)
    return ci, log


def test_where_a_run_happens(tmp_path: Path) -> None:
    assert job(tmp_path)[0].context() == Context(
        "team/flights", "c0ffee", JOB["CI_JOB_URL"], "ada", "push", "main", default_branch="main",
        pipeline_url=JOB["CI_PIPELINE_URL"],
    )  # fmt: skip


def test_a_merge_request_is_on_no_branch_and_may_come_from_a_fork(tmp_path: Path) -> None:
    def context(source: str) -> Context:
        variables = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": source}
        return detect({**variables, "CI_PROJECT_DIR": str(tmp_path)}, io.StringIO(), io.StringIO()).context()

    assert (context("team/flights").branch, context("team/flights").fork) == (None, False)
    assert context("team/flights").pull_request
    assert context("stranger/flights").fork


def test_on_a_merge_request_the_policy_is_the_default_branchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    for name, value in MERGE_REQUEST.items():
        monkeypatch.setenv(name, value)
    assert usual_origin() == "default-branch"
    monkeypatch.setenv("CI_PIPELINE_SOURCE", "push")
    assert usual_origin() == "checkout"


def test_outputs_are_kept_for_later_jobs_and_the_last_value_counts(tmp_path: Path) -> None:
    ci, _ = job(tmp_path)
    ci.presume_error()
    assert (tmp_path / DOTENV).read_text() == "MLOPS_RESULT=error\n"
    ci.set_outputs({"result": "pass", "subject-sha256": "ab=c", "reasons": "x" * 501, "decision": "one\ntwo"})
    assert (tmp_path / DOTENV).read_text() == "MLOPS_RESULT=pass\nMLOPS_SUBJECT_SHA256=ab=c\n"


def test_findings_of_several_actions_are_one_report_without_repetition(tmp_path: Path) -> None:
    for message in ("too low", "too low", "too high"):
        job(tmp_path)[0].annotate([Annotation("error", message, file="policy.yaml", line=3, title="rule-failed")])
    job(tmp_path)[0].annotate([Annotation("warning", "no place")])
    report = json.loads((tmp_path / CODE_QUALITY).read_text())
    assert [(one["description"], one["severity"], one["location"]["path"]) for one in report] == [
        ("too low", "major", "policy.yaml"),
        ("too high", "major", "policy.yaml"),
        ("no place", "minor", "mlops.yml"),
    ]
    assert report[0]["location"]["lines"] == {"begin": 3}
    assert len({one["fingerprint"] for one in report}) == 3


def test_a_report_that_somebody_damaged_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / CODE_QUALITY).write_text("[{")
    job(tmp_path)[0].annotate([Annotation("notice", "fine")])
    assert len(json.loads((tmp_path / CODE_QUALITY).read_text())) == 1


def test_a_stage_is_a_section_of_the_log(tmp_path: Path) -> None:
    ci, log = job(tmp_path)
    with ci.group("1/4 validate-data"):
        ci.say("inside")
    begin, inside, end = log.getvalue().removesuffix("\n").split("\n")
    assert begin.startswith("\x1b[0Ksection_start:")
    assert begin.endswith(":1_4_validate_data\r\x1b[0K1/4 validate-data")
    assert inside == "inside"
    assert end.startswith("\x1b[0Ksection_end:")
    assert end.endswith(":1_4_validate_data\r\x1b[0K")


def test_what_cannot_be_written_stops_an_output_and_no_finding() -> None:
    log = io.StringIO()
    ci = GitLab({**JOB, "CI_PROJECT_DIR": "/proc"}, io.StringIO(), log)
    ci.annotate([Annotation("error", "too low")])
    assert "error\x1b[0m: too low" in log.getvalue()
    assert "'/proc/mlops-actions-codequality.json' cannot be written" in log.getvalue()
    with pytest.raises(OutsideError, match="'/proc/mlops-actions.env' cannot be written"):
        ci.set_outputs({"result": "pass"})


def test_json_on_request_wins_over_the_system() -> None:
    assert detect(JOB, io.StringIO(), io.StringIO(), as_json=True).name == "terminal"
