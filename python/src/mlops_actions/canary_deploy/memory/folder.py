"""Remembers the rollout of one target in a folder of this machine.

`rollout.json` is written whole; `lock` is held by the process that conducts a rollout; `request` asks it to end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from mlops_actions.canary_deploy.memory.document import read_request, read_rollout, write_request, write_rollout
from mlops_actions.canary_deploy.memory.interface import Request
from mlops_actions.canary_deploy.rollout import Rollout
from mlops_actions.errors import OutsideError
from mlops_actions.evidence.store import write_whole

_PAUSE = 0.1


class FolderMemory:
    """See `interface.Memory`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "rollout.json"
        self._request = folder / "request"

    @property
    def location(self) -> str:
        """The folder."""
        return str(self.folder)

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

    def ask(self, request: Request) -> None:
        """Leave a file that the conducting process looks for."""
        write_whole(self._request, write_request(request))

    def asked(self) -> Request | None:
        """What the file holds."""
        try:
            return read_request(self._request.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise OutsideError(f"the request {str(self._request)!r} cannot be read: {error.strerror}.") from None

    def forget_request(self, request: Request) -> None:
        """Remove the file."""
        if self.asked() == request:
            self._request.unlink(missing_ok=True)

    def _lock_file(self) -> TextIO:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            stream = (self.folder / "lock").open("a+")
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
