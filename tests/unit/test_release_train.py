"""The train: everything is read before the first stage runs, and it stops at the first that does not pass."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from mlops_actions import cancellation, cli, runner
from mlops_actions.ci.inputs import CommonInputs, CommonOutputs
from mlops_actions.errors import OutsideError
from mlops_actions.evidence import EvidenceStore, Statement
from mlops_actions.evidence.training import Training


class Inputs(CommonInputs):
    """Of the stage that the tests run."""

    model: str | None = Field(None, description="A model.")
    result: Literal["pass", "fail", "inconclusive"] = Field("pass", description="How it ends.")
    trouble: Literal["none", "outside", "cancelled"] = Field("none", description="What happens on the way.")


class Outputs(CommonOutputs):
    """Nothing of its own."""


def ride(inputs: Inputs) -> Statement[Training]:
    """One stage; its statement says which model it was given."""
    logging.getLogger("mlops_actions.ride").info("riding with %s", inputs.model)
    if inputs.trouble == "outside":
        raise OutsideError("the line is down.")
    with cancellation.deferred():
        if inputs.trouble == "cancelled":
            os.kill(os.getpid(), signal.SIGINT)
        training = Training(result=inputs.result, command=[str(inputs.model)], exit_code=0, seconds=0)
        return Statement(inputs.model or "m", "ab" * 32, training)


@dataclass
class Train:
    """What one run of the train left."""

    exit_code: int
    outputs: dict[str, str]
    log: str

    @property
    def stages(self) -> list[str]:
        """The lines that say how each stage ended."""
        return [line for line in self.log.splitlines() if line.startswith(("ride: ", "evaluate-model: "))]

    @property
    def error(self) -> str:
        return next(line for line in self.log.splitlines() if line.startswith("error: ")).removeprefix("error: ")


class Line:
    """A folder to run trains in, with two actions of the test's own: `ride`, and one in evaluate-model's place."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def run(self, *arguments: str) -> Train:
        code = cli.main(["--json", "run", *arguments])
        out, err = self._capsys.readouterr()
        return Train(code, json.loads(out), err)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Line:
    for name in os.environ:
        if name.startswith(("GITHUB_", "INPUT_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType("ride", "A ride.")
    vars(module).update(Inputs=Inputs, Outputs=Outputs, run=ride)
    monkeypatch.setitem(sys.modules, "ride", module)
    monkeypatch.setitem(runner.ACTIONS, "ride", "ride")
    return Line(tmp_path, capsys)


def test_an_action_that_is_named_twice_takes_its_sections_in_turn(line: Line) -> None:
    (line.folder / "mlops.yml").write_text("stages: [ride, ride]\nride:\n  - {model: one}\n  - {model: two}\n")
    train = line.run("--report-path", "report.html")

    assert (train.exit_code, train.stages) == (0, ["ride: pass", "ride: pass"])
    store = EvidenceStore(line.folder / "mlops-evidence")
    assert [one.statement.predicate.command for one in store.find(Training)] == [["one"], ["two"]]
    assert (train.outputs["result"], train.outputs["stage"]) == ("pass", "ride")
    assert train.outputs["report-path"] == "report.html"
    assert (line.folder / "report.html").read_text().count("<h2>Training") == 2


def test_one_section_serves_every_turn(line: Line) -> None:
    (line.folder / "mlops.yml").write_text("stages: [ride, ride]\nride: {model: one}\n")
    line.run()
    found = EvidenceStore(line.folder / "mlops-evidence").find(Training)
    assert {tuple(one.statement.predicate.command) for one in found} == {("one",)}


@pytest.mark.parametrize(
    ("result", "fail_on", "code"),
    [
        ("fail", "inconclusive", 1),
        ("inconclusive", "inconclusive", 3),
        ("inconclusive", "fail", 0),
        ("fail", "never", 0),
    ],
)
def test_it_stops_at_the_first_stage_that_does_not_pass(line: Line, result: str, fail_on: str, code: int) -> None:
    (line.folder / "mlops.yml").write_text(f"stages: [ride, ride, ride]\nride: [{{}}, {{result: {result}}}, {{}}]\n")
    train = line.run("--fail-on", fail_on)
    assert (train.exit_code, train.stages) == (code, ["ride: pass", f"ride: {result}"])
    assert train.outputs["result"] == result


def test_stages_that_are_asked_for_win_over_those_of_the_file(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    (line.folder / "mlops.yml").write_text("stages: [ride, ride, ride]\nride: {}\n")
    assert line.run("--stages", "ride, ride").stages == ["ride: pass"] * 2
    monkeypatch.setenv("INPUT_STAGES", "ride")
    assert line.run().stages == ["ride: pass"]


def test_every_stage_gets_the_model_that_was_evaluated(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(runner.ACTIONS, "evaluate-model", "ride")
    (line.folder / "model").touch()
    (line.folder / "mlops.yml").write_text("stages: [evaluate-model, ride]\nevaluate-model: {model: model}\n")
    assert line.run().log.count("riding with model\n") == 2
    (line.folder / "mlops.yml").write_text(
        "stages: [evaluate-model, ride]\nevaluate-model: {model: model}\nride: {model: own}\n"
    )
    assert "riding with own\n" in line.run().log


def test_each_folder_of_a_repository_is_a_train_of_its_own(line: Line) -> None:
    for name, result in (("prices", "pass"), ("delays", "fail")):
        (line.folder / name).mkdir()
        (line.folder / name / "mlops.yml").write_text(f"stages: [ride]\nride: {{model: {name}, result: {result}}}\n")
    codes = [line.run("--working-directory", name).exit_code for name in ("prices", "delays")]
    assert codes == [0, 1]
    assert [len(list((line.folder / name / "mlops-evidence").iterdir())) for name in ("prices", "delays")] == [1, 1]
    assert not (line.folder / "mlops-evidence").exists()


def test_the_file_may_be_given_by_place_or_by_flag(line: Line) -> None:
    (line.folder / "other.yml").write_text("stages: [ride]\n")
    assert line.run("other.yml").exit_code == line.run("--config", "other.yml").exit_code == 0
    train = line.run("none.yml")
    assert (train.exit_code, train.error) == (2, "the configuration 'none.yml' does not exist. Check the path.")


def test_a_stage_that_is_cut_off_leaves_the_report_of_those_before(line: Line) -> None:
    (line.folder / "mlops.yml").write_text("stages: [ride, ride]\nride: [{}, {trouble: outside}]\n")
    train = line.run("--report-path", "report.html")
    assert (train.exit_code, train.outputs["result"]) == (4, "error")
    assert json.loads(train.outputs["reasons"])[0]["message"] == "the line is down."
    assert (line.folder / "report.html").read_text().count("<h2>Training") == 1


def test_after_a_stage_that_was_cancelled_and_passed_no_other_runs(line: Line) -> None:
    (line.folder / "mlops.yml").write_text("stages: [ride, ride]\nride: [{trouble: cancelled}, {}]\n")
    train = line.run()
    assert (train.exit_code, train.stages) == (130, ["ride: pass"])
