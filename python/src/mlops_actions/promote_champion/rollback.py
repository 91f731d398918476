"""Which model an alias returns to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mlops_actions.errors import InputError
from mlops_actions.registries import Change, Registry, Version


def version_to_restore(registry: Registry, name: str, alias: str, wanted: str) -> Version:
    """The version that `rollback-to` asks for: a number, `sha256:…` or `previous`.

    Only a model that the alias once named, and so once was let through for it, can be asked for: a roll-back is
    no way around what promotion requires. Raises InputError for anything else.
    """
    changes = [change for change in registry.history(name) if change.alias == alias]
    if not changes:
        raise InputError(
            f"the alias {alias!r} of {name!r} never named a model in the registry {registry.location!r}.",
            hint="There is nothing to roll back; promote a model.",
        )
    if wanted == "previous":
        return _previous(changes, name, alias)
    held = {change.after.number: change.after for change in changes}
    number = re.fullmatch(r"v?([0-9]{1,10})", wanted)
    digest = re.fullmatch(r"(?:sha256:)?([0-9a-f]{64})", wanted)
    if not number and not digest:
        raise InputError(
            f"the input 'rollback-to' is {wanted!r}.", hint="Write a version such as 3, sha256:… or previous."
        )
    for version in held.values():
        if (number and version.number == int(number[1])) or (digest and version.sha256 == digest[1]):
            return version
    numbers = ", ".join(str(number) for number in sorted(held))
    raise InputError(
        f"the alias {alias!r} of {name!r} never named {wanted!r}; it named the versions {numbers}.",
        hint="Roll back to one of these, or promote the model.",
    )


def _previous(changes: Iterable[Change], name: str, alias: str) -> Version:
    trail = trail_of(changes)
    if len(trail) < 2:
        raise InputError(
            f"the alias {alias!r} of {name!r} named no model before {trail[-1]}.", hint="There is nothing to return to."
        )
    return trail[-2]


def trail_of(changes: Iterable[Change]) -> list[Version]:
    """The promotions that still stand, oldest first: a roll-back takes off all after the one it returned to.

    So `previous` twice goes back two promotions, and never forward to the model that was rolled back.
    """
    trail: list[Version] = []
    for change in changes:
        if change.action == "roll-back" and change.after in trail:
            while trail[-1] != change.after:
                trail.pop()
        else:
            trail.append(change.after)
    return trail
