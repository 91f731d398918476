"""A command of mlops-actions that is killed, or runs out of disk, at one of its writes to a registry on a disk.

interrupted_command.py count 0 WORD...               write the number of writes to the standard output
interrupted_command.py before|during|after N WORD... SIGKILL around the N-th write
interrupted_command.py full BYTES WORD...            no file may grow over so many bytes

A write is what changes the disk in one step: a block of a large file, a name that is given, a whole small object.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import obstore

from mlops_actions.cli import main
from mlops_actions.registries import synced_file

writes = 0


def interrupt(mode: str, number: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run this script in the current folder."""
    command = [sys.executable, __file__, mode, str(number), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def run(mode: str, number: int, words: list[str]) -> int:
    """Run the command with its writes watched; its exit code."""

    def watched(write: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **options: Any) -> Any:
            global writes
            writes += 1
            if writes != number:
                return write(*given, **options)
            if mode == "before":
                die()
            if mode == "during" and write is write_block:
                write(given[0], given[1][: len(given[1]) // 2], *given[2:])
                die()
            result = write(*given, **options)
            die()
            return result

        return counted

    if mode == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))
    else:
        write_block = synced_file._write
        synced_file._write = watched(write_block)
        setattr(Path, "replace", watched(Path.replace))  # noqa: B010  mypy knows that it is a method
        for name in ("put", "rename", "delete"):
            setattr(obstore, name, watched(getattr(obstore, name)))
    code = main(words)
    sys.stdout.write(str(writes))
    return code


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
