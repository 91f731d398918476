"""Remembers the rollout of one target in a folder of this machine.

`rollout.json` is written whole; `lock` is held by the process that conducts a rollout; `abort` asks it to end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mlops_actions.canary_deploy.memory.document import read_rollout, write_rollout
from mlops_actions.canary_deploy.rollout import Rollout
from mlops_actions.errors import OutsideError
from mlops_actions.evidence.store import write_whole

_PAUSE = 0.1


class FolderMemory:
    """See `interface.Memory`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "rollout.json"
        self._abort = folder / "abort"

    @property
    def location(self) -> str:
        """The folder."""
        return str(self._folder)

    def load(self) -> Rollout | None:
        """The rollout that was written last."""
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutsideError(f"the state {str(self._file)!r} cannot be read: {error.strerror}.") from None
        return read_rollout(content, where=str(self._file))

    def save(self, rollout: Rollout) -> None:
        """Replace the file."""
        write_whole(self._file, write_rollout(rollout))

    @contextmanager
    def lock(self, patience: float = 0.0) -> Iterator[None]:
        """Hold the lock file, which the system gives free when the process ends, however that ends."""
        until = time.monotonic() + patience
        with self._lock_file() as stream:
            while not _acquired(stream):
                if time.monotonic() >= until:
                    raise OutsideError(
                        f"another rollout on this target is running, by process {stream.read().strip() or '?'}.",
                        hint="Wait for it, or run with `mode: abort`.",
                    )
                time.sleep(_PAUSE)
            stream.truncate(0)
            stream.write(str(os.getpid()))
            stream.flush()
            yield

    def ask_to_abort(self) -> None:
        """Leave a file that the conducting process looks for."""
        write_whole(self._abort, b"")

    def asked_to_abort(self) -> bool:
        """Whether the file is there."""
        return self._abort.exists()

    def forget_abort(self) -> None:
        """Remove the file."""
        self._abort.unlink(missing_ok=True)

    def _lock_file(self) -> TextIO:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            stream = (self._folder / "lock").open("a+")
        except OSError as error:
            raise OutsideError(
                f"the state folder {self.location!r} cannot be written: {error.strerror}.",
                hint="Give another folder as the input 'state'.",
            ) from None
        stream.seek(0)
        return stream


def _acquired(stream: TextIO) -> bool:
    # Not on Windows, where nothing else of this module is missing.
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
