"""Models in Weights & Biases, `wandb:ENTITY/PROJECT?from=TEAM/PROJECT`: collections, whose versions are artifacts.

Training logs artifacts with W&B's own client; nothing is uploaded here. A model that is promoted by its path is found
among them by the digest that W&B gives an artifact, and linked to the collection. Aliases are W&B's own.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from mlops_actions.clouds.wandb import NotThereError, Wandb
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.registries.cache import cached
from mlops_actions.registries.hosted import HostedRegistry, Shown, open_log
from mlops_actions.registries.hosted.beside_log import StatementsBesideLog
from mlops_actions.registries.interface import Blob, Received, Version
from mlops_actions.registries.mlflow.artifacts import digest_of
from mlops_actions.registries.mlflow.copies import copy_of, download
from mlops_actions.registries.model_file import blob_of, digested, verified_blocks
from mlops_actions.registries.objects import Objects, file_blocks

logger = logging.getLogger(__name__)

Json = dict[str, Any]
SHA256, SUFFIX, SIZE = "mlops-actions.sha256", "mlops-actions.suffix", "mlops-actions.size"
"""Metadata of an artifact."""
MANIFEST = "mlops-actions.manifest"
"""W&B's own digest of the artifact that they were noted of: a draft of a new one takes all metadata along."""
_EXAMPLE = "wandb:ENTITY/PROJECT?from=TEAM/PROJECT, such as wandb:acme/wandb-registry-model?from=ml/flights"
_PLACE = r"[^/?#]+/[^/?#]+"


def open_registry(location: str) -> HostedRegistry:
    """The registry at `wandb:ENTITY/PROJECT?from=TEAM/PROJECT#log=location`; nothing is read or made yet."""
    address, _, log = location.partition("#log=")
    match = re.fullmatch(rf"wandb:({_PLACE})(?:\?from=({_PLACE}(?:/[^/?#]+)?))?", address, re.IGNORECASE)
    if not match:
        raise InputError(f"the registry {address!r} is none of W&B.", hint=f"Write {_EXAMPLE}.")
    objects = open_log(address, log)
    entity, _, project = match[1].partition("/")
    return HostedRegistry(location, WeightsAndBiases(Wandb(), (entity, project), match[2], objects), objects)


