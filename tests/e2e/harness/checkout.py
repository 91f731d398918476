"""The repository as GitHub would deliver it: every committed or new file, nothing that is ignored."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def export(destination: Path, *, source: Path = ROOT) -> Path:
    """Copies the working tree of `source`, with changes not committed yet, to `destination`."""
    listed = ["git", "-C", str(source), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (source / name).is_file():  # a deleted file is listed until the deletion is committed
            target = destination / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, target)
    return destination


def make_repository(folder: Path, *, origin: str) -> Path:
    """Makes `folder` a repository with one commit; act reads the name of the consumer from `origin`."""
    identity = ("-c", "user.name=A Consumer", "-c", "user.email=consumer@example.org")
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("remote", "add", "origin", origin),
        ("add", "--all"),
        (*identity, "commit", "--quiet", "--message=Start"),
    ):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)
    return folder
