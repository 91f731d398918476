"""A folder for what DuckDB cannot read where it lies; it goes when the table does."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


def scratch_folder(owner: object) -> Path:
    """A new folder of this machine that is removed with its owner, or when the process ends."""
    folder = tempfile.mkdtemp(prefix="mlops-actions-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
