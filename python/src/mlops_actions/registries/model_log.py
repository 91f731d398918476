"""What the entries of a model's log hold, as stored; every release of version 1 reads what another one wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from mlops_actions.errors import OutsideError
from mlops_actions.evidence.statement import Document
from mlops_actions.registries.interface import Action, Author, Blob, Change, Head, Version
from mlops_actions.registries.log import Entry

D = TypeVar("D", bound=Document)


class LoggedVersion(Document):
    """A version; with its number and digest it needs nothing else to be found."""

    version: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    suffix: str = Field("", pattern=r"^(\.[A-Za-z0-9_-]{1,20})?$")
    size: int = Field(ge=0)


class LoggedChange(Document):
    """An alias that moved; a version greater than all before it was registered by this entry."""

    action: Action
    alias: str
    before: LoggedVersion | None
    after: LoggedVersion
    actor: str | None = None
    run_url: str | None = None
    approved_by: list[str] = []
    forced: str | None = None


class LoggedState(Document):
    """What holds since the entry."""

    aliases: dict[str, LoggedVersion | None] = Field(description="Null: it named a model once, and none now.")
    versions: int = Field(description="How many versions are registered.")


def to_head(name: str, entry: Entry | None) -> Head:
    """What the newest entry says; an empty head without one."""
    if entry is None:
        return Head(name, 0, None, {}, 0)
    state = _read(LoggedState, entry, entry.state)
    aliases = {alias: _to_version(name, logged) if logged else None for alias, logged in state.aliases.items()}
    return Head(name, entry.number, entry.sha256, aliases, state.versions)


def to_change(name: str, entry: Entry) -> Change:
    """What an entry changed."""
    found = _read(LoggedChange, entry, entry.change)
    before = _to_version(name, found.before) if found.before else None
    after = _to_version(name, found.after)
    author = Author(entry.by, found.actor, found.run_url, tuple(found.approved_by), found.forced)
    return Change(entry.number, entry.time, author, found.action, found.alias, before, after)


def change_fields(action: Action, alias: str, before: Version | None, after: Version, author: Author) -> dict[str, Any]:
    """An entry's `change`."""
    logged = LoggedChange(
        action=action,
        alias=alias,
        before=_to_logged(before) if before else None,
        after=_to_logged(after),
        actor=author.actor,
        run_url=author.run_url,
        approved_by=list(author.approved_by),
        forced=author.forced,
    )
    return logged.model_dump(mode="json")


def state_fields(aliases: Mapping[str, Version | None], versions: int) -> dict[str, Any]:
    """An entry's `state`."""
    logged = {alias: _to_logged(version) if version else None for alias, version in sorted(aliases.items())}
    return LoggedState(aliases=logged, versions=versions).model_dump(mode="json")


def _to_version(name: str, logged: LoggedVersion) -> Version:
    return Version(name, logged.version, Blob(logged.sha256, logged.suffix, logged.size))


def _to_logged(version: Version) -> LoggedVersion:
    blob = version.blob
    return LoggedVersion(version=version.number, sha256=blob.sha256, suffix=blob.suffix, size=blob.size)


def _read(document: type[D], entry: Entry, fields: Mapping[str, Any]) -> D:
    try:
        return document.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise OutsideError(f"log entry {entry.number} is damaged: {field}: {first['msg']}.") from None
