"""The evidence folder: statements written whole, found by the subject they are about."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.digests import digest_bytes
from mlops_actions.evidence.statement import KINDS, P_co, Predicate, Statement, parse_statement

_NAME = re.compile(rf"(?P<kind>{'|'.join(KINDS)})-(?P<subject>[0-9a-f]{{12}})-(?P<own>[0-9a-f]{{12}})\.json")

P = TypeVar("P", bound=Predicate)


@dataclass(frozen=True)
class Stored(Generic[P_co]):
    """A statement and the file it was read from."""

    path: Path
    sha256: str
    statement: Statement[P_co]


class EvidenceStore:
    """A folder of statements. Files are named `<kind>-<subject12>-<own12>.json`, so folders of a matrix merge."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def write(self, statement: Statement[Predicate]) -> Path:
        """Write a statement, whole or not at all, and return its path. OutsideError when the folder refuses."""
        content = statement.to_json()
        path = self.folder / f"{statement.kind}-{statement.sha256[:12]}-{digest_bytes(content)[:12]}.json"
        write_whole(path, content)
        return path

    def find(self, predicate: type[P], subject: str | None = None) -> list[Stored[P]]:
        """The statements of one kind, about one subject or all, oldest first.

        Raises InputError for a file that is truncated, was edited, or is of an unknown version.
        """
        pattern = f"{predicate.KIND}-{subject[:12] if subject else '*'}-*.json"
        found = [self._read(path) for path in sorted(self.folder.glob(pattern)) if _NAME.fullmatch(path.name)]
        about = [cast("Stored[P]", one) for one in found if subject in (None, one.statement.sha256)]
        return sorted(about, key=_finished)

    def latest(self, predicate: type[P], subject: str) -> Stored[P] | None:
        """The newest statement of one kind about a subject; of equally new ones the worst."""
        found = self.find(predicate, subject)
        return found[-1] if found else None

    @staticmethod
    def _read(path: Path) -> Stored[Predicate]:
        return read_statement(path)


def read_statement(path: Path) -> Stored[Predicate]:
    """Read one statement file; a name in the folder's form must carry the content's digest."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"the statement cannot be read: {error.strerror}.", where=str(path)) from None
    own = digest_bytes(content)
    named = _NAME.fullmatch(path.name)
    if named and named["own"] != own[:12]:
        raise InputError(
            f"the statement was edited or truncated: its name says {named['own']}, its content is {own[:12]}.",
            where=str(path),
            hint="Run the action that writes it again.",
        )
    return Stored(path=path, sha256=own, statement=parse_statement(content, str(path)))


def refuse_unwritable(folder: str, *reports: str | None) -> None:
    """See beforehand that statements and reports can be kept, lest an alias or traffic moves without a trace.

    Raises OutsideError, or InputError for a report that is a folder; nothing is made yet.
    """
    files = [one for one in reports if one]
    needed = [Path(folder), *(Path(file).parent for file in files)]
    for wanted in needed:
        there = next(path for path in (wanted, *wanted.absolute().parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            why = "no folder" if not there.is_dir() else "not writable"
            raise OutsideError(f"nothing can be written to the folder {str(wanted)!r}: {str(there)!r} is {why}.")
    for file in files:
        if Path(file).is_dir():
            raise InputError(f"the report cannot be written to {file!r}, which is a folder.", hint="Name a file.")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, also when the process is killed. OutsideError when the disk refuses."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutsideError(f"{str(path)!r} cannot be written: {error.strerror}.") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _finished(stored: Stored[Predicate]) -> tuple[float, int]:
    predicate = stored.statement.predicate
    return predicate.made, ("pass", "inconclusive", "fail").index(predicate.result)
