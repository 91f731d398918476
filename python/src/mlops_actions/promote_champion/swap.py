"""Move an alias by compare-and-swap: what was decided on one state of the registry is never done to another."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import Reason
from mlops_actions.registries import Author, Blob, Head, Registry, Version
from mlops_actions.registries.interface import Action

logger = logging.getLogger(__name__)

_ATTEMPTS = 100


@dataclass(frozen=True)
class Moved:
    """How it ended."""

    before: Version | None
    after: Version | None
    entry: int | None
    """The log entry that was made, None where none was."""
    reasons: tuple[Reason, ...] = ()
    """Why the alias was not moved; empty also where it named the model already."""

    @classmethod
    def not_at_all(cls, head: Head, alias: str, reasons: list[Reason]) -> Self:
        """The alias stays where it is."""
        now = head.aliases.get(alias)
        return cls(before=now, after=now, entry=None, reasons=tuple(reasons))


def move_alias(
    registry: Registry,
    head: Head,
    alias: str,
    blob: Blob,
    action: Action,
    author: Author,
    refuse: Callable[[Head], list[Reason]],
) -> Moved:
    """Let an alias that is as `head` says name a stored model.

    When the log moves on meanwhile: another model under this alias has won and this one is refused; any other
    change is judged anew and the move tried again. OutsideError when there is no end to that.
    """
    expected = head.aliases.get(alias)
    first = head.entry
    for _attempt in range(_ATTEMPTS):
        now = head.aliases.get(alias)
        if now and now.sha256 == blob.sha256 and alias not in head.strays:
            logger.info("%s of %s is %s already; nothing to change", alias, head.name, now)
            registry.settle(head)
            return Moved.not_at_all(head, alias, [])
        if now != expected:
            return Moved.not_at_all(head, alias, [_lost_race(registry, head.name, alias, first)])
        if reasons := refuse(head):
            return Moved.not_at_all(head, alias, reasons)
        if new := registry.point(head, alias, blob, action, author):
            after = new.aliases[alias]
            logger.info("%s of %s: %s → %s, log entry %d", alias, head.name, now or "nothing", after, new.entry)
            return Moved(before=now, after=after, entry=new.entry)
        head = registry.head(head.name)
    raise OutsideError(
        f"the log of {head.name!r} in the registry {registry.location!r} moved on {_ATTEMPTS} times meanwhile.",
        hint="Run it again when fewer promotions run at once.",
    )


def _lost_race(registry: Registry, name: str, alias: str, first: int) -> Reason:
    winner = [change for change in registry.history(name, start=first + 1) if change.alias == alias][-1]
    return Reason(
        code="lost-race",
        message=f"Another promotion was faster: {alias} of {name!r} is now {winner.after}, by log entry {winner.entry} "
        f"of {winner.time:%Y-%m-%d %H:%M:%S} UTC ({winner.author}). Evaluate and gate this model against it.",
    )
