"""An append-only log of numbered entries, for any number of writers on a plain disk or bucket.

Entry N is an object that is made only where there is none, so of writers that read the same head exactly one
continues it. Each entry holds the digest of the one before: whoever reads on sees an edit or a gap. A hint
says where to begin to look for the head; it may be missing, old or wrong.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, ValidationError

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.evidence.statement import Document
from mlops_actions.registries.objects import Objects

_STEPS = 4
"""So many entries after the hint are read one by one; behind more of them a listing is sooner at the end."""
ENTRY_TYPE = "https://mlops-actions.github.io/log-entry/v1"


@dataclass(frozen=True)
class Entry:
    """One entry, as read."""

    number: int
    """From 1, without gaps."""
    sha256: str
    """Digest of the entry's own bytes, which the next one repeats."""
    previous: str | None
    """Digest of the entry before; None for the first."""
    time: datetime
    by: str
    """Free text: what wrote it."""
    change: Mapping[str, Any]
    """What happened."""
    state: Mapping[str, Any]
    """What holds since then, so that the newest entry is enough to know it."""


class Log:
    """The log in one folder: `log/0000000001.json`, … and the hint `head`."""

    def __init__(self, objects: Objects, folder: str) -> None:
        self._objects = objects
        self._folder = folder

    def head(self) -> Entry | None:
        """The newest entry, None for an empty log; verified to continue the one before it.

        Where the hint is far behind, the entries after it are listed, and a gap between them is noticed.
        """
        hinted = self._hinted()
        newest = self.read(hinted) or self.read(1) or self._read_before_later(1)
        if hinted and not newest:
            # The hint is written after the entry: a log that was lost must not look like one that never was.
            raise OutsideError(
                f"the log is empty, but entry {hinted} was written once.",
                where=f"{self._objects.location}, {self._key(hinted)}",
                hint="Restore the log from a backup; nothing was changed.",
            )
        if newest is None:
            return None
        for _step in range(_STEPS):
            following = self.read(newest.number + 1)
            if following is None:
                return newest
            self._check_link(newest, following)
            newest = following
        return self._listed(newest)

    def read(self, number: int) -> Entry | None:
        """One entry, None when there is none of that number. OutsideError when it is damaged."""
        if number < 1:
            return None
        key = self._key(number)
        content = self._objects.read(key)
        return None if content is None else _parse(content, number, where=f"{self._objects.location}, {key}")

    def entries(self, start: int = 1) -> Iterator[Entry]:
        """All entries from a number on, oldest first, each verified to continue the one before it."""
        before = self.read(start - 1)
        number = start
        while entry := self.read(number) or self._read_before_later(number):
            self._check_link(before, entry)
            yield entry
            before, number = entry, number + 1

    def append(
        self, number: int, previous: str | None, change: Mapping[str, Any], state: Mapping[str, Any], by: str
    ) -> Entry | None:
        """Make entry `number`, continuing the one with the digest `previous`.

        Returns None, and nothing is changed, when another writer has made it already.
        """
        content = _document(number, previous, change, state, by)
        mine = _parse(content, number, where="the new entry")
        if not self._objects.create(self._key(number), content):
            # A client that lost the answer tries again and meets its own entry.
            there = self.read(number)
            if there is None or there.sha256 != mine.sha256:
                return None
        self._objects.replace(f"{self._folder}/head", b"%d\n" % number)
        return mine

    def _hinted(self) -> int:
        content = (self._objects.read(f"{self._folder}/head") or b"").strip()
        return int(content) if content.isdigit() and len(content) <= 10 else 0

    def _key(self, number: int) -> str:
        return f"{self._folder}/log/{number:010d}.json"

    def _read_before_later(self, number: int) -> Entry | None:
        """The entry after what seemed the last one: None at the log's end, OutsideError for a gap."""
        later = self._objects.keys(f"{self._folder}/log", after=self._key(number))
        if not later:
            return None
        if entry := self.read(number):
            return entry  # it and later ones were written between the two looks
        raise OutsideError(
            f"entry {number} is missing, but later ones are there.",
            where=f"{self._objects.location}, {later[0]}",
            hint="Restore the log from a backup; nothing was changed.",
        )

    def _listed(self, known: Entry) -> Entry:
        """The newest entry, by listing what comes after one that is there."""
        keys = set(self._objects.keys(f"{self._folder}/log", after=self._key(known.number)))
        last = known.number
        while self._key(last + 1) in keys:
            last += 1
        if last - known.number < len(keys):
            self._read_before_later(last + 1)  # tells of a gap
        if last == known.number:
            return known
        before = known if last == known.number + 1 else self.read(last - 1)
        newest = self.read(last)
        if newest is None:
            raise OutsideError(
                f"entry {last} was there a moment ago.", where=f"{self._objects.location}, {self._folder}"
            )
        self._check_link(before, newest)
        return newest

    def _check_link(self, before: Entry | None, entry: Entry) -> None:
        if entry.previous != (before.sha256 if before else None):
            raise OutsideError(
                f"entry {entry.number} does not continue entry {entry.number - 1}: one of them was edited or removed.",
                where=f"{self._objects.location}, {self._key(entry.number)}",
                hint="Restore the log from a backup; nothing was changed.",
            )


class _Document(Document):
    """An entry as stored."""

    type: str = Field(alias="_type")
    number: int
    id: str
    """Random, so that a writer knows its own entry from an equal one."""
    previous: str | None
    time: datetime
    by: str
    change: dict[str, Any]
    state: dict[str, Any]


def _document(number: int, previous: str | None, change: Mapping[str, Any], state: Mapping[str, Any], by: str) -> bytes:
    document = _Document(
        _type=ENTRY_TYPE,
        number=number,
        id=secrets.token_hex(8),
        previous=previous,
        time=datetime.now(UTC),
        by=by,
        change=dict(change),
        state=dict(state),
    )
    fields = document.model_dump(mode="json", by_alias=True)
    return json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _parse(content: bytes, number: int, where: str) -> Entry:
    try:
        found = _Document.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise OutsideError(f"the log entry is damaged: {field}: {first['msg']}.", where=where) from None
    if found.type != ENTRY_TYPE:
        raise OutsideError(
            f"the log entry is of the type {found.type!r}; this release reads {ENTRY_TYPE!r}.",
            where=where,
            hint="Use a release of mlops-actions that knows it.",
        )
    if found.number != number:
        raise OutsideError(f"the log entry says that it is number {found.number}, not {number}.", where=where)
    return Entry(number, digest_bytes(content), found.previous, found.time, found.by, found.change, found.state)
