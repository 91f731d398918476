"""How a workflow names this release: by its commit where it is known, which no one can move."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import mlops_actions

REPOSITORY = "org/mlops-actions"


def pinned(action: str) -> str:
    """What stands behind `uses:` for one of the actions ("" for the train), with its version as a comment.

    The commit is that of the checkout which this runs from. Installed from a wheel there is none: then it is the tag of
    the release, and the comment says what to put there.
    """
    version = f"v{mlops_actions.__version__}"
    commit = _commit()
    if commit:
        return f"{REPOSITORY}{action}@{commit} # {version}"
    return f"{REPOSITORY}{action}@{version} # pin it: git ls-remote https://github.com/{REPOSITORY} {version}"


def _commit() -> str | None:
    """The commit of the checkout around this package."""
    reference = os.environ.get("MLOPS_ACTIONS_REF", "")
    if re.fullmatch(r"[0-9a-f]{40}", reference):
        return reference
    checkout = Path(mlops_actions.__file__).parents[3]
    if not (checkout / "python/launch").is_file():
        return None
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