class WeightsAndBiases(StatementsBesideLog):
    """See `hosted.System`."""

    called = "W&B"

    def __init__(self, server: Wandb, place: tuple[str, str], source: str | None, log: Objects) -> None:
        super().__init__(log)
        self._server = server
        self._place = place
        self._source = source
        """Where training logs: TEAM/PROJECT, and the collection where it is not called as the model is."""
        self._given: dict[str, tuple[Path, Blob]] = {}
        self._examined: dict[str, tuple[str, str]] = {}
        """The digests of versions that others logged, as we computed them → collection and version."""

    def names(self) -> list[str]:
        """The project's collections."""
        return sorted(self._server.collections(*self._place))

    def shown(self, name: str, logged: Collection[int]) -> Shown:  # noqa: ARG002  nothing lags
        """The collection's versions, each with its aliases."""
        try:
            versions = list(self._versions(name))
        except NotThereError:
            return Shown({}, 0)
        aliases: dict[str, tuple[int, ...]] = {}
        for one in versions:
            for alias in self._aliases(name, one):
                aliases[alias] = (*aliases.get(alias, ()), _number(one))
        return Shown(aliases, max(map(_number, versions), default=0))

    def numbered(self, name: str, number: int) -> Version | None:
        """A version; the digest of one that others logged is computed from its files."""
        one = self._one(name, number)
        return Version(name, number, self._blob_of(name, one)) if one else None

    def versions_of(self, name: str, sha256: str) -> list[Version]:
        """The versions whose metadata have this digest."""
        found = (one for one in self._versions(name) if _said(one).get(SHA256) == sha256)
        versions = (Version(name, _number(one), self._blob_of(name, one)) for one in found)
        return sorted(versions, key=lambda version: version.number)

    def blob(self, sha256: str) -> Blob | None:
        """A model that is to be registered, or one of any collection."""
        if sha256 in self._given:
            return self._given[sha256][1]
        found = self._find(sha256)
        return self._blob_of(*found) if found else None

    def fetch(self, blob: Blob) -> Path:
        """A local copy, verified."""
        if blob.sha256 in self._given:
            return cached(blob, lambda: verified_blocks(self._given[blob.sha256][0], blob.sha256))
        if path := copy_of(blob.sha256):
            return path
        sha256, path = download(self._files(blob))
        if sha256 != blob.sha256:
            raise OutsideError(f"W&B's model {blob.sha256} is damaged: its bytes have another SHA-256.")
        return path

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes; None for nothing."""
        if blob.sha256 in self._given:
            return None
        try:
            found = digest_of(self._files(blob))
        except OutsideError as error:
            return error.message
        return None if found == blob.sha256 else f"its bytes have the SHA-256 {found[:12]}, not {blob.sha256[:12]}."

    def receive(self, path: Path) -> AbstractContextManager[Received]:
        """Read a file and digest it."""
        _check_file(path)
        return digested(path, self.store)

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep a copy on this machine, by which the artifact is found that training logged."""
        _check_file(path)
        blob = blob_of(path, sha256)
        cached(blob, lambda: verified_blocks(path, sha256))
        self._given[sha256] = path, blob
        return blob

    def check_alias(self, name: str, alias: str) -> None:  # noqa: ARG002  see the interface
        """W&B keeps some aliases to itself."""
        if alias == "latest" or re.fullmatch(r"v\d+", alias):
            raise InputError(f"W&B keeps the alias {alias!r} to itself.", where="alias", hint="Take champion.")

    def register(self, name: str, blob: Blob, tags: Mapping[str, str]) -> Version:
        """Link the artifact that holds the model, and note its digest."""
        found = self._logged(name, blob)
        # In this order a version always has its digest.
        self._note(found, {**_bytes_of(blob, found), **tags})
        return Version(name, self._server.link(found["id"], *self._place, name) + 1, blob)

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Add to an artifact's metadata."""
        self._note(self._there(version), tags)

    def adopt(self, version: Version) -> None:
        """Note the digest of a version that others logged."""
        found = self._there(version)
        self._note(found, _bytes_of(version.blob, found))

    def set_alias(self, name: str, alias: str, version: Version) -> None:
        """Within a collection W&B moves an alias as a whole."""
        self._server.add_alias(self._there(version)["id"], *self._place, name, alias)

    def _versions(self, name: str) -> Iterator[Json]:
        found = self._server.artifacts(*self._place, name)
        return (one for one in found if one["state"] == "COMMITTED")

    def _one(self, name: str, number: int) -> Json | None:
        return next((one for one in self._versions(name) if _number(one) == number), None)

    def _there(self, version: Version) -> Json:
        found = self._one(version.name, version.number)
        if found is None:
            raise OutsideError(f"W&B has no {version} of {version.name!r} any more.", hint="Promote it again.")
        return found

    def _aliases(self, name: str, one: Json) -> Iterator[str]:
        """Of this collection: an artifact may be in others too."""
        for alias in one["aliases"]:
            of = alias["artifactCollection"]
            here = (of["project"]["entity"]["name"], of["project"]["name"], of["name"]) == (*self._place, name)
            if here and alias["alias"] != "latest":
                yield alias["alias"]

    def _note(self, artifact: Json, more: Mapping[str, Any]) -> None:
        before = _metadata(artifact)
        after = {**before, **more}
        if after != before:
            self._server.describe(artifact["id"], after, self._place[1])

    def _logged(self, name: str, blob: Blob) -> Json:
        """The artifact with this model: of the collection itself, or else of where training logs."""
        if blob.sha256 in self._examined and self._examined[blob.sha256][0] == name:
            version = self._examined[blob.sha256][1]
            return next(one for one in self._versions(name) if one["version"] == version)
        path = self._given[blob.sha256][0] if blob.sha256 in self._given else self.fetch(blob)
        wanted = manifest_digest({path.name: self.fetch(blob)})
        places = [(*self._place, name)]
        if self._source:
            team, project, *collection = self._source.split("/")
            places.append((team, project, collection[0] if collection else name))
        for place in places:
            for one in self._server.artifacts(*place):
                if one["state"] == "COMMITTED" and one["digest"] == wanted:
                    return one
        where = " and ".join("/".join(place) for place in places)
        raise InputError(
            f"W&B has no artifact with the model {path.name!r} ({blob.sha256[:12]}) in {where}.",
            hint=f"Log it where it is trained: run.log_artifact({str(path)!r}, name={name!r}, type='model'), and name "
            "that project after ?from= in the registry's location.",
        )

    def _blob_of(self, name: str, one: Json) -> Blob:
        if said := _said(one):
            return Blob(said[SHA256], said.get(SUFFIX, ""), int(said.get(SIZE, 0)))
        logger.info("%s of %s was logged by others: computing its digest from its files", one["version"], name)
        sha256, path = download(_Files(self._server, lambda: self._server.files(*self._place, name, one["version"])))
        self._examined[sha256] = name, one["version"]
        return blob_of(path, sha256) if path.is_file() else Blob(sha256, "", one.get("size", 0))

    def _find(self, sha256: str) -> tuple[str, Json] | None:
        for name in self.names():
            for one in self._versions(name):
                if _said(one).get(SHA256) == sha256 or self._examined.get(sha256) == (name, one["version"]):
                    return name, one
        return None

    def _files(self, blob: Blob) -> _Files:
        found = self._find(blob.sha256)
        if found is None:
            raise OutsideError(f"the bytes of {blob.sha256[:12]} are gone.", hint="Log and promote it again.")
        name, one = found
        return _Files(self._server, lambda: self._server.files(*self._place, name, one["version"]))


