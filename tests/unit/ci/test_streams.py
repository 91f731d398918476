"""A process whose standard streams are closed, broken or in ASCII."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHOWS = r"""
import sys
from mlops_actions.ci.streams import show, usable
out = usable(sys.stdout)
print("started", file=usable(sys.stderr), flush=True)
sys.stdin.read()
for number in range(3):
    show(f"line {number} \u2192 \udcff", out)
print("ended", file=usable(sys.stderr), flush=True)
"""


def start(**given: object) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", SHOWS], stdin=pipe, stdout=pipe, stderr=pipe, **given)  # type: ignore[call-overload, no-any-return]


def test_a_reader_that_goes_away_does_not_end_the_writer() -> None:
    with start() as process:
        assert process.stdout
        assert process.stdin
        process.stdout.close()
        process.stdin.close()
        assert process.stderr
        assert process.stderr.read() == b"started\nended\n"
    assert process.returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_text_that_the_stream_cannot_hold_is_escaped(encoding: str) -> None:
    with start(env=os.environ | {"PYTHONIOENCODING": encoding}) as process:
        out, _ = process.communicate(b"")
    arrow = "\u2192" if encoding == "utf-8" else "\\u2192"
    assert out.decode(encoding).splitlines()[0] == f"line 0 {arrow} \\udcff"
    assert process.returncode == 0


@pytest.mark.parametrize("closed", [1, 2])
def test_a_stream_that_was_closed_from_the_start_leads_nowhere(tmp_path: Path, closed: int) -> None:
    command = ["sh", "-c", f'exec "$0" -m mlops_actions --json trace nowhere {closed}>&-', sys.executable]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False)
    assert done.returncode == 2, done.stderr.decode()
    assert b"Traceback" not in done.stdout + done.stderr
