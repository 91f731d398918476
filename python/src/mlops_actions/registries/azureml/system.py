"""The model registry of an Azure Machine Learning workspace; `HostedRegistry` holds the log beside it.

Bytes and statements lie by digest in the workspace's default datastore, and versions take their model from there.
Without the input `log` it lies there too.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from mlops_actions.clouds.azure import ConflictError, Json, Workspace, open_workspace
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import Predicate, Statement, Stored
from mlops_actions.registries.azureml.datastore import Datastore
from mlops_actions.registries.azureml.foreign import fetch_foreign
from mlops_actions.registries.azureml.versions import (
    SHA256,
    aliases_of,
    blob_of_version,
    blob_path,
    blob_properties,
    by_number,
    with_alias,
    with_blob,
    with_tags,
    without_alias,
)
from mlops_actions.registries.hosted import HostedRegistry, Shown, open_log
from mlops_actions.registries.interface import Blob, Received, Version
from mlops_actions.registries.object_store import ObjectStoreRegistry

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
_TAKEN = 20
"""So many numbers in a row may be taken by others while a version is registered."""


def open_registry(location: str) -> HostedRegistry:
    """The registry at `azureml:SUBSCRIPTION/GROUP/WORKSPACE#log=location`; nothing is read or made yet."""
    address, _, log = location.partition("#log=")
    workspace, _ = open_workspace(address, "registry", "SUBSCRIPTION/GROUP/WORKSPACE")
    store = Datastore(workspace)
    return HostedRegistry(location, AzureMl(workspace, store), open_log(address, log) if log else store.objects())


class AzureMl:
    """See `hosted.System`."""

    called = "Azure ML"

    def __init__(self, workspace: Workspace, store: Datastore) -> None:
        self._workspace = workspace
        self._store = store
        self._kept = ObjectStoreRegistry(store.objects())

    def names(self) -> list[str]:
        """The models that are registered."""
        return sorted(str(one["name"]) for one in self._workspace.arm.pages(f"{self._workspace.path}/models"))

    def shown(self, name: str, logged: Collection[int]) -> Shown:
        """What the tags and stages of all versions say; those that matter are asked themselves, since lists lag."""
        versions = by_number(self._list(name))
        for number in {*logged, *(number for number, version in versions.items() if aliases_of(version))}:
            versions.pop(number, None)
            if now := self._find(name, number):
                versions[number] = now
        aliases: dict[str, list[int]] = {}
        for number, version in versions.items():
            for alias in aliases_of(version):
                aliases.setdefault(alias, []).append(number)
        return Shown(aliases, max(versions, default=0))

    def numbered(self, name: str, number: int) -> Version | None:
        """A registered version."""
        found = self._find(name, number)
        if found is None:
            return None
        blob = blob_of_version(found) or fetch_foreign(self._workspace, name, number, found)
        return Version(name, number, blob)

    def versions_of(self, name: str, sha256: str) -> list[Version]:
        """The versions that carry this digest, by number."""
        listed = by_number(self._list(name, properties=f"{SHA256}={sha256}"))
        found = ((number, blob_of_version(version)) for number, version in listed.items())
        return [Version(name, number, blob) for number, blob in found if blob and blob.sha256 == sha256]

    def blob(self, sha256: str) -> Blob | None:
        """A stored model by its SHA-256, whatever its name."""
        return self._kept.blob(sha256)

    def fetch(self, blob: Blob) -> Path:
        """A local copy of the model."""
        return self._kept.fetch(blob)

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes, read where they lie and not from a copy."""
        return self._kept.check(blob)

    def receive(self, path: Path) -> AbstractContextManager[Received]:
        """Read a file or folder and digest it."""
        return self._kept.receive(path)

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep its bytes, once."""
        return self._kept.store(path, sha256)

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside a model, each once."""
        self._kept.keep(name, sha256, statements)

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements that were kept beside a model, by file name."""
        return self._kept.statements(name, sha256)

    def check_alias(self, name: str, alias: str) -> None:  # noqa: ARG002  see the interface
        """Any tag may be an alias; names have no dots."""
        if not _NAME.fullmatch(name):
            raise InputError(
                f"Azure ML takes no model called {name!r}.",
                where="name",
                hint="Use letters, digits, hyphens and underscores.",
            )

    def register(self, name: str, blob: Blob, tags: Mapping[str, str]) -> Version:
        """Make a version under the next free number; one that was made meanwhile is never put in another's place."""
        if self._kept.blob(blob.sha256) is None:
            raise OutsideError(
                f"the workspace {self._workspace.name!r} has lost the model {blob.sha256}: its bytes are gone.",
                hint="Promote the original file again, by its path, to repair it.",
            )
        fields = {
            "modelUri": self._store.uri(blob_path(blob)),
            "modelType": "custom_model",
            "properties": blob_properties(blob),
            "tags": dict(tags),
        }
        first = max(by_number(self._list(name)), default=0) + 1
        for number in range(first, first + _TAKEN):
            there = self._find(name, number)
            if there is None:
                try:
                    there = self._put(name, number, fields)
                except ConflictError:  # another promotion took the number between the two
                    there = self._find(name, number)
            if there and blob_of_version(there) == blob:
                return Version(name, number, blob)
        raise OutsideError(
            f"the versions {first} to {first + _TAKEN - 1} of {name!r} were all taken by others meanwhile.",
            hint="Run it again when fewer promotions run at once.",
        )

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Set tags of a version, in one request."""
        if tags:
            self._put(version.name, version.number, with_tags(self._get(version), tags))

    def adopt(self, version: Version) -> None:
        """Keep a copy of a model that others registered, and note its digest with it."""
        self._kept.store(self._kept.fetch(version.blob), version.sha256)
        self._put(version.name, version.number, with_blob(self._get(version), version.blob))

    def set_alias(self, name: str, alias: str, version: Version) -> None:
        """Name this version first, so that the alias never names none, and then no other."""
        found = self._get(version)
        if alias not in aliases_of(found):
            self._put(name, version.number, with_alias(found, alias))
        for number, other in by_number(self._list(name)).items():
            if number != version.number and alias in aliases_of(other):
                self._put(name, number, without_alias(other, alias))

    def _list(self, name: str, **query: str) -> Iterator[Json]:
        """All versions of a model; none of one that was never registered."""
        if self._workspace.find(f"models/{name}") is None:
            return iter(())
        return self._workspace.arm.pages(f"{self._workspace.path}/models/{name}/versions", **query)

    def _find(self, name: str, number: int) -> Json | None:
        return self._workspace.find(f"models/{name}/versions/{number}")

    def _get(self, version: Version) -> Json:
        found = self._find(version.name, version.number)
        if found is None:
            raise OutsideError(f"{version} of {version.name!r} is gone from the workspace {self._workspace.name!r}.")
        return found

    def _put(self, name: str, number: int, fields: Json) -> Json:
        path = f"{self._workspace.path}/models/{name}/versions/{number}"
        return self._workspace.arm.put(path, {"properties": fields}).body
