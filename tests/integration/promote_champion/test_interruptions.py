"""A promotion that is killed or runs out of disk leaves the old champion serving, and a rerun completes it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import resolve

SCRIPT = Path(__file__).with_name("interrupted_promotion.py")


def interrupt(model: str, mode: str, number: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), model, mode, str(number)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def candidate(project: Any) -> str:
    """A judged and recorded model of some size; another one is champion."""
    project.promoted("old")
    path: str = project.model("new" * 4_000_000, "build/new.joblib")
    project.trained(path)
    project.judged(path)
    return path


def test_a_promotion_killed_at_any_write_leaves_the_old_or_the_new_champion_whole(project: Any, candidate: str) -> None:
    old, new = digest_bytes(b"old"), digest_bytes(b"new" * 4_000_000)
    shutil.copytree("registry", "pristine")
    total = int(interrupt(candidate, "count").stdout)
    assert total == 7  # the model, three statements, the log entry, and the hints at both
    champions = []
    for number, mode in [
        (1, "during"),
        *((number, mode) for number in range(1, total + 1) for mode in ("before", "after")),
    ]:
        shutil.rmtree("registry")
        shutil.copytree("pristine", "registry")
        killed = interrupt(candidate, mode, number)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        serving = resolve("delay@champion", "file:registry", None)
        champions.append(serving.sha256)
        assert serving.version == {old: 1, new: 2}[serving.sha256]
        again = project.promote(candidate).predicate
        assert (again.result, again.version, again.after) == ("pass", 2, new)
        assert again.changed == (serving.sha256 == old)
        assert [change.after.sha256 for change in project.registry.history("delay")] == [old, new]
        kept = project.registry.statements("delay", new)
        assert sorted(statement.kind for statement in kept) == ["evaluation", "training", "verdict"]
        assert project.registry.version("delay", new).number == 2
    # Only the log entry, the fifth write, makes the new champion.
    assert champions == [old] * 10 + [new] * 5


@pytest.mark.parametrize("limit", [0, 100, 9_000_000])
def test_a_full_disk_leaves_the_old_champion_and_nothing_half_written(project: Any, candidate: str, limit: int) -> None:
    before = project.files()
    full = interrupt(candidate, "full", limit)
    assert full.returncode == 4, full.stderr
    assert full.stdout == (
        "the registry 'file:registry' cannot be written: File too large. "
        "Check that it is there, your rights and the free space, then run it again."
    )
    assert project.files() == before
    assert project.promote(candidate).predicate.result == "pass"
