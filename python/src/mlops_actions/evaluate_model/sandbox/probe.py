"""Run inside the sandbox: tries what must not work, and prints `contained` or what worked.

Argument: a port that is listened on outside. Python 3.9, since the user's interpreter runs it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path


def main(port: int) -> str:
    """What is not contained, or `contained`."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return "reached the network"
    processes = {path.name for path in Path("/proc").iterdir() if path.name.isdigit()}
    if processes != {"1", str(os.getpid())}:
        return "saw other processes"
    with contextlib.suppress(OSError), Path("/proc/1/environ").open("rb"):
        return "could read the memory of another process"
    if writable := sorted(writable_mounts()):
        return f"could write to {', '.join(writable)}"
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    if int(status["CapEff"], 16) or int(status["CapBnd"], 16) or status["NoNewPrivs"].strip() != "1":
        return "kept privileges"
    allowed = Path("output", "allowed")
    allowed.touch()
    allowed.unlink()
    return "contained"


def writable_mounts() -> set[str]:
    """Where something is mounted for writing that should not be."""
    expected = {"/proc", "/dev/shm", str(Path("output").resolve()), str(Path("home").resolve())}  # noqa: S108
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    return {fields[4] for fields in mounts if "rw" in fields[5].split(",")} - expected


if __name__ == "__main__":
    print(main(int(sys.argv[1])))  # noqa: T201  its answer