class _Files:
    """The files of one version; see `mlflow.artifacts.ReadArtifacts`."""

    def __init__(self, server: Wandb, listed: Callable[[], Iterator[Json]]) -> None:
        self._server = server
        self._listed = listed

    def files(self, folder: str = "") -> dict[str, int]:  # noqa: ARG002  they are listed whole
        """The files, with their sizes in bytes."""
        return {one["name"]: int(one["sizeBytes"]) for one in self._listed()}

    def blocks(self, path: str) -> Iterator[bytes]:
        """A file's content; where it is read is asked anew, since addresses expire."""
        url = next(one["directUrl"] for one in self._listed() if one["name"] == path)
        return self._server.blocks(url)


def manifest_digest(files: Mapping[str, Path]) -> str:
    """W&B's own digest of an artifact with these files, by their names in it (its first version of a manifest)."""
    whole = hashlib.md5(b"wandb-artifact-manifest-v1\n", usedforsecurity=False)
    for name, path in sorted(files.items()):
        digest = hashlib.md5(usedforsecurity=False)
        for block in file_blocks(path):
            digest.update(block)
        whole.update(f"{name}:{b64encode(digest.digest()).decode()}\n".encode())
    return whole.hexdigest()


def _number(one: Json) -> int:
    """From 1, where W&B counts from v0."""
    return int(one["version"].removeprefix("v")) + 1


def _bytes_of(blob: Blob, one: Json) -> Json:
    """What is noted of an artifact's bytes."""
    return {SHA256: blob.sha256, SUFFIX: blob.suffix, SIZE: blob.size, MANIFEST: one["digest"]}


def _said(one: Json) -> Json:
    """The metadata with what we noted of its bytes; nothing where it was noted of others."""
    found = _metadata(one)
    return found if SHA256 in found and found.get(MANIFEST) == one["digest"] else {}


def _metadata(one: Json) -> Json:
    found = json.loads(one["metadata"] or "{}")
    return found if isinstance(found, dict) else {}


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(
            f"the model {str(path)!r} is a folder, which W&B's own client logs.",
            hint="Log it, and promote the version that it became, as name:number.",
        )
