"""What a hosted registry's aliases say, beside our log: the log decides, and a difference is told, never undone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from mlops_actions.registries.interface import Version
from mlops_actions.registries.log import Log
from mlops_actions.registries.model_log import to_change
from mlops_actions.registries.objects import Objects

Pending = Mapping[str, frozenset[int | None]]
"""Aliases whose last entries the hosted registry may not show yet → the versions that it may show until then."""


@dataclass(frozen=True)
class Agreement:
    """What holds, of what both say."""

    aliases: Mapping[str, Version | None]
    """Of the log; None for one whose version or alias was removed by hand."""
    strays: Mapping[str, int | None]
    """Aliases that were moved by hand, and the version that they name in the hosted registry now."""


def agree(logged: Mapping[str, Version | None], hosted: Mapping[str, Collection[int]], pending: Pending) -> Agreement:
    """Compare the aliases that the log knows with the hosted ones, which may name several versions."""
    aliases: dict[str, Version | None] = {}
    strays: dict[str, int | None] = {}
    for alias, version in logged.items():
        aliases[alias] = version
        now, expected = set(hosted.get(alias, ())), {version.number} if version else set()
        known = pending.get(alias, frozenset())
        if strange := now - expected - known:
            strays[alias] = max(strange)
        elif expected and not now and None not in known:
            strays[alias] = None
            aliases[alias] = None
    return Agreement(aliases, strays)


def tell_stray(name: str, alias: str, logged: Version | None, now: int | None) -> str:
    """What is said of an alias that somebody moved by hand."""
    says = f"the log says {logged}" if logged else "the log says nothing"
    what = f"was moved to version {now}" if now else "was removed, or its version deleted,"
    return f"The alias {alias!r} of {name!r} {what} by hand in the hosted registry; {says}."


class Followed:
    """Marks beside the log: an object for each entry after which the hosted registry was brought into step."""

    def __init__(self, objects: Objects, folder: str, log: Log, name: str) -> None:
        self._objects = objects
        self._folder = folder
        self._log = log
        self._name = name

    def mark(self, entry: int) -> None:
        """The hosted registry shows what holds since this entry."""
        self._objects.create(self._key(entry), b"")

    def pending(self, entry: int) -> Pending:
        """What the entries up to this one changed, back to the newest that was followed."""
        found: dict[str, set[int | None]] = {}
        for number in self._unmarked(entry):
            if logged := self._log.read(number):
                change = to_change(self._name, logged)
                before = change.before.number if change.before else None
                found.setdefault(change.alias, set()).update((before, change.after.number))
        return {alias: frozenset(numbers) for alias, numbers in found.items()}

    def _unmarked(self, entry: int) -> Iterator[int]:
        while entry >= 1 and self._objects.read(self._key(entry)) is None:
            yield entry
            entry -= 1

    def _key(self, entry: int) -> str:
        return f"{self._folder}/followed/{entry:010d}"
