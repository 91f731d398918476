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

CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: flights
version: 1.0.0
status: active
schema:
  - name: flights
    properties:
      - {name: late, logicalType: integer}
"""
MLOPS = """name: flights
registry: file:registry
stages: [validate-data, evaluate-model, quality-gate, promote-champion]
validate-data:
  data: test.csv
  contract: contract.yaml
evaluate-model:
  model: model.joblib
  data: test.csv
  target: late
quality-gate:
  policy: policy.yaml
promote-champion:
  alias: champion
"""


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


@pytest.fixture
def project(line: Line) -> Line:
    """A project of real actions, of which nothing is wrong as far as can be told before it runs."""
    files = {
        "mlops.yml": MLOPS,
        "contract.yaml": CONTRACT,
        "policy.yaml": "rules: [accuracy > 0.8]\n",
        "test.csv": "late\n0\n1\n",
        "model.joblib": "no model",
    }
    for name, text in files.items():
        (line.folder / name).write_text(text)
    return line


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


BROKEN = {
    "an unknown top-level key": (
        ("name: flights", "nmae: flights"),
        "mlops.yml:1: unknown key 'nmae'. Did you mean 'name'?",
    ),
    "an unknown key of a section": (
        ("  target: late", "  taget: late"),
        "mlops.yml:10: evaluate-model has no input 'taget'. Did you mean 'target'?",
    ),
    "an unknown key of an action that is no stage": (
        ("stages: [validate-data, ", "stages: ["),
        ("  contract: contract.yaml", "  contarct: contract.yaml"),
        "mlops.yml:6: validate-data has no input 'contarct'. Did you mean 'contract'?",
    ),
    "an unknown stage": (
        ("quality-gate, promote", "quality-gaet, promote"),
        "mlops.yml:3: there is no stage 'quality-gaet'. Did you mean 'quality-gate'?",
    ),
    "no stage at all": (
        ("stages: [validate-data, evaluate-model, quality-gate, promote-champion]", "stages: []"),
        "mlops.yml:3: the input 'stages' names no stage. Known: validate-data, evaluate-model, quality-gate, "
        "promote-champion, canary-deploy, ride.",
    ),
    "a wrong type": (
        ("  target: late", "  target: late\n  confidence: high"),
        "mlops.yml:11: the input 'confidence' is 'high': it should be a valid number, unable to parse string as a "
        "number.",
    ),
    "a value that is none of the choices": (
        ("  target: late", "  target: late\n  isolation: strong"),
        "mlops.yml:11: the input 'isolation' is 'strong': it should be 'strict', 'process' or 'none'.",
    ),
    "a missing input": (
        ("  target: late\n", ""),
        "evaluate-model needs the input 'target'. Give --target, INPUT_TARGET, or 'target' below 'evaluate-model' in "
        "mlops.yml.",
    ),
    "data that are not there": (
        ("  model: model.joblib\n  data: test.csv", "  model: model.joblib\n  data: tset.csv"),
        "mlops.yml:9: the input 'data' is 'tset.csv': there is no such file. Did you mean 'test.csv'?",
    ),
    "a model that is not there": (
        ("  model: model.joblib", "  model: modle.joblib"),
        "mlops.yml:8: the input 'model' is 'modle.joblib': there is no such file. Did you mean 'model.joblib'?",
    ),
    "a policy that is not there": (
        ("  policy: policy.yaml", "  policy: polcy.yaml"),
        "mlops.yml:12: the input 'policy' is 'polcy.yaml': there is no such file. Did you mean 'policy.yaml'?",
    ),
    "a registry of an unknown kind": (
        ("registry: file:registry", "registry: s4://models"),
        "mlops.yml:2: the registry 's4://models' is of an unknown kind 's4'. Known: az, file, gs, s3. A folder is "
        "written file:folder.",
    ),
    "a registry without a bucket": (
        ("  alias: champion", "  alias: champion\n  registry: s3://"),
        "mlops.yml:15: the registry 's3://' names no bucket. Write s3://bucket/folder.",
    ),
    "evidence that is no folder": (
        ("registry: file:registry", "registry: file:registry\nevidence: s3://bucket/evidence"),
        "mlops.yml:3: the input 'evidence' is 's3://bucket/evidence': write a folder; to hand it to another job, keep "
        "it as an artifact.",
    ),
    "a section that is no mapping": (
        ("  policy: policy.yaml", "  - policy.yaml"),
        "mlops.yml:12: 'quality-gate' must hold inputs as `key: value`, found 'policy.yaml'.",
    ),
    "YAML that is none": (("name: flights", "name: [flights"), "mlops.yml:2: the configuration is not valid YAML:"),
    "a section too short": (
        ("promote-champion]", "promote-champion, promote-champion]"),
        ("  alias: champion", "  - {alias: champion}"),
        "mlops.yml:13: 'promote-champion' runs 2 times in stages, but its section has 1 entries.",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_whatever_is_wrong_is_one_message_with_its_place_and_changes_nothing(project: Line, what: str) -> None:
    *changes, message = BROKEN[what]
    text = MLOPS
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (project.folder / "mlops.yml").write_text(text)
    before = sorted(project.folder.iterdir())

    train = project.run()

    assert train.exit_code == 2
    assert train.error.startswith(str(message))
    assert train.error == message or what == "YAML that is none"
    assert train.log.count("error: ") == 1
    assert train.outputs["result"] == "error"
    assert "validate-data:" not in train.log
    assert sorted(project.folder.iterdir()) == before


def test_a_file_that_an_input_names_is_read_before_the_first_stage_too(project: Line) -> None:
    (project.folder / "policy.yaml").write_text("rules:\n  - accuracy > 0.9\n  - accuracy < 0.5\n")
    assert project.run().error == (
        "policy.yaml:3: `accuracy < 0.5` contradicts `accuracy > 0.9` in policy.yaml:2: no model can satisfy both. "
        "Change or remove one of them."
    )
    (project.folder / "contract.yaml").write_text(CONTRACT.replace("logicalType: integer", "logicalType: integr"))
    train = project.run()
    assert train.error.startswith("contract.yaml:9: ")
    assert (train.exit_code, (project.folder / "mlops-evidence").exists()) == (2, False)


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["--stages", "quality-gaet"], {}, "--stages: there is no stage 'quality-gaet'. Did you mean 'quality-gate'?"),
        ([], {"INPUT_STAGES": "gate"}, "INPUT_STAGES: there is no stage 'gate'. Known: canary-deploy, evaluate-model,"),
        (["--stages", ","], {}, "--stages: the input 'stages' names no stage."),
        (["--registry", "s4://x"], {}, "--registry: the registry 's4://x' is of an unknown kind 's4'."),
        ([], {"INPUT_REGISTRY": "s4://x"}, "INPUT_REGISTRY: the registry 's4://x' is of an unknown kind 's4'."),
        (["--model", "modle.joblib"], {}, "--model: the input 'model' is 'modle.joblib': there is no such file."),
        ([], {"INPUT_FAIL_ON": "nothing"}, "INPUT_FAIL_ON: the input 'fail-on' is 'nothing': it should be"),
        (["--working-directory", "none"], {}, "--working-directory: the working-directory 'none' is not a folder."),
        (["--stage", "ride"], {}, "unrecognized arguments: --stage. See `mlops-actions run --help`."),
    ],
)
def test_a_message_names_the_flag_or_variable_that_is_wrong(
    project: Line, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str], message: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    before = sorted(project.folder.iterdir())
    train = project.run(*arguments)
    assert train.exit_code == 2
    assert train.error.startswith(message)
    assert sorted(project.folder.iterdir()) == before


def test_a_model_that_lives_in_the_registry_is_no_path(project: Line) -> None:
    for reference in ("flights@champion", "@champion", "flights:3", f"sha256:{'0' * 64}"):
        train = project.run("--model", reference, "--stages", "evaluate-model")
        assert "there is no such file" not in train.log
