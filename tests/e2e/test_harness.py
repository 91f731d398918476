"""The two runners themselves, on a small action: what they let pass, the tests of the real actions cannot see."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from harness.act import Act
from harness.checkout import ROOT
from harness.composite import Runner
from harness.expressions import ExpressionError, evaluate
from harness.log import Annotation

GREET = ROOT / "tests/e2e/fixtures/greet"
NOTICE = Annotation("notice", "Hello\nAda", {"file": "greet.yml", "line": "3", "title": "A greeting"})


def test_act_runs_a_workflow_and_its_log_tells_every_job(act: Act, tmp_path: Path) -> None:
    workflows = tmp_path / "consumer/.github/workflows"
    workflows.mkdir(parents=True)
    shutil.copy(ROOT / "tests/e2e/workflows/harness.yml", workflows)

    run = act.run(tmp_path / "consumer", "harness.yml")

    ada = run.job("greet", who="Ada")
    assert ada.result == "success", str(run)
    assert ada.steps["greet"].outputs["text"] == "Hello\nAda"
    assert ada.annotations == [NOTICE]
    assert ada.summary == "# Hello, Ada\n"
    assert run.job("read").steps["list"].outputs["files"] == "./text-Ada/text ./text-Grace/text"
    refused = run.job("refused")
    assert (refused.result, refused.steps["greet"].result) == ("failure", "failure")
    assert not run.ran("never")
    assert run.exit_code == 1


def test_a_composite_gets_only_what_github_gives_it(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPUT_WHO", "the caller's")
    result = runner.run(GREET, {"who": "Ada"})

    assert result.outcome == "success", result.stderr
    assert result.outputs == {"text": "Hello\nAda", "secret": ""}
    say = result.steps["say"]
    assert say.outputs["unmapped"] == "none"
    assert say.outputs["reference"] == "v1/none"
    assert result.steps["after"].outputs == {"greeted": "Ada"}
    assert result.steps["always"].outcome == "skipped"
    assert result.annotations == (NOTICE,)
    assert result.summary == "# Hello, Ada\n"
    assert result.output == "::error::from data"


def test_a_failed_step_skips_the_next_and_keeps_its_exit_code(runner: Runner) -> None:
    result = runner.run(GREET, {"who": "nobody"})

    assert (result.outcome, result.exit_code) == ("failure", 3)
    assert result.steps["after"].outcome == "skipped"
    assert result.outputs["text"] == "Hello\nnobody"
    assert result.output.endswith("sorry")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"run": "echo"}, "shell: bash"),
        ({"uses": "actions/checkout@v4"}, "run step"),
        ({"run": "echo ${{ inputs.whom }}", "shell": "bash"}, "'whom' is not declared"),
        ({"run": "echo", "shell": "bash", "if": "steps.gone.outcome == 'success'"}, "'gone' is not declared"),
        ({"run": "echo 'a<<END' >> $GITHUB_OUTPUT", "shell": "bash"}, "the delimiter 'END' never comes"),
    ],
)
def test_what_github_would_refuse_or_silently_leave_empty_is_refused(
    runner: Runner, tmp_path: Path, step: dict[str, str], message: str
) -> None:
    metadata = {"inputs": {"who": {}}, "runs": {"using": "composite", "steps": [step]}}
    (tmp_path / "action.yml").write_text(yaml.safe_dump(metadata))
    with pytest.raises(ValueError, match=message):
        runner.run(tmp_path, {})


def test_the_eleventh_annotation_of_a_type_is_dropped_as_on_github(runner: Runner, tmp_path: Path) -> None:
    steps = [{"shell": "bash", "run": 'for i in 1 2 3 4 5 6; do echo "::warning::$i"; done'}] * 2
    (tmp_path / "action.yml").write_text(yaml.safe_dump({"runs": {"using": "composite", "steps": steps}}))
    result = runner.run(tmp_path, {})
    assert [len(result.annotations), len(result.dropped)] == [10, 2]


def test_a_summary_over_one_mebibyte_is_dropped_whole(runner: Runner, tmp_path: Path) -> None:
    steps = [{"shell": "bash", "run": "head -c 1048577 /dev/zero | tr '\\0' x >>\"$GITHUB_STEP_SUMMARY\""}]
    (tmp_path / "action.yml").write_text(yaml.safe_dump({"runs": {"using": "composite", "steps": steps}}))
    assert runner.run(tmp_path, {}).summary == ""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a' == 'A' && 'it''s'", "it's"),
        ("!(1 == 2) || x.y", True),
        ("x.y != 'z' && 'no' || 'yes'", "yes"),
        ("success()", True),
    ],
)
def test_expressions_are_worth_what_github_says(expression: str, value: object) -> None:
    assert evaluate(expression, {"x": {"y": "z"}, "success": lambda: True}) == value


@pytest.mark.parametrize("expression", ["", "a b", "'open", "x.", "(1", "x.z", "fromJSON()"])
def test_an_expression_that_cannot_be_read_is_an_error(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression, {"x": {"y": "z"}})
