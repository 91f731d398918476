"""Whatever is wrong with what a train is given is said before its first stage runs, and changes nothing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlops_actions import cli

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


@dataclass
class Tried:
    """What one try to run the train left."""

    exit_code: int
    outputs: dict[str, str]
    log: str

    @property
    def error(self) -> str:
        return next(line for line in self.log.splitlines() if line.startswith("error: ")).removeprefix("error: ")


@dataclass
class Project:
    """A project of real actions, of which nothing is wrong as far as can be told before it runs."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Tried:
        code = cli.main(["--json", "run", *arguments])
        out, err = self.capsys.readouterr()
        return Tried(code, json.loads(out), err)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    for name in os.environ:
        if name.startswith(("GITHUB_", "INPUT_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    files = {
        "mlops.yml": MLOPS,
        "contract.yaml": CONTRACT,
        "policy.yaml": "rules: [accuracy > 0.8]\n",
        "test.csv": "late\n0\n1\n",
        "model.joblib": "no model",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return Project(tmp_path, capsys)


BROKEN: dict[str, tuple[dict[str, str], str]] = {
    "an unknown top-level key": (
        {"name: flights": "nmae: flights"},
        "mlops.yml:1: unknown key 'nmae'. Did you mean 'name'?",
    ),
    "an unknown key of a section": (
        {"  target: late": "  taget: late"},
        "mlops.yml:10: evaluate-model has no input 'taget'. Did you mean 'target'?",
    ),
    "an unknown key of an action that is no stage": (
        {"stages: [validate-data, ": "stages: [", "  contract: contract.yaml": "  contarct: contract.yaml"},
        "mlops.yml:6: validate-data has no input 'contarct'. Did you mean 'contract'?",
    ),
    "an unknown stage": (
        {"quality-gate, promote": "quality-gaet, promote"},
        "mlops.yml:3: there is no stage 'quality-gaet'. Did you mean 'quality-gate'?",
    ),
    "no stage at all": (
        {"stages: [validate-data, evaluate-model, quality-gate, promote-champion]": "stages: []"},
        "mlops.yml:3: the input 'stages' names no stage. Known: validate-data, evaluate-model, quality-gate, "
        "promote-champion, canary-deploy.",
    ),
    "a wrong type": (
        {"  target: late": "  target: late\n  confidence: high"},
        "mlops.yml:11: the input 'confidence' is 'high': it should be a valid number, unable to parse string "
        "as a number.",
    ),
    "a value that is none of the choices": (
        {"  target: late": "  target: late\n  isolation: strong"},
        "mlops.yml:11: the input 'isolation' is 'strong': it should be 'strict', 'process' or 'none'.",
    ),
    "a missing input": (
        {"  target: late\n": ""},
        "evaluate-model needs the input 'target'. Give --target, INPUT_TARGET, or 'target' below "
        "'evaluate-model' in mlops.yml.",
    ),
    "data that are not there": (
        {"  model: model.joblib\n  data: test.csv": "  model: model.joblib\n  data: tset.csv"},
        "mlops.yml:9: the input 'data' is 'tset.csv': there is no such file. Did you mean 'test.csv'?",
    ),
    "a model that is not there": (
        {"  model: model.joblib": "  model: modle.joblib"},
        "mlops.yml:8: the input 'model' is 'modle.joblib': there is no such file. Did you mean 'model.joblib'?",
    ),
    "a policy that is not there": (
        {"  policy: policy.yaml": "  policy: polcy.yaml"},
        "mlops.yml:12: the input 'policy' is 'polcy.yaml': there is no such file. Did you mean 'policy.yaml'?",
    ),
    "a registry of an unknown kind": (
        {"registry: file:registry": "registry: s4://models"},
        "mlops.yml:2: the registry 's4://models' is of an unknown kind 's4'. Known: az, azureml, file, gs, hf, "
        "mlflow+http, mlflow+https, s3, sagemaker, wandb. A folder is written file:folder.",
    ),
    "a hosted registry without a log": (
        {"registry: file:registry": "registry: mlflow+https://models.example"},
        "mlops.yml:2: the hosted registry 'mlflow+https://models.example' keeps no history that can be trusted, so it "
        "needs a log beside it. Write s3://bucket/folder, gs://…, az://…, or file:/folder on a disk that all runs "
        "share.",
    ),
    "a log of a registry that keeps its own": (
        {"registry: file:registry": "registry: file:registry\nlog: s3://bucket/log"},
        "mlops.yml:2: the input 'registry' is 'file:registry': only a hosted registry needs the input 'log'; "
        "'file:registry' keeps its own.",
    ),
    "a registry without a bucket": (
        {"  alias: champion": "  alias: champion\n  registry: s3://"},
        "mlops.yml:15: the registry 's3://' names no bucket. Write s3://bucket/folder.",
    ),
    "evidence that is no folder": (
        {"registry: file:registry": "registry: file:registry\nevidence: s3://bucket/evidence"},
        "mlops.yml:3: the input 'evidence' is 's3://bucket/evidence': write a folder; to hand it to another "
        "job, keep it as an artifact.",
    ),
    "a section that is no mapping": (
        {"  policy: policy.yaml": "  - policy.yaml"},
        "mlops.yml:12: 'quality-gate' must hold inputs as `key: value`, found 'policy.yaml'.",
    ),
    "what is needed to find the file": (
        {"  policy: policy.yaml": "  policy: policy.yaml\n  working-directory: models"},
        "mlops.yml:13: the input 'working-directory' cannot stand in mlops.yml, which it is needed to find. Give "
        "--working-directory or INPUT_WORKING_DIRECTORY.",
    ),
    "YAML that is none": (
        {"name: flights": "name: [flights"},
        "mlops.yml:2: the configuration is not valid YAML: did not find expected ',' or ']'.",
    ),
    "a section too short": (
        {"promote-champion]": "promote-champion, promote-champion]", "  alias: champion": "  - {alias: champion}"},
        "mlops.yml:13: 'promote-champion' runs 2 times in stages, but its section has 1 entries.",
    ),
}
"""What is wrong: the change to mlops.yml, and the whole message."""


@pytest.mark.parametrize("what", BROKEN)
def test_whatever_is_wrong_is_one_message_with_its_place_and_changes_nothing(project: Project, what: str) -> None:
    changes, message = BROKEN[what]
    text = MLOPS
    for found, written in changes.items():
        assert found in text
        text = text.replace(found, written)
    (project.folder / "mlops.yml").write_text(text)
    before = sorted(project.folder.iterdir())

    tried = project.run()

    assert tried.exit_code == 2
    assert tried.error == message
    assert tried.log.count("error: ") == 1
    assert tried.outputs["result"] == "error"
    assert "validate-data:" not in tried.log
    assert sorted(project.folder.iterdir()) == before


def test_a_file_that_an_input_names_is_read_before_the_first_stage_too(project: Project) -> None:
    (project.folder / "policy.yaml").write_text("rules:\n  - accuracy > 0.9\n  - accuracy < 0.5\n")
    assert project.run().error == (
        "policy.yaml:3: `accuracy < 0.5` contradicts `accuracy > 0.9` in policy.yaml:2: no model can satisfy both. "
        "Change or remove one of them."
    )
    (project.folder / "contract.yaml").write_text(CONTRACT.replace("logicalType: integer", "logicalType: integr"))
    tried = project.run()
    assert tried.error.startswith("contract.yaml:9: ")
    assert (tried.exit_code, (project.folder / "mlops-evidence").exists()) == (2, False)


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
    project: Project, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str], message: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    before = sorted(project.folder.iterdir())
    tried = project.run(*arguments)
    assert tried.exit_code == 2
    assert tried.error.startswith(message)
    assert sorted(project.folder.iterdir()) == before


def test_a_model_that_lives_in_the_registry_is_no_path(project: Project) -> None:
    for reference in ("flights@champion", "@champion", "flights:3", f"sha256:{'0' * 64}"):
        tried = project.run("--model", reference, "--stages", "evaluate-model")
        assert "there is no such file" not in tried.log
