"""A machine with little on it, as far as PATH and the environment can tell."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

# What the Makefile and python/launch may count on: a shell and the least of coreutils.
MINIMAL = ("bash", "sh", "env", "dirname", "expand", "git", "make", "rm", "sed", "touch")


def bare_path(folder: Path, *, python: Path | None = None, name: str = "python3") -> str:
    """A PATH of one folder with the minimal programs, and `python` (this one unless told) under `name`."""
    folder.mkdir(parents=True)
    for program in MINIMAL:
        found = shutil.which(program)
        if not found:
            raise FileNotFoundError(f"{program} is missing on this machine")
        (folder / program).symlink_to(found)
    (folder / name).symlink_to(python or Path(sys.executable).resolve())
    return str(folder)


def program(path: Path, script: str) -> Path:
    """Writes an executable bash script."""
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)
    return path


def free_ports(count: int) -> list[str]:
    """Ports of loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
