"""A folder of old models becomes the beginning of a registry's history."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlops_actions.cli import main
from mlops_actions.registries.object_store import open_registry
from mlops_actions.registries.verification import verify


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old").mkdir()
    for moment, number in enumerate((10, 2, 1)):
        path = Path(f"old/model-{number}.joblib")
        path.write_text(f"model {number}")
        os.utime(path, (moment, moment))
    Path("old/notes.txt").write_text("notes")
    Path("old/.hidden.joblib").write_text("hidden")


def imported(*words: str) -> int:
    return main(["import", "old", "--name", "delay", "--registry", "file:registry", "--pattern", "*.joblib", *words])


def versions() -> list[str]:
    registry = open_registry("file:registry")
    return [registry.fetch(change.after.blob).read_text() for change in registry.history("delay")]


def test_models_are_registered_by_the_numbers_in_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert imported() == 0
    assert versions() == ["model 1", "model 2", "model 10"]
    assert "1/3 old/model-1.joblib: registered" in capsys.readouterr().err
    registry = open_registry("file:registry")
    assert registry.head("delay").aliases["imported"] == registry.version("delay", 3)
    assert verify(registry, "delay").problems == ()


def test_or_by_their_age() -> None:
    assert imported("--order", "time", "--alias", "champion") == 0
    assert versions() == ["model 10", "model 2", "model 1"]
    assert open_registry("file:registry").head("delay").aliases["champion"] is not None


def test_an_import_that_was_killed_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    hidden = Path("old/model-10.joblib").rename("elsewhere")
    assert imported() == 0
    hidden.rename("old/model-10.joblib")
    capsys.readouterr()
    assert main(["--json", "import", "old", "--name", "delay", "--registry", "file:registry", "--pattern", "m*"]) == 0
    assert capsys.readouterr().out == '{"found": "3", "registered": "1"}\n'
    assert versions() == ["model 1", "model 2", "model 10"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("import", "none", "--name", "delay"), "'none' is no folder. Name the folder that the models lie in."),
        (("import", "old"), "under which name is not said. Give --name."),
        (
            ("import", "old", "--name", "d", "--pattern", "*.onnx"),
            "no file in 'old' matches '*.onnx'. Check --pattern.",
        ),
        (("import", "old", "--name", "d", "--alias", "a b"), "--alias: 'a b' is no name of an alias."),
    ],
)
def test_what_cannot_be_imported_is_said(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--registry", "file:registry"]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")
    assert not Path("registry").exists()
