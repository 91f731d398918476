"""See that a registry is whole: every link of every log, every digest of every model and statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mlops_actions.errors import MlopsError
from mlops_actions.registries.interface import Change, Head, Registry, Version


@dataclass(frozen=True)
class Problem:
    """Something that is damaged or missing."""

    model: str
    what: str
    """`log`, `alias champion`, `version 3` or `statements of version 3`."""
    message: str
    remedy: str


@dataclass(frozen=True)
class Verified:
    """What was looked at in one model, and what is wrong with it."""

    model: str
    entries: int
    versions: int
    let_go: int
    """Versions whose bytes `gc` removed; no alias names them."""
    statements: int
    problems: tuple[Problem, ...]


def verify(registry: Registry, name: str, said: Callable[[str], None] = lambda _: None) -> Verified:
    """Read everything of one model; `said` is told what is being read.

    Raises OutsideError only where the registry cannot be reached; what is damaged is a problem in the answer.
    """
    problems: list[Problem] = []
    changes: list[Change] = []
    named: set[str] = set()
    try:
        changes.extend(registry.history(name))
        head = registry.head(name)
        named |= {version.sha256 for version in head.aliases.values() if version}
        problems += _aliases(head, name, changes)
    except MlopsError as error:
        problems.append(_problem(name, "log", error, "Restore the log from a backup: nothing else can tell what was."))
    versions = {change.after.number: change.after for change in changes}
    statements = let_go = 0
    for number, version in sorted(versions.items()):
        said(f"{name}: {version}, {version.blob.size:,} bytes")
        if version.sha256 not in named and _was_let_go(registry, version):
            let_go += 1
        elif wrong := registry.check(version.blob):
            problems.append(Problem(name, f"version {number}", wrong, "Promote the original file again, by its path."))
        try:
            statements += len(registry.statements(name, version.sha256))
        except MlopsError as error:
            remedy = "Remove the file, and promote again with the evidence that it came from."
            problems.append(_problem(name, f"statements of version {number}", error, remedy))
    return Verified(name, len(changes), len(versions), let_go, statements, tuple(problems))


def _was_let_go(registry: Registry, version: Version) -> bool:
    return registry.was_let_go(version.sha256) and registry.blob(version.sha256) is None


def _aliases(head: Head, name: str, changes: list[Change]) -> Iterator[Problem]:
    """An alias that names something else than the log's newest change of it says."""
    last: dict[str, Version] = {change.alias: change.after for change in changes}
    aliases = head.aliases
    for alias, now in sorted(head.strays.items()):
        if now is not None:
            message = f"somebody moved it by hand to version {now}, and the log says {aliases[alias] or 'nothing'}."
            yield Problem(name, f"alias {alias}", message, "Put it back, or promote with `force`.")
    for alias in sorted({*last, *aliases}):
        named, logged = aliases.get(alias), last.get(alias)
        if named != logged:
            message = f"it names {named or 'nothing'}, and the log says {logged or 'nothing'}."
            yield Problem(name, f"alias {alias}", message, "Promote or roll back what it should name.")


def _problem(name: str, what: str, error: MlopsError, remedy: str) -> Problem:
    where = f" ({error.where})" if error.where else ""
    return Problem(name, what, f"{error.message}{where}", remedy)
