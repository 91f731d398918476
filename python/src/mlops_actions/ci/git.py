"""The commit of the working directory, for provenance."""

from __future__ import annotations

import subprocess

from mlops_actions.ci.credentials import without_credentials


def checkout() -> tuple[str | None, str | None]:
    """Commit and remote of the git checkout around the working directory; None where there is none."""
    commit = _line("rev-parse", "HEAD")
    remote = _line("remote", "get-url", "origin") if commit else None
    return commit, without_credentials(remote) if remote else None


def dirty() -> bool | None:
    """Whether tracked files differ from the commit; None outside a checkout."""
    status = _line("status", "--porcelain", "--untracked-files=no")
    return None if status is None else bool(status)


def git(*arguments: str) -> bytes | None:
    """What git answers; None where it refuses, is not there, or takes too long."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _line(*arguments: str) -> str | None:
    answer = git(*arguments)
    return None if answer is None else answer.decode(errors="replace").strip()
