"""Pairs of predictions that both models made for the same request: `pairs: predictions.jsonl`, or `exec:COMMAND`.

One JSON object a line, only ever added to:

    {"id": 7, "stable": "late", "candidate": "punctual"}
    {"id": 7, "label": "late"}

A label may come in a line of its own, later. Predictions are classes (texts, whole numbers, true and false), or numbers
where any of them has a decimal point.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mlops_actions.canary_deploy.command import Command, read_command
from mlops_actions.errors import OutsideError

Prediction = str | float | bool
_EXAMPLE = '{"id": 7, "stable": "late", "candidate": "punctual", "label": "late"}'
_KEYS = ("stable", "candidate", "label")


@dataclass(frozen=True)
class Pairs:
    """In the order in which they got complete: so a bet on one of them never knows a later one."""

    predictions: tuple[tuple[Prediction, Prediction], ...] = ()
    """Of the stable side, of the candidate."""
    labelled: tuple[tuple[Prediction, Prediction, Prediction], ...] = ()
    """With the truth."""


class PairSource(Protocol):
    """Where pairs come from."""

    def written(self) -> int:
        """Where pairs that are yet to come will begin, for `read`. OutsideError as there."""

    def read(self, begin: int = 0) -> Pairs:
        """All pairs from `begin` on. OutsideError where they cannot be read: no pair is ever taken for an agreement."""


@dataclass
class _Reader:
    """Lines that were read, and what is still incomplete."""

    source: str
    number: int = 0
    known: dict[Any, dict[str, Prediction]] = field(default_factory=dict)
    predictions: list[tuple[Prediction, Prediction]] = field(default_factory=list)
    labelled: list[tuple[Prediction, Prediction, Prediction]] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Whole lines that follow those before."""
        for line in text.splitlines():
            self.number += 1
            if line.strip():
                self._add(line)

    def pairs(self) -> Pairs:
        return Pairs(tuple(self.predictions), tuple(self.labelled))

    def _add(self, line: str) -> None:
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("id"), str | int):
            raise self._wrong("is no JSON object with an 'id'")
        known = self.known.setdefault(found["id"], {})
        before = len(known)
        for key in _KEYS:
            if key in found:
                if key in known:
                    raise self._wrong(f"gives {key!r} of {found['id']!r} again")
                known[key] = self._prediction(found[key], key)
        both = "stable" in known and "candidate" in known
        if both and (before == 0 or not {"stable", "candidate"} <= set(list(known)[:before])):
            self.predictions.append((known["stable"], known["candidate"]))
        if both and "label" in known and before < len(known):
            self.labelled.append((known["stable"], known["candidate"], known["label"]))

    def _prediction(self, value: Any, key: str) -> Prediction:
        if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
            return value
        raise self._wrong(f"has {value!r} as {key!r}")

    def _wrong(self, what: str) -> OutsideError:
        return OutsideError(f"line {self.number} of {self.source} {what}.", hint=f"A line is like {_EXAMPLE}.")


class PairFile:
    """A file that others append to; each look reads what was added."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._offset = 0
        self._reader = _Reader(path)

    def written(self) -> int:
        """Bytes of whole lines; a line that is still being written is yet to come."""
        return len(self._whole_lines())

    def read(self, begin: int = 0) -> Pairs:
        """See `PairSource`; a last line that is still being written waits for its end."""
        if self._offset < begin:
            before = self._whole_lines(until=begin)
            self._reader.number, self._offset = before.count(b"\n"), len(before)
        whole = self._whole_lines(begin=self._offset)
        self._offset += len(whole)
        self._reader.add(whole.decode(errors="replace"))
        return self._reader.pairs()

    def _whole_lines(self, begin: int = 0, until: int = 0) -> bytes:
        """Bytes from one place to another, 0 for its end; none where there is no file yet."""
        try:
            with self._path.open("rb") as stream:
                size = stream.seek(0, 2)
                stream.seek(begin)
                found = stream.read(until - begin if until else -1)
        except FileNotFoundError:
            size, found = 0, b""
        except OSError as error:
            raise OutsideError(f"the file {str(self._path)!r} cannot be read: {error.strerror}.") from None
        if size < max(begin, until):
            raise OutsideError(f"the file {str(self._path)!r} got shorter; pairs are only ever added to it.")
        return found[: found.rfind(b"\n") + 1]


@dataclass(frozen=True)
class PairCommand:
    """A command that prints all pairs so far when it is asked for `pairs`."""

    command: Command

    def written(self) -> int:
        """0: all that it prints counts, so it leaves out an earlier candidate's pairs itself."""
        return 0

    def read(self, begin: int = 0) -> Pairs:  # noqa: ARG002
        """See `PairSource`."""
        reader = _Reader(self.command.shown(("pairs",)))
        reader.add(self.command.ask("pairs"))
        return reader.pairs()


def open_pairs(location: str, stable: str, candidate: str) -> PairSource:
    """The source at a location; nothing is read yet."""
    if location.startswith("exec:"):
        return PairCommand(read_command(location, "pairs", stable, candidate))
    return PairFile(location)
