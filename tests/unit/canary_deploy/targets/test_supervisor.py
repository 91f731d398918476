"""A process is known by more than its number."""

from __future__ import annotations

import os
import subprocess
import sys

from mlops_actions.canary_deploy.targets.supervisor import identity


def test_a_process_keeps_its_identity_and_differs_from_others() -> None:
    mine = identity(os.getpid())
    assert mine is not None
    assert mine == identity(os.getpid())
    assert mine.startswith(f"{os.getpid()}:")
    assert mine != identity(os.getppid())


def test_a_process_that_has_ended_has_none() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert identity(process.pid) is None


def test_a_process_that_nobody_waited_for_has_ended_too() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert identity(process.pid) is None
