"""What a rollout must not forget when its process is killed: one folder a target.

`rollout.json` is written whole before each weight; `lock` is held by the process that runs a rollout; `abort` asks it
to end.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TextIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mlops_actions.canary_deploy.rollout import Candidate, Ending, Rollout, Settings
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.rollout import Look
from mlops_actions.evidence.store import write_whole
from mlops_actions.statistics.sequential import from_document, to_document

_PAUSE = 0.1


Percent = Annotated[float, Field(ge=0, le=100)]


class _Document(BaseModel):
    """The file's shape; every later release of v1 reads it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    version: Literal[1] = 1
    id: str
    settings: Settings
    candidate: Candidate
    started: float
    evidence: dict[str, Any]
    weights: tuple[Percent, ...] = Field(min_length=1)
    step: int = Field(ge=0)
    seen: tuple[int, int]
    looks: tuple[Look, ...]
    ending: Ending | None

    @model_validator(mode="after")
    def _can_go_on(self) -> Self:
        settings = self.settings
        if self.step >= len(settings.steps) or not all(0 < step < 100 for step in settings.steps):
            raise ValueError(f"step {self.step + 1} of {settings.steps} cannot be")
        if self.ending is None and not 0 < self.weights[-1] < 100:
            raise ValueError(f"a rollout that goes on cannot have the weight {self.weights[-1]:g} %")
        if settings.interval <= 0 or settings.deadline <= 0:
            raise ValueError("interval and deadline are above 0")
        return self


class Memory:
    """The folder of one target below the state folder."""

    def __init__(self, state: str, target: str) -> None:
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", target).strip("-.")[:60]
        self.folder = Path(state) / f"{slug}-{hashlib.sha256(target.encode()).hexdigest()[:8]}"
        self._file = self.folder / "rollout.json"
        self._abort = self.folder / "abort"

    def load(self) -> Rollout | None:
        """The rollout that was written last. InputError when the file was damaged."""
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutsideError(f"the state {str(self._file)!r} cannot be read: {error.strerror}.") from None
        try:
            read = _Document.model_validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "it"
            raise self._damaged(f"{field}: {first['msg'].removeprefix('Value error, ')}") from None
        evidence = from_document(read.evidence, where=str(self._file))
        fields = {name: getattr(read, name) for name in _Document.model_fields if name not in ("version", "evidence")}
        return Rollout(evidence=evidence, **fields)

    def save(self, rollout: Rollout) -> None:
        """Remember a rollout, whole or not at all. OutsideError when the disk refuses."""
        fields = {
            name: getattr(rollout, name) for name in _Document.model_fields if name not in ("version", "evidence")
        }
        document = _Document(evidence=to_document(rollout.evidence), **fields)
        write_whole(self._file, document.model_dump_json(indent=1).encode())

    @contextmanager
    def lock(self, patience: float = 0.0) -> Iterator[None]:
        """Be the only process that runs a rollout on this target; OutsideError when another is, after `patience`."""
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
        """Let the process that runs a rollout end it at its next look."""
        write_whole(self._abort, b"")

    def asked_to_abort(self) -> bool:
        """Whether another process asked for the end."""
        return self._abort.exists()

    def forget_abort(self) -> None:
        """The request was answered."""
        self._abort.unlink(missing_ok=True)

    def _damaged(self, what: str) -> InputError:
        return InputError(
            f"the state of the rollout cannot be read: {what}.",
            where=str(self._file),
            hint="Set the proxy's weight by hand, then delete the file.",
        )

    def _lock_file(self) -> TextIO:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            stream = (self.folder / "lock").open("a+")
        except OSError as error:
            raise OutsideError(
                f"the state folder {str(self.folder)!r} cannot be written: {error.strerror}.",
                hint="Give another folder as the input 'state'.",
            ) from None
        stream.seek(0)
        return stream


def _acquired(stream: TextIO) -> bool:
    """The lock ends with the process that holds it, however that ends."""
    # Not on Windows, where nothing else of this module is missing.
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
