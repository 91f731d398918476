"""What a hosted registry leaves to the place of its log: statements, and for some of them the models' bytes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from mlops_actions.evidence import Predicate, Statement, Stored
from mlops_actions.registries.interface import Blob, Received
from mlops_actions.registries.object_store import ObjectStoreRegistry
from mlops_actions.registries.objects import Objects


class StatementsBesideLog:
    """Part of a `System`."""

    def __init__(self, log: Objects) -> None:
        self.beside = ObjectStoreRegistry(log)
        """The folder or bucket of the log, read as a registry."""

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside the log, each once."""
        self.beside.keep(name, sha256, statements)

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements that were kept."""
        return self.beside.statements(name, sha256)


class ModelsBesideLog(StatementsBesideLog):
    """Part of a `System` that refers to bytes in a bucket and keeps none itself."""

    def blob(self, sha256: str) -> Blob | None:
        """A stored model by its SHA-256."""
        return self.beside.blob(sha256)

    def fetch(self, blob: Blob) -> Path:
        """A local copy, verified."""
        return self.beside.fetch(blob)

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes."""
        return self.beside.check(blob)

    def receive(self, path: Path) -> AbstractContextManager[Received]:
        """Read a file and digest it."""
        return self.beside.receive(path)

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep the bytes of a file, once."""
        return self.beside.store(path, sha256)
