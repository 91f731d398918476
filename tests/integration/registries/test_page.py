"""What docs/registry.md shows is what the commands do, in its order and word for word."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mlops_actions.cli import main

PAGE = Path(__file__).parents[3] / "docs/registry.md"
SHOWN = re.findall(r"```console\n\$ mlops-actions (.*)\n((?:.*\n)*?)```", PAGE.read_text())


def test_every_command_of_the_page_says_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    Path("old-models").mkdir()
    for number in (1, 2, 10):
        Path(f"old-models/model-{number}.joblib").write_text(f"model {number}")
    assert len(SHOWN) == 4
    for command, expected in SHOWN:
        assert main(shlex.split(command)) == 0, command
        said = "".join(capsys.readouterr())
        for line in expected.splitlines():
            assert line in said.splitlines(), command
    assert Path("back.joblib").read_text() == "model 2"


def test_a_copy_of_a_registry_is_as_whole_as_the_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old").mkdir()
    Path("old/model.joblib").write_text("model")
    assert main(["import", "old", "--name", "delay", "--registry", "file:registry"]) == 0
    Path("registry").rename("elsewhere")
    assert main(["verify", "delay", "--registry", "file:elsewhere"]) == 0
