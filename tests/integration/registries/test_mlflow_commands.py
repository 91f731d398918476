"""The commands that read a registry, on a real MLflow."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from mlflow_site import BUCKET, MlflowSite, Person, s3_environment
from mlops_actions.cli import main
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import Author, Registry, open_registry


@pytest.fixture
def registry(mlflow: MlflowSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in s3_environment(mlflow.s3).items():
        monkeypatch.setenv(name, value)
    Path("mlops.yml").write_text(f"registry: mlflow+{mlflow.url}\nlog: s3://{BUCKET}/commands\n")
    return open_registry(f"mlflow+{mlflow.url}#log=s3://{BUCKET}/commands")


def promote(registry: Registry, name: str, content: str) -> str:
    Path("model.joblib").write_text(content)
    sha256 = digest_bytes(content.encode())
    blob = registry.store(Path("model.joblib"), sha256)
    assert registry.point(registry.head(name), "champion", blob, "promote", Author("a test"))
    return sha256


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(list(arguments))
    return code, "".join(capsys.readouterr())


def test_history_pull_and_verify_read_mlflow_by_its_log(
    registry: Registry, mlflow: MlflowSite, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"delay-{secrets.token_hex(4)}"
    content = secrets.token_hex(8)
    promote(registry, name, "one")
    second = promote(registry, name, content)
    code, history = told(capsys, "history", "--name", name)
    assert code == 0
    assert second[:12] in history
    assert told(capsys, "pull", f"{name}@champion", "--output", "pulled.joblib")[0] == 0
    assert Path("pulled.joblib").read_text() == content
    assert told(capsys, "verify", name)[0] == 0

    Person(mlflow.url).post("registered-models/alias", name=name, alias="champion", version="1")
    code, problems = told(capsys, "verify", name, "--format", "json")
    assert code == 1
    assert f"somebody moved it by hand to version 1, and the log says version 2 ({second[:12]})." in problems


def test_verify_reads_the_bytes_where_they_lie(
    registry: Registry, mlflow: MlflowSite, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"delay-{secrets.token_hex(4)}"
    content = secrets.token_hex(8)
    sha256 = promote(registry, name, content)
    version = registry.version(name, 1)
    assert version is not None
    assert registry.fetch(version.blob).read_text() == content  # a copy is on this machine now
    found = Person(mlflow.url).get("model-versions/get", name=name, version="1")["model_version"]
    Person(mlflow.url).overwrite(f"{found['source']}/model.joblib", b"x" * len(content))
    code, problems = told(capsys, "verify", name, "--format", "json")
    assert code == 1
    assert f"its bytes have the SHA-256 {digest_bytes(b'x' * len(content))[:12]}, not {sha256[:12]}." in problems
    assert "version 1" in problems
