"""Let go of models that nothing reaches: in two steps, so that no promotion that runs meanwhile can lose one.

A blob is kept while an alias of any model names it, while it is among the newest versions of one, and for a time of
grace after it was stored or last named. What is left is moved to the trash; then every alias is read again, and what
was promoted in that moment is moved back. A promotion looks after its log entry, and moves back what it finds in the
trash: whichever comes last sees the other. A later run empties the trash, once the time of grace has passed again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlops_actions.errors import InputError
from mlops_actions.registries.interface import Registry
from mlops_actions.registries.object_store import ObjectStoreRegistry
from mlops_actions.registries.objects import Objects
from mlops_actions.registries.trash import TRASH, let_go, restore, trashed

_BLOB = re.compile(r"blobs/(?P<sha256>[0-9a-f]{64})/model[^/]*")

_PREDICTIONS = re.compile(r"models/[^/]+/predictions/(?P<sha256>[0-9a-f]{64})/.+")


@dataclass(frozen=True)
class Garbage:
    """A model's bytes that nothing reaches."""

    key: str
    sha256: str
    size: int
    trashed: bool
    """Whether they lie in the trash already, and are gone for good after this run."""
    predictions: bool = False
    """Whether these are its predictions, which can be made again and are gone at once."""


def collect(
    registry: Registry, *, keep: int, grace: timedelta, now: datetime, dry_run: bool
) -> tuple[list[Garbage], list[str]]:
    """What was (or, in a dry run, would be) moved to the trash or removed from it, and what was moved back.

    Raises InputError for a hosted registry, whose versions are its own to keep, OutsideError where the registry cannot
    be read or written; running it again goes on.
    """
    if not isinstance(registry, ObjectStoreRegistry):
        raise InputError(
            f"the registry {registry.location!r} is not ours to clean.", hint="Delete old versions with its own tools."
        )
    objects = registry.objects
    kept = reachable(registry, keep, now - grace)
    found = [*_unreached(objects, kept, now - grace), *_in_trash(objects, now - grace)]
    found += _predictions(registry, kept, now - grace)
    if dry_run:
        return found, []
    for one in found:
        if one.trashed or one.predictions:
            objects.delete(one.key)
        else:
            objects.create(let_go(one.sha256), f"{now:%Y-%m-%d %H:%M:%S}\n".encode())
            objects.move(one.key, trashed(one.key, now))
    return found, _brought_back(registry)


def reachable(registry: Registry, keep: int, since: datetime) -> set[str]:
    """SHA-256 of every model that an alias names, that is among the newest `keep` versions, or was named since then."""
    kept = set(_named(registry))
    for name in registry.names():
        changes = list(registry.history(name))
        newest = sorted({change.after.number: change.after for change in changes}.items())[-keep:] if keep else []
        kept |= {version.sha256 for _, version in newest}
        kept |= {change.after.sha256 for change in changes if change.time >= since}
    return kept


def _named(registry: Registry) -> Iterator[str]:
    for name in registry.names():
        yield from (version.sha256 for version in registry.head(name).aliases.values() if version)


def _unreached(objects: Objects, kept: set[str], before: datetime) -> Iterator[Garbage]:
    for key in objects.keys("blobs"):
        match = _BLOB.fullmatch(key)
        if match is None or match["sha256"] in kept:
            continue
        # A promotion stores its model before the log names it.
        stored, size = objects.modified(key), objects.size(key)
        if stored is not None and size is not None and stored < before:
            yield Garbage(key, match["sha256"], size, trashed=False)


def _in_trash(objects: Objects, before: datetime) -> Iterator[Garbage]:
    for key in objects.keys("trash"):
        match = TRASH.fullmatch(key)
        if match and int(match["seconds"]) < before.timestamp():
            yield Garbage(key, match["sha256"], objects.size(key) or 0, trashed=True)


def _predictions(registry: ObjectStoreRegistry, kept: set[str], before: datetime) -> Iterator[Garbage]:
    objects = registry.objects
    for name in registry.objects.folders("models"):
        for key in objects.keys(f"models/{name}/predictions"):
            match = _PREDICTIONS.fullmatch(key)
            if match is None or match["sha256"] in kept:
                continue
            stored, size = objects.modified(key), objects.size(key)
            if stored is not None and size is not None and stored < before:
                yield Garbage(key, match["sha256"], size, trashed=False, predictions=True)


def _brought_back(registry: ObjectStoreRegistry) -> list[str]:
    """Move back what an alias names now."""
    return [sha256 for name in registry.names() for sha256 in restore(registry.objects, registry.head(name))]
