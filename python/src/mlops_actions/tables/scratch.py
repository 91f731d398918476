"""Folders for what cannot be read where it lies."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import weakref
from pathlib import Path


def scratch_folder(owner: object | None = None) -> Path:
    """A new folder of this machine that is removed with its owner; of None, when the process ends."""
    folder = tempfile.mkdtemp(prefix="mlops-actions-")
    if owner is None:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    else:
        weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
