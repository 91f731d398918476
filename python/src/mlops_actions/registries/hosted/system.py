"""What a hosted registry itself can do. A new one is this, and one line in `locations.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlops_actions.evidence import Predicate, Statement, Stored
from mlops_actions.registries.interface import Blob, Received, Version


@dataclass(frozen=True)
class Shown:
    """What a hosted registry shows of a model's aliases."""

    aliases: Mapping[str, Collection[int]]
    """The versions that each alias names: mostly one, more where an alias is a tag that several versions can have."""
    newest: int
    """The greatest version number; 0 where nothing is registered."""


class System(Protocol):
    """Models, versions and aliases without compare-and-swap; `HostedRegistry` adds the log that decides.

    Methods named as those of `interface.Registry` do what is said there. Every write may be made twice without harm.
    """

    called: str
    """Its name in messages, such as `MLflow`."""

    def names(self) -> list[str]:
        """The models that are registered."""

    def shown(self, name: str, logged: Collection[int]) -> Shown:
        """What it says of a model's aliases now; nothing for a model that it does not know.

        The versions that the log names are to be looked at themselves where lists lag behind what was written.
        """

    def numbered(self, name: str, number: int) -> Version | None:
        """A registered version; the digest of one that others registered is computed from its bytes."""

    def versions_of(self, name: str, sha256: str) -> list[Version]:
        """The versions that are this model, by number: several where promotions registered it at once."""

    def blob(self, sha256: str) -> Blob | None:
        """A stored model by its SHA-256, whatever its name."""

    def fetch(self, blob: Blob) -> Path:
        """A local copy, verified."""

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes."""

    def receive(self, path: Path) -> AbstractContextManager[Received]:
        """Read a file and digest it."""

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep the bytes of a file, once."""

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside a stored model, each once."""

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements kept beside a model, by file name."""

    def check_alias(self, name: str, alias: str) -> None:
        """InputError for a model or alias that cannot be called so here; better known before the log has the entry."""

    def register(self, name: str, blob: Blob, tags: Mapping[str, str]) -> Version:
        """Make a version of a stored model; OutsideError where its bytes are gone."""

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Set tags of a version."""

    def adopt(self, version: Version) -> None:
        """Note the digest of a version that others registered, now that the log names it."""

    def set_alias(self, name: str, alias: str, version: Version) -> None:
        """Let an alias name this version and no other."""
