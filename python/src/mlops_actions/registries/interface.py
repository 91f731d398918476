"""What every registry can do. A new backend is one file that does it and one line in `locations.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from mlops_actions.errors import InputError
from mlops_actions.evidence import Predicate, Statement, Stored

Action = Literal["promote", "roll-back"]

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""What models and aliases may be called: one part of a path, whatever the registry."""


@dataclass(frozen=True)
class Blob:
    """The bytes of one model, by what they are."""

    sha256: str
    suffix: str
    """Of the file it came from, such as `.joblib`; formats go by it."""
    size: int
    """In bytes."""


@dataclass(frozen=True)
class Received:
    """A model's file that was read, and that a registry keeps if somebody says so."""

    sha256: str
    keep: Callable[[], Blob]
    """Store exactly the bytes that were read; InputError where they are no longer to be had."""


@dataclass(frozen=True)
class Version:
    """One model under a name; it never changes."""

    name: str
    number: int
    """From 1, in the order of registration."""
    blob: Blob

    @property
    def sha256(self) -> str:
        """The model's digest, in hex."""
        return self.blob.sha256

    def __str__(self) -> str:
        """Number and digest, for messages."""
        return f"version {self.number} ({self.sha256[:12]})"


@dataclass(frozen=True)
class Head:
    """A model's log as it stood when it was read: what a change is compared with before it is made."""

    name: str
    entry: int
    """Number of the newest log entry; 0 when there is none."""
    sha256: str | None
    """That entry's digest."""
    aliases: Mapping[str, Version | None]
    """Every alias that ever was; None for one that names nothing any more."""
    versions: int
    """How many versions are registered."""
    strays: Mapping[str, int | None] = field(default_factory=dict)
    """Aliases that somebody moved by hand in a hosted registry, past its log → the version that they name there."""


@dataclass(frozen=True)
class Author:
    """Who or what moved an alias; kept in the log for good."""

    tool: str
    """What wrote the entry, with its version."""
    actor: str | None = None
    """Whom the CI system ran it for."""
    run_url: str | None = None
    approved_by: tuple[str, ...] = ()
    """Who approved the run, where it had to wait for that."""
    forced: str | None = None
    """Why it was moved although something spoke against it."""

    def __str__(self) -> str:
        """In a few words, for messages and tables."""
        approved = f"approved by {', '.join(self.approved_by)}" if self.approved_by else None
        forced = f"forced: {self.forced}" if self.forced else None
        return ", ".join(filter(None, (self.actor or self.tool, approved, forced)))


@dataclass(frozen=True)
class Change:
    """One entry of a model's log: an alias moved."""

    entry: int
    time: datetime
    author: Author
    action: Action
    alias: str
    before: Version | None
    after: Version


class Registry(Protocol):
    """Models under names, with aliases that move by compare-and-swap and a history that stays.

    Every method raises OutsideError when the registry cannot be reached, read or written, or is damaged.
    """

    location: str
    """As the user wrote it."""

    def names(self) -> list[str]:
        """The models that are registered."""

    def head(self, name: str) -> Head:
        """The aliases of a model now; an empty head for a model that was never registered."""

    def version(self, name: str, which: int | str) -> Version | None:
        """A registered version by its number or its SHA-256."""

    def blob(self, sha256: str) -> Blob | None:
        """A stored model by its SHA-256, whatever its name."""

    def fetch(self, blob: Blob) -> Path:
        """A local file with the model's bytes, its suffix kept, its digest verified. Not to be written to."""

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes, as a sentence; None where they are there, whole and the model's."""

    def was_let_go(self, sha256: str) -> bool:
        """Whether a model's bytes were let go on purpose, where they are gone."""

    def receive(self, path: Path) -> AbstractContextManager[Received]:
        """Read a file and digest it, to store it or not until the end of the context. InputError when it is missing."""

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep the bytes of a file; InputError when they are not the ones of that SHA-256."""

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside a model, so that it can be traced from the registry alone."""

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements that were kept beside a model."""

    def attach(self, name: str, key: str, content: bytes) -> bool:
        """Keep an object beside a model's log, such as `looks/<data>/<model>`; False where there is one already."""

    def attached(self, name: str, key: str) -> bytes | None:
        """An object beside a model's log; None where there is none."""

    def attachments(self, name: str, folder: str) -> list[str]:
        """The keys of the objects in a folder beside a model's log, sorted."""

    def point(self, head: Head, alias: str, blob: Blob, action: Action, author: Author) -> Head | None:
        """Let an alias name a stored model, registering it where it is new: one log entry, all or nothing.

        Returns the new head, or None when the log has moved on from `head`: read it again and decide anew.
        """

    def settle(self, head: Head) -> None:
        """Complete what a promotion that was killed after its log entry left undone, where that can be."""

    def history(self, name: str, start: int = 1) -> Iterator[Change]:
        """Every change from an entry on, oldest first, each verified to continue the one before."""


class AliasMissingError(InputError):
    """The registry was read, and the alias that was asked for names nothing."""

    def __init__(self, message: str, *, ever_existed: bool, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where=where, hint=hint)
        self.ever_existed = ever_existed
        """Whether it once named a model; an alias that is gone is no reason to judge less."""
