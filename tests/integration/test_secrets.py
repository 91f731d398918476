"""A secret is planted in every place that one comes from; nothing that is printed or written afterwards holds it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLANTED = {
    name: f"{name.lower().replace('_', '-')}-{secrets.token_hex(8)}"
    for name in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET",
        "AZURE_STORAGE_ACCOUNT_KEY", "GITHUB_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS", "HF_TOKEN",
        "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "SERVICE_TOKEN", "SOMETHING_OF_THE_USERS", "WANDB_API_KEY",
    )
}  # fmt: skip
IN_A_URL, IN_A_REMOTE, PERSONAL = (f"{what}-{secrets.token_hex(8)}" for what in ("url", "remote", "person"))
ALL = [*PLANTED.values(), IN_A_URL, IN_A_REMOTE, PERSONAL]
NOBODY = "127.0.0.1:9"
Run = Callable[..., int]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in a checkout whose remote holds a token, with a person in its data."""
    folder = tmp_path_factory.mktemp("secrets") / "project"
    shutil.copytree(ROOT / "tests/e2e/consumer", folder)
    subprocess.run([sys.executable, "train.py", "good"], cwd=folder, check=True)
    for command in (
        ["init", "--quiet"],
        ["remote", "add", "origin", f"https://bot:{IN_A_REMOTE}@github.com/org/consumer"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / "people.csv").write_text(f"contact\nsomebody@example.org\n{PERSONAL}\n")
    (folder / "people.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: people\nversion: 1.0.0\nstatus: active\nschema:\n"
        "  - name: people\n    properties:\n"
        "      - {name: contact, logicalType: string, classification: personal, logicalTypeOptions: {pattern: '@'}}\n"
    )
    return folder


@pytest.fixture
def run(project: Path, tmp_path: Path) -> Iterator[Run]:
    """Runs a command with every secret in its environment; at the end nothing that it left may hold one."""
    folder = tmp_path / "workspace"
    shutil.copytree(project, folder)
    known = {path for path in folder.rglob("*") if path.is_file()}
    output = tmp_path / "output.txt"
    summary = tmp_path / "summary.md"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {
        **os.environ, **PLANTED, "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary), "TMPDIR": str(temporary),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    printed: list[str] = []

    def run(*words: str) -> int:
        command = [sys.executable, "-m", "mlops_actions", *words]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        printed.extend([done.stdout, done.stderr])
        return done.returncode

    yield run
    # The runner has to be told what to hide; it swallows the line.
    lines = [line for text in printed for line in text.splitlines() if not line.startswith("::add-mask::")]
    assert lines
    left = [path for path in (*folder.rglob("*"), *temporary.rglob("*"), output, summary) if path.is_file()]
    written = {str(path): path.read_bytes() for path in left if path not in known and ".git/" not in str(path)}
    assert written
    found = [(where, one) for one in ALL for where, text in written.items() if one.encode() in text]
    found += [("printed", one) for one in ALL if one in "\n".join(lines)]
    assert found == []


def test_a_train_that_passes(run: Run) -> None:
    assert (
        run("record", "--model", "build/model.joblib", "--data", "data/train.csv", "--", "touch", "build/model.joblib")
        == 0
    )
    assert run("run", "--report-path", "report.html", "--junit-path", "junit.xml") == 0
    assert run("trace", "@champion") == 0
    assert run("history", "--format", "json") == 0


def test_data_about_people_that_fails(run: Run) -> None:
    failing = ["--data", "people.csv", "--contract", "people.yaml", "--report-path", "report.html"]
    assert run("validate-data", *failing, "--failing-rows", "5") == 1


def test_a_registry_that_does_not_answer(run: Run) -> None:
    registry = f"mlflow+http://bot:{IN_A_URL}@{NOBODY}"
    where = ["--registry", registry, "--log", "file:log", "--name", "flights"]
    assert run("promote-champion", "--model", "build/model.joblib", *where) in (2, 4)
    assert run("quality-gate", "--model", "build/model.joblib", "--rules", "accuracy > champion", *where) in (2, 4)
    assert run("history", *where) in (2, 4)


def test_a_server_of_predictions_that_does_not_answer(run: Run) -> None:
    endpoint = ["--endpoint", f"http://bot:{IN_A_URL}@{NOBODY}/predict", "--endpoint-token", "SERVICE_TOKEN"]
    assert run("evaluate-model", "--model", "build/model.joblib", *endpoint) in (2, 4)


def test_a_bucket_that_does_not_answer(run: Run) -> None:
    assert run("history", "--registry", "s3://no-such-bucket/registry", "--name", "flights") in (2, 4)


def test_an_input_that_is_wrong(run: Run) -> None:
    registry = f"mlflow+https://bot:{IN_A_URL}@{NOBODY}"
    assert run("promote-champion", "--model", "none.joblib", "--registry", registry, "--name", "a b") == 2


def test_a_doctor_and_first_files(run: Run) -> None:
    about = ["--model", "build/model.joblib", "--data", "data/test.csv", "--target", "late", "--train", "true"]
    assert run("init", *about) == 2  # mlops.yml is there already
    assert run("doctor", "--registry", f"mlflow+http://bot:{IN_A_URL}@{NOBODY}", "--log", "file:log") == 1
