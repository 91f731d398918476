"""Models on the Hugging Face Hub, `hf:OWNER`: a model is a repository, its versions are tags, its aliases branches.

A version is a commit of `main` that replaces the model's file, with the tag `v1`, `v2`, …; `mlops-actions.json` beside
it says which bytes it is, and on `main` which all were. An alias moves by a commit on its branch, never by deleting it,
so that `revision="champion"` always finds a whole model. Each commit names its parent: the Hub's compare-and-swap.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from mlops_actions.clouds.hub import AlreadyThereError, Hub, MovedOnError, NotThereError
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.registries.cache import cached
from mlops_actions.registries.hosted import HostedRegistry, Shown, open_log
from mlops_actions.registries.hosted.beside_log import StatementsBesideLog
from mlops_actions.registries.huggingface.commits import SAYS, Json, as_file, known_as, large, removed, says, small
from mlops_actions.registries.interface import NAME, Blob, Received, Version
from mlops_actions.registries.model_file import blob_of, digest_stored, digested, verified_blocks
from mlops_actions.registries.objects import Objects

logger = logging.getLogger(__name__)

_ATTEMPTS = 10
_PAUSE = 0.5
"""Seconds: what was committed a moment ago may not be shown yet."""


def open_registry(location: str) -> HostedRegistry:
    """The registry at `hf:OWNER#log=location`; nothing is read or made yet."""
    address, _, log = location.partition("#log=")
    owner = address.partition(":")[2]
    if not re.fullmatch(NAME, owner):
        raise InputError(
            f"the registry {address!r} names no owner.", hint="Write hf:OWNER, a user or organization of the Hub."
        )
    objects = open_log(address, log)
    return HostedRegistry(location, HuggingFace(Hub(), owner, objects), objects)


class HuggingFace(StatementsBesideLog):
    """See `hosted.System`."""

    called = "Hugging Face"

    def __init__(self, hub: Hub, owner: str, log: Objects) -> None:
        super().__init__(log)
        self._hub = hub
        self._owner = owner
        self._given: dict[str, tuple[Path, Blob]] = {}
        """What is to be stored, by digest: it goes up with its first version."""

    def names(self) -> list[str]:
        """The owner's repositories of models."""
        return sorted(one.partition("/")[2] for one in self._hub.models(self._owner))

    def shown(self, name: str, logged: Collection[int]) -> Shown:  # noqa: ARG002  git shows what was written
        """The branches that hold a version as it was registered."""
        try:
            branches, _ = self._hub.refs(self._at(name))
        except NotThereError:
            return Shown({}, 0)
        found = {branch: self._standing(name, commit) for branch, commit in branches.items() if branch != "main"}
        aliases = {branch: (number,) for branch, number in found.items() if number}
        return Shown(aliases, max((one["number"] for one in self._versions(name)), default=0))

    def numbered(self, name: str, number: int) -> Version | None:
        """One of the versions that `main` lists."""
        return next((_version(name, one) for one in self._versions(name) if one["number"] == number), None)

    def versions_of(self, name: str, sha256: str) -> list[Version]:
        """Those of them that are this model."""
        return [_version(name, one) for one in self._versions(name) if one["sha256"] == sha256]

    def blob(self, sha256: str) -> Blob | None:
        """A model that is to be stored, or one of any repository of the owner."""
        if sha256 in self._given:
            return self._given[sha256][1]
        found = self._find(sha256)
        return _version(*found).blob if found else None

    def fetch(self, blob: Blob) -> Path:
        """A local copy, verified."""
        return cached(blob, lambda: self._blocks(blob))

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes; None for nothing."""
        try:
            found = digest_stored(blob, self._blocks(blob))
        except NotThereError:
            return f"the bytes of {blob.sha256[:12]} are gone."
        except OutsideError as error:
            return error.message
        return None if found == blob.sha256 else f"its bytes have the SHA-256 {found[:12]}, not {blob.sha256[:12]}."

    def receive(self, path: Path) -> AbstractContextManager[Received]:
        """Read a file and digest it."""
        return digested(path, self.store)

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep a copy on this machine until its first version: the Hub keeps bytes below one name only."""
        blob = blob_of(path, sha256)
        cached(blob, lambda: verified_blocks(path, sha256))
        self._given[sha256] = path, blob
        return blob

    def check_alias(self, name: str, alias: str) -> None:  # noqa: ARG002  see the interface
        """`main` holds the versions, and their tags look like `v1`."""
        if alias == "main" or re.fullmatch(r"v\d+", alias):
            raise InputError(
                f"the Hub's revision {alias!r} holds a version.", where="alias", hint="Take another name: champion."
            )

    def register(self, name: str, blob: Blob, tags: Mapping[str, str]) -> Version:
        """Commit the model's file to `main` as its newest version, and tag it."""
        repository = self._at(name)
        try:
            self._hub.create(repository)
        except AlreadyThereError:
            logger.debug("%s is there", repository)
        said = self._uploaded(repository, blob) | {"tags": dict(tags)}
        for _ in self._again(repository):
            head = self._hub.head(repository)
            held = self._says(name, head)
            versions = held["versions"]
            same = next((one for one in versions if one["sha256"] == blob.sha256), None)
            if same is None:
                said["number"] = len(versions) + 1
                changes = [self._added(said, blob), says(said, [*versions, said]), *self._old(name, head, said["file"])]
                try:
                    head = self._hub.commit(repository, "main", head, f"Version {said['number']}", changes)
                except MovedOnError:
                    continue
                self._tag(repository, said["number"], head)
            self._given.pop(blob.sha256, None)
            return _version(name, same or said)
        raise self._busy(repository)

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Add to what `main` says of a version."""
        repository = self._at(version.name)
        for _ in self._again(repository):
            head = self._hub.head(repository)
            held = self._says(version.name, head)
            one = next((one for one in held["versions"] if one["number"] == version.number), None)
            if one is None or one["tags"] == one["tags"] | tags:
                return
            one["tags"] |= tags
            change = says(held["version"], held["versions"])
            try:
                self._hub.commit(repository, "main", head, f"Tag version {version.number}", [change])
            except MovedOnError:
                continue
            return
        raise self._busy(repository)

    def adopt(self, version: Version) -> None:
        """Every version is one that was registered here."""

    def set_alias(self, name: str, alias: str, version: Version) -> None:
        """Let a branch hold the version: made at its tag, or by a commit that replaces what it held."""
        repository = self._at(name)
        said = next((one for one in self._versions(name) if one["number"] == version.number), None)
        if said is None:
            raise OutsideError(f"{repository!r} lists no {version} any more.", hint=f"Bring {SAYS} of `main` back.")
        for _ in self._again(repository):
            branches, _tags = self._hub.refs(repository)
            commit = self._revision(name, version.number)
            if alias not in branches:
                try:
                    self._hub.branch(repository, alias, commit)
                except AlreadyThereError:
                    continue
                return
            head = branches[alias]
            if self._standing(name, head) == version.number:
                return
            changes = [self._kept(name, said), says(said, []), *self._old(name, head, said["file"])]
            try:
                self._hub.commit(repository, alias, head, f"Version {version.number}", changes)
            except MovedOnError:
                continue
            return
        raise self._busy(repository)

    def _at(self, name: str) -> str:
        return f"{self._owner}/{name}"

    def _says(self, name: str, revision: str) -> Json:
        """What is said beside a revision's model; nothing where nobody registered it."""
        try:
            found = json.loads(self._hub.read(self._at(name), revision, SAYS))
        except NotThereError:
            return {"version": None, "versions": []}
        except ValueError:
            found = None
        if isinstance(found, dict) and {"version", "versions"} <= found.keys():
            return found
        raise OutsideError(f"{SAYS} in {self._at(name)!r} is damaged.", hint="Bring an earlier commit of it back.")

    def _versions(self, name: str, revision: str = "main") -> list[Json]:
        versions: list[Json] = self._says(name, revision)["versions"]
        return versions

    def _standing(self, name: str, commit: str) -> int | None:
        """The number of the version that a commit holds; None where it has none, or its file was changed."""
        said = self._says(name, commit)["version"]
        if said and self._hub.files(self._at(name), commit).get(said["file"]) == said["oid"]:
            return int(said["number"])
        return None

    def _revision(self, name: str, number: int) -> str:
        """The commit of a version: of its tag, made where a promotion was killed before it could make it."""
        branches, tags = self._hub.refs(self._at(name))
        if f"v{number}" not in tags and self._standing(name, branches["main"]) == number:
            self._tag(self._at(name), number, branches["main"])
            return branches["main"]
        return tags.get(f"v{number}", f"v{number}")

    def _find(self, sha256: str) -> tuple[str, Json] | None:
        for name in self.names():
            for one in self._versions(name):
                if one["sha256"] == sha256:
                    return name, one
        return None

    def _blocks(self, blob: Blob) -> Iterator[bytes]:
        if given := self._given.get(blob.sha256):
            yield from verified_blocks(given[0], blob.sha256)
            return
        found = self._find(blob.sha256)
        if found is None:
            raise NotThereError(
                f"the Hub has lost the model {blob.sha256}: its bytes are gone.",
                hint="Promote the original file again, by its path, to repair it.",
            )
        name, said = found
        yield from self._hub.blocks(self._at(name), self._revision(name, said["number"]), said["file"])

    def _uploaded(self, repository: str, blob: Blob) -> Json:
        """What is said of a model whose bytes are there, or small enough for the commit itself."""
        file = f"model{blob.suffix}"
        with as_file(self.fetch(blob), blob) as stored:
            is_large = self._hub.is_large(repository, file, stored)
            oid = known_as(stored, is_large=is_large)
            if is_large:
                self._hub.upload(repository, stored, oid)
            at = {"file": file, "oid": oid, "large": is_large, "stored": stored.stat().st_size}
        return {"number": 0, "sha256": blob.sha256, "suffix": blob.suffix, "size": blob.size, **at}

    def _added(self, said: Json, blob: Blob) -> Json:
        """The operation that puts a new version's file into its first revision."""
        if said["large"]:
            return large(said["file"], said["oid"], said["stored"])
        with as_file(self.fetch(blob), blob) as stored:
            return small(said["file"], stored.read_bytes())

    def _kept(self, name: str, said: Json) -> Json:
        """The operation that puts a version's file, which the repository has, onto another branch."""
        if said["large"]:
            return large(said["file"], said["oid"], said["stored"])
        return small(said["file"], self._hub.read(self._at(name), self._revision(name, said["number"]), said["file"]))

    def _tag(self, repository: str, number: int, commit: str) -> None:
        try:
            self._hub.tag(repository, f"v{number}", commit)
        except AlreadyThereError:
            logger.debug("version %d is tagged", number)

    def _old(self, name: str, revision: str, file: str) -> list[Json]:
        """The operations that remove the file of the version before, where it is another."""
        before = self._says(name, revision)["version"]
        gone = before and before["file"] != file and before["file"] in self._hub.files(self._at(name), revision)
        return [removed(before["file"])] if gone else []

    def _again(self, repository: str) -> Iterator[int]:
        for attempt in range(_ATTEMPTS):
            if attempt:
                logger.debug("%s moved on", repository)
                time.sleep(_PAUSE)
            yield attempt

    def _busy(self, repository: str) -> OutsideError:
        return OutsideError(
            f"{repository!r} was changed by others {_ATTEMPTS} times while it was to be changed.", hint="Run it again."
        )


def _version(name: str, said: Json) -> Version:
    return Version(name, int(said["number"]), Blob(said["sha256"], said["suffix"], int(said["size"])))
