"""How a model is asked for everywhere: a path, or a reference into a registry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import digest_path
from mlops_actions.registries.interface import NAME, AliasMissingError, Registry, Version
from mlops_actions.registries.locations import open_registry

_ALIAS = re.compile(rf"(?P<name>{NAME})?@(?P<alias>{NAME})")
_VERSION = re.compile(rf"(?P<name>{NAME})?:v?(?P<number>[1-9][0-9]{{0,9}})")
_DIGEST = re.compile(r"sha256:(?P<sha256>[0-9a-f]{64})")


@dataclass(frozen=True)
class Model:
    """A model on this machine."""

    reference: str
    """As the user wrote it."""
    path: Path
    """A local file or folder, whose suffix says the format; in a registry's or a cache's hands: not to be changed."""
    sha256: str
    """Verified when it was resolved."""
    name: str | None
    """Its name in the registry; None for a path."""
    version: int | None
    """Its number in the registry; None for a path, or when only the digest was asked for."""


def resolve(reference: str, registry: str, name: str | None) -> Model:
    """Find a model: a path, `name@alias`, `@alias` of the input `name`, `name:version` or `sha256:…`.

    What reads as a reference is one, even where a file has that name (write `./` before it), so that no file
    can stand in for the champion.

    Raises AliasMissingError for an alias that names nothing, InputError for whatever else is not there, and
    OutsideError when the registry cannot be read or its copy is damaged.
    """
    if match := _DIGEST.fullmatch(reference):
        return _by_digest(reference, match["sha256"], open_registry(registry), name)
    if reference.startswith("sha256:"):
        raise InputError(f"{reference!r} is no SHA-256.", hint="Write sha256: and 64 digits of 0-9a-f.")
    if match := _ALIAS.fullmatch(reference):
        opened = open_registry(registry)
        return _local(reference, opened, aliased(opened, match["name"] or _named(reference, name), match["alias"]))
    if match := _VERSION.fullmatch(reference):
        opened = open_registry(registry)
        number = int(match["number"])
        return _local(reference, opened, numbered(opened, match["name"] or _named(reference, name), number))
    if not reference.strip():
        raise InputError("the model's path is empty.", hint="Write a path, name@alias, name:version or sha256:….")
    return Model(reference, Path(reference), digest_path(reference), None, None)


def is_reference(text: str) -> bool:
    """Whether a model is asked for in a registry, and not by its path."""
    return text.startswith("sha256:") or bool(_ALIAS.fullmatch(text) or _VERSION.fullmatch(text))


def aliased(registry: Registry, name: str, alias: str) -> Version:
    """The version that an alias names; AliasMissingError says whether it ever did."""
    head = registry.head(name)
    found = head.aliases.get(alias)
    if found:
        return found
    ever_existed = alias in head.aliases
    if not head.entry:
        message = f"the registry {registry.location!r} has no model {name!r}."
        hint = nearest(name, registry.names())
    elif ever_existed:
        message = f"the alias {alias!r} of {name!r} no longer names a model in {registry.location!r}."
        hint = "Promote one, or roll back."
    else:
        message = f"{name!r} has no alias {alias!r} in the registry {registry.location!r}."
        hint = nearest(alias, head.aliases)
    raise AliasMissingError(message, ever_existed=ever_existed, hint=hint)


def numbered(registry: Registry, name: str, number: int) -> Version:
    """The version of that number; InputError says which there are."""
    if version := registry.version(name, number):
        return version
    known = registry.head(name).versions
    held = f"it has the versions 1 to {known}" if known else "nothing is registered under this name"
    raise InputError(f"{name!r} has no version {number} in the registry {registry.location!r}: {held}.")


def _by_digest(reference: str, sha256: str, registry: Registry, name: str | None) -> Model:
    version = registry.version(name, sha256) if name else None
    if version:
        return _local(reference, registry, version)
    blob = registry.blob(sha256)
    if blob is None:
        raise InputError(f"the registry {registry.location!r} holds no model of SHA-256 {sha256}.")
    return Model(reference, registry.fetch(blob), sha256, None, None)


def _local(reference: str, registry: Registry, version: Version) -> Model:
    path = registry.fetch(version.blob)
    return Model(reference, path, version.sha256, version.name, version.number)


def _named(reference: str, name: str | None) -> str:
    if name:
        return name
    raise InputError(
        f"the model {reference!r} leaves its name out.", hint=f"Give the input 'name' or write name{reference}."
    )
