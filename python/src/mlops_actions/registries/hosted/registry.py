"""A hosted registry with a log of ours beside it: the log decides, the hosted aliases follow.

Order of writes: the bytes and statements, the version, the log entry, the alias, the mark that it followed. Only the
log entry changes who is champion; killed after it, the next promotion lets the hosted alias follow.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from mlops_actions import cancellation
from mlops_actions.errors import MlopsError, OutsideError
from mlops_actions.evidence import Predicate, Statement, Stored
from mlops_actions.registries.hosted.aliases import HostedAliases
from mlops_actions.registries.hosted.following import Followed, agree, tell_stray
from mlops_actions.registries.hosted.system import System
from mlops_actions.registries.interface import Action, Author, Blob, Change, Head, Received, Version
from mlops_actions.registries.log import Log
from mlops_actions.registries.model_log import change_fields, state_fields, to_head
from mlops_actions.registries.object_store import ObjectStoreRegistry
from mlops_actions.registries.objects import Objects

logger = logging.getLogger(__name__)

VERDICT, RUN = "mlops-actions.verdict", "mlops-actions.run"
"""Tags of a version: the verdict that let it through, and the run that promoted it."""


class HostedRegistry:
    """See `interface.Registry`."""

    def __init__(self, location: str, system: System, log: Objects) -> None:
        self.location = location
        self._system = system
        self._objects = log
        self._beside = ObjectStoreRegistry(log)
        self._verdicts: dict[tuple[str, str], str] = {}
        self._told: set[str] = set()

    def names(self) -> list[str]:
        """The models that are registered."""
        return self._system.names()

    def head(self, name: str) -> Head:
        """The aliases of a model now: the log's, and those of the hosted registry that the log never knew."""
        head = to_head(name, self._log(name).head())
        shown = self._system.shown(name, {version.number for version in head.aliases.values() if version})
        agreement = agree(head.aliases, shown.aliases, self._followed(name).pending(head.entry))
        for alias, number in agreement.strays.items():
            self._tell(tell_stray(name, alias, head.aliases[alias], number))
        foreign = {alias: max(numbers) for alias, numbers in shown.aliases.items() if alias not in head.aliases}
        aliases = HostedAliases(agreement.aliases, foreign, lambda number: self._system.numbered(name, number))
        return Head(name, head.entry, head.sha256, aliases, max(head.versions, shown.newest), agreement.strays)

    def version(self, name: str, which: int | str) -> Version | None:
        """A registered version by its number or its SHA-256."""
        if isinstance(which, int):
            return self._system.numbered(name, which)
        versions = self._system.versions_of(name, which)
        if len(versions) > 1:  # several promotions registered it at once; the log has one of them
            logged = {change.after.number for change in self.history(name)}
            versions.sort(key=lambda version: version.number not in logged)
        return next(iter(versions), None) or self._aliased(name, which)

    def blob(self, sha256: str) -> Blob | None:
        """A stored model by its SHA-256, whatever its name."""
        return self._system.blob(sha256)

    def fetch(self, blob: Blob) -> Path:
        """A local copy of the model."""
        return self._system.fetch(blob)

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes, read where they lie and not from a copy."""
        return self._system.check(blob)

    def was_let_go(self, sha256: str) -> bool:  # noqa: ARG002  see the interface
        """Hosted registries keep no note of it."""
        return False

    def receive(self, path: Path) -> AbstractContextManager[Received]:
        """Read a file and digest it."""
        return self._system.receive(path)

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep the bytes of a file, once."""
        return self._system.store(path, sha256)

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside a model, each once."""
        self._system.keep(name, sha256, statements)
        for stored in statements:
            if stored.statement.kind == "verdict" and stored.statement.sha256 == sha256:
                self._verdicts[name, sha256] = stored.statement.predicate.result

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements that were kept beside a model, by file name."""
        return self._system.statements(name, sha256)

    def attach(self, name: str, key: str, content: bytes) -> bool:
        """Keep an object beside the log, once."""
        return self._beside.attach(name, key, content)

    def attached(self, name: str, key: str) -> bytes | None:
        """An object beside the log."""
        return self._beside.attached(name, key)

    def attachments(self, name: str, folder: str) -> list[str]:
        """The keys of the objects in a folder beside the log."""
        return self._beside.attachments(name, folder)

    def point(self, head: Head, alias: str, blob: Blob, action: Action, author: Author) -> Head | None:
        """Let an alias name a stored model: version, log entry, alias."""
        self._system.check_alias(head.name, alias)
        name, log = head.name, self._log(head.name)
        newest = log.head()
        if (newest.number if newest else 0) != head.entry:
            return None
        after = self._registered(name, blob, author)
        before = head.aliases.get(alias)
        if before and alias not in to_head(name, newest).aliases:
            self._system.adopt(before)
        aliases = {**to_head(name, newest).aliases, **{gone: head.aliases[gone] for gone in head.strays}, alias: after}
        change = change_fields(action, alias, before, after, author)
        state = state_fields(aliases, max(head.versions, after.number))
        with cancellation.deferred():
            entry = log.append(head.entry + 1, head.sha256, change, state, author.tool)
            if entry is None:
                return None
            with self._following(name, alias, entry.number):
                self._follow(name, head.strays.keys() - {alias})
        return to_head(name, entry)

    def settle(self, head: Head) -> None:
        """Let the hosted aliases follow where a promotion was killed before they did."""
        if self._followed(head.name).pending(head.entry).keys() - head.strays.keys():
            with cancellation.deferred():
                self._follow(head.name, head.strays.keys())

    def history(self, name: str, start: int = 1) -> Iterator[Change]:
        """Every change from an entry on, oldest first, the chain verified."""
        return self._beside.history(name, start)

    def _tell(self, message: str) -> None:
        """Once a run; the head is read several times."""
        if message not in self._told:
            self._told.add(message)
            logger.warning("%s", message)

    def _aliased(self, name: str, sha256: str) -> Version | None:
        """The version of that digest that the log names and that is still there, where a list does not show it yet."""
        aliases = to_head(name, self._log(name).head()).aliases.values()
        logged = next((version for version in aliases if version and version.sha256 == sha256), None)
        return self._system.numbered(name, logged.number) if logged else None

    def _registered(self, name: str, blob: Blob, author: Author) -> Version:
        """The version of a stored model, made where there is none; tagged with what let it through."""
        verdict = self._verdicts.get((name, blob.sha256))
        tags = {VERDICT: verdict} if verdict else {}
        if author.run_url:
            tags[RUN] = author.run_url
        if version := self.version(name, blob.sha256):
            self._system.tag(version, tags)
            return version
        return self._system.register(name, blob, tags)

    def _follow(self, name: str, strays: Collection[str]) -> None:
        """Bring all aliases that are behind into step with the log, but strays, until it has not moved on meanwhile.

        All, since the mark says so of every entry before it. Whoever sets an alias looks at the log afterwards. So the
        last one to set it, of any number at once, saw the newest entry.
        """
        behind: set[str] = set()
        while True:
            head = to_head(name, self._log(name).head())
            behind |= self._followed(name).pending(head.entry).keys() - set(strays)
            for alias in sorted(behind):
                if version := head.aliases.get(alias):
                    self._system.set_alias(name, alias, version)
            newest = self._log(name).head()
            if newest is None or newest.number == head.entry:
                self._followed(name).mark(head.entry)
                return

    @contextmanager
    def _following(self, name: str, alias: str, entry: int) -> Iterator[None]:
        """What went wrong once the log had the entry is told so: the champion has changed."""
        try:
            yield
        except MlopsError as error:
            raise OutsideError(
                f"the log has the promotion as entry {entry}, but {self._system.called}'s alias {alias!r} of {name!r} "
                f"does not follow yet: {error.message}",
                hint="Run the promotion again to complete it.",
            ) from None

    def _log(self, name: str) -> Log:
        return Log(self._objects, f"models/{name}")

    def _followed(self, name: str) -> Followed:
        return Followed(self._objects, f"models/{name}", self._log(name), name)
