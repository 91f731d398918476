"""What init writes is taken by all that read it, takes the model to the registry, and is never written twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlops_actions.cli import main
from mlops_actions.onboarding import pinning

WORKFLOW = Path(".github/workflows/release-model.yml")
FILES = [Path("mlops.yml"), Path("contract.yaml"), Path("policy.yaml"), WORKFLOW]
WORDS = ["init", "--model", "build/model.joblib", "--data", "data/test.csv", "--target", "late"]
TRAIN = ["--train", "python train.py good"]
CANARY = ["--canary", "envoy:127.0.0.1:8000", "--stable", "127.0.0.1:8001", "--candidate", "127.0.0.1:8002"]


@pytest.mark.usefixtures("project")
def test_the_train_that_was_written_takes_the_model_to_the_registry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS, *TRAIN]) == 0
    told = capsys.readouterr()
    assert told.err == "".join(f"wrote {path}\n" for path in FILES)
    assert told.out.startswith("Read the four files:")
    assert told.out.splitlines()[-1] == (
        "There is no requirements.txt: the workflow installs nothing that training and model need. "
        "Write one (pip freeze), and the step `python -m pip install -r requirements.txt`."
    )
    assert main(["doctor"]) == 0
    assert "warning" not in capsys.readouterr().out
    assert main(["run"]) == 0, capsys.readouterr().err
    assert main(["history"]) == 0
    assert "champion" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_the_files_say_what_the_project_is(capsys: pytest.CaptureFixture[str]) -> None:
    (Path("requirements.txt")).write_text("scikit-learn\n")
    assert main([*WORDS, *TRAIN, *CANARY, "--cluster", "wind", "--registry", "s3://models/registry"]) == 0
    assert "requirements" not in capsys.readouterr().out
    train = yaml.safe_load(Path("mlops.yml").read_text())
    assert (train["name"], train["registry"]) == ("late-flights", "s3://models/registry")
    assert train["stages"][-2:] == ["canary-deploy", "promote-champion"]
    assert train["promote-champion"][-1] == {"alias": "champion", "require": ["verdict", "rollout"]}
    assert train["evaluate-model"]["cluster"] == "wind"
    rules = [rule["rule"] for rule in yaml.safe_load(Path("policy.yaml").read_text())["rules"]]
    assert rules == ["passed(data)", "accuracy > 0.514", "accuracy >= champion - 0.02"]
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow[True]["push"]["branches"] == ["trunk"]
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert workflow["jobs"]["release"]["permissions"] == {"contents": "read", "id-token": "write"}
    runs = [step["run"] for step in workflow["jobs"]["release"]["steps"] if "run" in step]
    assert runs == ["python -m pip install -r requirements.txt", "python train.py good"]
    assert workflow["jobs"]["abort"]["if"].startswith("always()")
    assert workflow["jobs"]["abort"]["steps"][-1]["with"] == {"mode": "abort"}


@pytest.mark.usefixtures("project")
def test_the_workflow_passes_the_audit_and_the_schema() -> None:
    assert main([*WORDS, *TRAIN, *CANARY]) == 0
    tools = Path(sys.executable).parent
    for command in (
        ["zizmor", "--offline", "--quiet", "--no-progress", str(WORKFLOW)],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW)],
    ):
        done = subprocess.run([tools / command[0], *command[1:]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=str)
def test_nothing_is_written_where_one_of_the_files_is_there(
    project: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    before = sorted(project.rglob("*"))
    assert main([*WORDS, *TRAIN]) == 2
    assert f"{path} is there already; nothing was written. Move away what shall be written anew." in (
        capsys.readouterr().err
    )
    assert (path.read_text(), sorted(project.rglob("*"))) == ("mine", before)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            WORDS,
            "--model: 'build/model.joblib' is not in git, so a runner will not have it. "
            'Give the command that makes it: --train "python train.py".',
        ),
        (
            [*WORDS, *TRAIN, "--canary", "envoy:127.0.0.1:8000"],
            "a canary needs --canary, --stable and --candidate. Give all three, or none.",
        ),
        ([*WORDS[:-1], "lat", *TRAIN], "data/test.csv: the data has no column 'lat'. Did you mean 'late'?"),
        (["init", "--model", "m", "--data", "none.csv", "--target", "late", *TRAIN], "'none.csv'"),
    ],
)
def test_a_wrong_word_writes_nothing(
    project: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err
    assert not any(path.exists() for path in FILES)
    assert project.is_dir()


@pytest.mark.usefixtures("project")
def test_a_model_that_is_in_git_needs_no_training() -> None:
    subprocess.run(["git", "add", "--force", "build/model.joblib"], check=True)
    assert main(WORDS) == 0
    assert "run:" not in WORKFLOW.read_text()


def test_actions_are_pinned_by_the_commit_of_the_checkout_or_say_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_ACTIONS_REF", "f" * 40)
    assert pinning.pinned("/quality-gate") == f"org/mlops-actions/quality-gate@{'f' * 40} # v0.1.0"
    monkeypatch.setenv("MLOPS_ACTIONS_REF", "v1")
    monkeypatch.setattr("mlops_actions.__file__", "/nowhere/site-packages/mlops_actions/__init__.py")
    assert pinning.pinned("").startswith("org/mlops-actions@v0.1.0 # pin it: git ls-remote ")
