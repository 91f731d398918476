"""The folder that is all a model and this process share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exchange_folder(nobody: bool) -> Iterator[Path]:
    """A private folder with `input`, `output` and `home`; gone at the end.

    Where the user nobody must get in, it lies below a name that cannot be guessed and that others cannot list.
    """
    with tempfile.TemporaryDirectory(prefix="mlops-actions-", ignore_cleanup_errors=True) as outer:
        folder = Path(os.path.realpath(tempfile.mkdtemp(dir=outer)))
        # `root` is where a strict sandbox builds its own; `supervision` says what was used too much, or how much.
        for name in ("input", "home", "output", "root"):
            (folder / name).mkdir(mode=0o700)
        (folder / "supervision").touch()
        if nobody:
            for path, mode in ((Path(outer), 0o711), (folder, 0o711), (folder / "input", 0o755)):
                path.chmod(mode)
        yield folder
