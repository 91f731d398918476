"""`make setup` on a machine that has Python, git and make, and nothing else."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from harness.checkout import export
from harness.machine import bare_path, program


def make_setup(checkout: Path, path: str, home: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": path, "HOME": str(home)}
    return subprocess.run(
        ["make", "setup"], cwd=checkout, env=env, capture_output=True, text=True, check=False, timeout=600
    )


def test_a_stranger_gets_the_tools_and_the_second_time_nothing_happens(tmp_path: Path) -> None:
    checkout = export(tmp_path / "checkout")
    path = bare_path(tmp_path / "bin")
    home = tmp_path / "home"
    home.mkdir()

    done = make_setup(checkout, path, home)
    assert done.returncode == 0, done.stderr
    assert (checkout / ".venv/bin/mlops-actions").exists()
    python = checkout / ".venv/bin/python"
    source = subprocess.run(
        [python, "-c", "import mlops_actions; print(mlops_actions.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert source.stdout.strip() == str(checkout / "python/src/mlops_actions/__init__.py")

    start = time.monotonic()
    assert make_setup(checkout, path, home).stdout == ""
    assert time.monotonic() - start < 0.3


WITHOUT_VENV = '[[ "$*" != *ensurepip* ]]'
TOO_OLD = "if [[ $1 == --version ]]; then echo Python 3.9.2; else exit 1; fi"


@pytest.mark.parametrize(
    ("python3", "message"),
    [
        (WITHOUT_VENV, "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"),
        (TOO_OLD, "Python 3.11 or newer is needed; python3 is: Python 3.9.2"),
    ],
)
def test_what_the_machine_lacks_is_named_in_one_message(tmp_path: Path, python3: str, message: str) -> None:
    checkout = export(tmp_path / "checkout")
    path = bare_path(tmp_path / "bin")
    (tmp_path / "bin/python3").unlink()
    program(tmp_path / "bin/python3", python3)
    done = make_setup(checkout, path, tmp_path)
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert (done.returncode, said) == (2, [message])
    assert not (checkout / ".venv").exists()
