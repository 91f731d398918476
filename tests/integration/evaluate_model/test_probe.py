"""The probe by which a sandbox is proved."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlops_actions.evaluate_model.sandbox import Sandbox, find_interpreter
from mlops_actions.evaluate_model.sandbox.proof import breaches


def test_the_probe_reaches_everything_where_nothing_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each of its tries can fail: run as an ordinary process it is stopped by nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.csv").touch()
    found = breaches(Sandbox("none", find_interpreter(sys.executable, "python")))
    for what in (
        "reached the network by TCP",
        "reached the network by UDP, which DNS needs",
        "reached a socket of a service",
        "reached an abstract socket",
        "reached a socket of a service by datagrams",
        "saw other processes",
        "could read environ of process",
        "could read mem of process",
        "could trace process",
        "could copy memory of another process",
        "could signal another process",
        "could read limits of another process",
        "could set limits of another process",
        "could set the priority of another process",
        "could set the processors of another process",
        "could attach shared memory",
        "could read a key of the session",
        "could change the mode of ",
        "could change the times of ",
        f"could read {tmp_path}/labels.csv",
        f"could write to {tmp_path}",
        "could write to input",
        "kept capabilities",
        "could gain privileges",
    ):
        assert any(one.startswith(what) for one in found), what
