"""What remembers the rollout of one target. A new kind is one file that does it and one line in `locations.py`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from mlops_actions.canary_deploy.rollout import Rollout
from mlops_actions.errors import OutsideError


class TakenOverError(OutsideError):
    """Another run conducts this rollout by now: nothing of it may be changed here, its weight neither."""


@dataclass(frozen=True)
class Request:
    """How somebody else wants a rollout to end."""

    what: Literal["abort", "promote"]
    by: str | None = None
    """A person or a run."""
    id: str = ""
    """Random, so that one which is asked for again is another."""


class Memory(Protocol):
    """The newest rollout of one target, who conducts it, and whether it is asked to end.

    Every method raises OutsideError when what remembers cannot be reached, read or written.
    """

    @property
    def location(self) -> str:
        """Where it is, for messages."""

    @property
    def folder(self) -> Path | None:
        """Where it is on a disk; None in a bucket."""

    def load(self) -> Rollout | None:
        """The rollout that was remembered last. InputError when what is there was damaged."""

    def save(self, rollout: Rollout) -> None:
        """Remember a rollout, whole or not at all; only inside `lock`. TakenOverError where the lock was lost."""

    def lock(self, patience: float = 0.0) -> AbstractContextManager[None]:
        """Be the only one that conducts a rollout on this target, until the end of the context or of the process.

        OutsideError, which names who does, when another one does and goes on for `patience` seconds.
        """

    def ask(self, request: Request) -> None:
        """Let whoever conducts a rollout end it so at the next look."""

    def asked(self) -> Request | None:
        """What somebody asked for."""

    def forget_request(self, request: Request) -> None:
        """It was answered, or is too old; one that came since stays."""
