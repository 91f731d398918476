"""The model registry of an MLflow server, with a log of ours beside it: the log decides, MLflow's aliases follow.

Order of writes: the bytes and statements (a run), the version, the log entry, the alias, the mark that it followed.
Only the log entry changes who is champion; killed after it, the next promotion lets MLflow's alias follow.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlops_actions import cancellation
from mlops_actions.ci.credentials import without_credentials
from mlops_actions.errors import InputError, MlopsError, OutsideError
from mlops_actions.evidence import Predicate, Statement, Stored, digest_path
from mlops_actions.registries.interface import Action, Author, Blob, Change, Head, Received, Version
from mlops_actions.registries.log import Log
from mlops_actions.registries.mlflow.aliases import HostedAliases, check_alias, read_aliases
from mlops_actions.registries.mlflow.following import Followed, agree, tell_stray
from mlops_actions.registries.mlflow.log_location import open_log
from mlops_actions.registries.mlflow.models import (
    SHA256,
    MlflowModels,
    blob_tags,
    read_tags,
    search_versions,
    tagged_blob,
)
from mlops_actions.registries.mlflow.rest import AlreadyThereError, NotThereError, Server
from mlops_actions.registries.model_log import change_fields, state_fields, to_head
from mlops_actions.registries.object_store import ObjectStoreRegistry
from mlops_actions.registries.objects import Objects

logger = logging.getLogger(__name__)


def open_registry(location: str) -> MlflowRegistry:
    """The registry at `mlflow+https://host/prefix#log=location`; nothing is read or made yet."""
    address, _, log = location.partition("#log=")
    url = re.sub(r"^mlflow\+", "", address, flags=re.IGNORECASE)
    if without_credentials(url) != url:
        raise InputError(
            f"the registry {without_credentials(address)!r} holds a user or password.",
            hint="Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, from a secret.",
        )
    return MlflowRegistry(location, Server(url), open_log(address, log))


class MlflowRegistry:
    """See `interface.Registry`."""

    def __init__(self, location: str, server: Server, log: Objects) -> None:
        self.location = location
        self._server = server
        self._objects = log
        self._beside = ObjectStoreRegistry(log)
        self._models = MlflowModels(server)
        self._verdicts: dict[tuple[str, str], str] = {}
        self._told: set[str] = set()

    def names(self) -> list[str]:
        """The models that are registered."""
        found = self._server.pages("GET", "registered-models/search", "registered_models", "search registered models")
        return sorted(one["name"] for one in found)

    def head(self, name: str) -> Head:
        """The aliases of a model now: the log's, and those of MLflow that the log never knew."""
        head = to_head(name, self._log(name).head())
        model = self._model(name)
        hosted = read_aliases(model)
        agreement = agree(head.aliases, hosted, self._followed(name).pending(head.entry))
        for alias, number in agreement.strays.items():
            self._tell(tell_stray(name, alias, head.aliases[alias], number))
        foreign = {alias: number for alias, number in hosted.items() if alias not in head.aliases}
        aliases = HostedAliases(agreement.aliases, foreign, lambda number: self._numbered(name, number))
        registered = max((int(one["version"]) for one in model.get("latest_versions", [])), default=0)
        return Head(name, head.entry, head.sha256, aliases, max(head.versions, registered), agreement.strays)

    def version(self, name: str, which: int | str) -> Version | None:
        """A registered version by its number or its SHA-256."""
        if isinstance(which, int):
            return self._numbered(name, which)
        found = search_versions(self._server, f"name = '{name}' and tags.`{SHA256}` = '{which}'")
        versions = sorted(map(_version, found), key=lambda version: version.number)
        if len(versions) > 1:  # several promotions registered it at once; the log has one of them
            logged = {change.after.number for change in self.history(name)}
            versions.sort(key=lambda version: version.number not in logged)
        return next(iter(versions), None)

    def blob(self, sha256: str) -> Blob | None:
        """A stored model by its SHA-256, whatever its name."""
        return self._models.blob(sha256)

    def fetch(self, blob: Blob) -> Path:
        """A local copy of the model."""
        return self._models.fetch(blob)

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes, read where they lie and not from a copy."""
        return self._models.check(blob)

    def was_let_go(self, sha256: str) -> bool:  # noqa: ARG002  see the interface
        """MLflow keeps no note of it."""
        return False

    @contextmanager
    def receive(self, path: Path) -> Iterator[Received]:
        """Read a file and digest it."""
        _check_file(path)
        sha256 = digest_path(path)
        yield Received(sha256, lambda: self.store(path, sha256))

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep the bytes of a file, once."""
        _check_file(path)
        return self._models.store(path, sha256)

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside a model, each once."""
        self._models.keep(name, sha256, statements)
        for stored in statements:
            if stored.statement.kind == "verdict" and stored.statement.sha256 == sha256:
                self._verdicts[name, sha256] = stored.statement.predicate.result

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements that were kept beside a model, by file name."""
        return self._models.statements(name, sha256)

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
        check_alias(alias)
        name, log = head.name, self._log(head.name)
        newest = log.head()
        if (newest.number if newest else 0) != head.entry:
            return None
        after = self._registered(name, blob, author)
        before = head.aliases.get(alias)
        if before and alias not in to_head(name, newest).aliases:
            self._tag(before, blob_tags(before.blob))
        aliases = {**to_head(name, newest).aliases, **{gone: head.aliases[gone] for gone in head.strays}, alias: after}
        change = change_fields(action, alias, before, after, author)
        state = state_fields(aliases, max(head.versions, after.number))
        with cancellation.deferred():
            entry = log.append(head.entry + 1, head.sha256, change, state, author.tool)
            if entry is None:
                return None
            with _following(name, alias, entry.number):
                self._follow(name, {alias})
        return to_head(name, entry)

    def settle(self, head: Head) -> None:
        """Let MLflow's aliases follow where a promotion was killed before they did."""
        pending = set(self._followed(head.name).pending(head.entry)) - set(head.strays)
        if pending:
            with cancellation.deferred():
                self._follow(head.name, pending)

    def history(self, name: str, start: int = 1) -> Iterator[Change]:
        """Every change from an entry on, oldest first, the chain verified."""
        return self._beside.history(name, start)

    def _tell(self, message: str) -> None:
        """Once a run; the head is read several times."""
        if message not in self._told:
            self._told.add(message)
            logger.warning("%s", message)

    def _follow(self, name: str, aliases: Iterable[str]) -> None:
        """Bring aliases into step with the log, until it has not moved on meanwhile.

        Whoever sets an alias looks at the log afterwards. So the last one to set it, of any number at once, saw the
        newest entry.
        """
        while True:
            head = to_head(name, self._log(name).head())
            for alias in sorted(aliases):
                if version := head.aliases.get(alias):
                    self._server.post(
                        "registered-models/alias",
                        f"set the alias {alias!r} of {name!r}",
                        name=name,
                        alias=alias,
                        version=str(version.number),
                    )
            newest = self._log(name).head()
            if newest is None or newest.number == head.entry:
                self._followed(name).mark(head.entry)
                return

    def _registered(self, name: str, blob: Blob, author: Author) -> Version:
        """The version of a stored model, made where there is none; tagged with what let it through."""
        verdict = self._verdicts.get((name, blob.sha256))
        tags = {"mlops-actions.verdict": verdict} if verdict else {}
        if author.run_url:
            tags["mlops-actions.run"] = author.run_url
        if version := self.version(name, blob.sha256):
            self._tag(version, tags)
            return version
        runs = self._models.runs(blob.sha256)
        if not runs:
            raise OutsideError(
                f"MLflow at {self._server.url!r} has lost the model {blob.sha256}: its bytes are gone.",
                hint="Promote the original file again, by its path, to repair it.",
            )
        try:
            self._server.post("registered-models/create", "make registered models", name=name)
        except AlreadyThereError:
            logger.debug("%s is registered", name)
        made = self._server.post(
            "model-versions/create",
            f"register a version of {name!r}",
            name=name,
            source=runs[0].source,
            run_id=runs[0].id,
            tags=[{"key": key, "value": value} for key, value in {**blob_tags(blob), **tags}.items()],
        )["model_version"]
        return _version(made)

    def _tag(self, version: Version, tags: Mapping[str, str]) -> None:
        right = f"tag versions of {version.name!r}"
        for key, value in tags.items():
            self._server.post(
                "model-versions/set-tag", right, name=version.name, version=str(version.number), key=key, value=value
            )

    def _numbered(self, name: str, number: int) -> Version | None:
        try:
            found = self._server.get(
                "model-versions/get", f"read versions of {name!r}", name=name, version=str(number)
            )["model_version"]
        except NotThereError:
            return None
        return _version(found) if SHA256 in read_tags(found) else Version(name, number, self._models.examine(found))

    def _model(self, name: str) -> dict[str, Any]:
        """What MLflow says about a model; nothing for one that is not registered."""
        try:
            answer = self._server.get("registered-models/get", f"read the registered model {name!r}", name=name)
        except NotThereError:
            return {}
        return dict(answer["registered_model"])

    def _log(self, name: str) -> Log:
        return Log(self._objects, f"models/{name}")

    def _followed(self, name: str) -> Followed:
        return Followed(self._objects, f"models/{name}", self._log(name), name)


def _version(found: Mapping[str, Any]) -> Version:
    """A version that carries our tags."""
    return Version(found["name"], int(found["version"]), tagged_blob(read_tags(found)))


@contextmanager
def _following(name: str, alias: str, entry: int) -> Iterator[None]:
    """What went wrong once the log had the entry is told so: the champion has changed."""
    try:
        yield
    except MlopsError as error:
        raise OutsideError(
            f"the log has the promotion as entry {entry}, but MLflow's alias {alias!r} of {name!r} does not follow "
            f"yet: {error.message}",
            hint="Run the promotion again to complete it.",
        ) from None


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(
            f"the model {str(path)!r} is a folder, which MLflow registers itself.",
            hint="Log it with MLflow, and promote the version that MLflow made, as name:number.",
        )
