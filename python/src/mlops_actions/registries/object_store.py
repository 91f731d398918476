"""The registry on a disk or in a bucket; docs/registry-layout.md shows where everything lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mlops_actions import cancellation
from mlops_actions.errors import OutsideError
from mlops_actions.evidence import Predicate, Statement, Stored
from mlops_actions.registries.cache import cached
from mlops_actions.registries.folder_archive import SUFFIX
from mlops_actions.registries.interface import Action, Author, Blob, Change, Head, Received, Version
from mlops_actions.registries.kept import kept_content, kept_name, read_kept
from mlops_actions.registries.log import Entry, Log
from mlops_actions.registries.model_file import Reading, blob_of, digest_stored, digested, verified_blocks
from mlops_actions.registries.model_log import change_fields, state_fields, to_change, to_head
from mlops_actions.registries.objects import Objects
from mlops_actions.registries.progress import telling
from mlops_actions.registries.trash import let_go, restore

_DIGITS = 12


def open_registry(location: str) -> ObjectStoreRegistry:
    """The registry at a location; nothing is read or made yet."""
    return ObjectStoreRegistry(Objects(location))


class ObjectStoreRegistry:
    """See `interface.Registry`."""

    def __init__(self, objects: Objects) -> None:
        self.location = objects.location
        self.objects = objects
        """Where everything lies."""

    def names(self) -> list[str]:
        """The models that are registered: predictions and looks may lie below a name that is not."""
        return [name for name in self.objects.folders("models") if "log" in self.objects.folders(f"models/{name}")]

    def head(self, name: str) -> Head:
        """The aliases of a model now."""
        return to_head(name, self._log(name).head())

    def version(self, name: str, which: int | str) -> Version | None:
        """A registered version by its number or its SHA-256."""
        return self._of_number(name, which) if isinstance(which, int) else self._of_digest(name, which)

    def blob(self, sha256: str) -> Blob | None:
        """A stored model by its SHA-256, whatever its name."""
        for key in self.objects.keys(f"blobs/{sha256}"):
            size = self.objects.size(key)
            if size is not None:
                return Blob(sha256, PurePosixPath(key).suffix, size)
        return None

    def fetch(self, blob: Blob) -> Path:
        """The model: on a disk the registry's own file; from a bucket, and of a folder, a copy in the cache."""
        path = self.objects.path(_blob_key(blob))
        if path is None or blob.suffix == SUFFIX:
            what = f"fetching {blob.sha256[:12]}"
            return cached(blob, lambda: telling(self._bytes(blob), blob.size, what))
        if digest_stored(blob, self._bytes(blob)) != blob.sha256:
            raise OutsideError(
                f"the registry's model {str(path)!r} is damaged: its bytes have another SHA-256.",
                hint="Promote the original file again to repair it.",
            )
        return path

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes, read where they lie and not from a copy."""
        parts = self.objects.parts(_blob_key(blob))
        if parts is None:
            return f"the bytes of {blob.sha256[:12]} are gone."
        try:
            found = digest_stored(blob, parts)
        except OutsideError as error:
            return error.message
        return None if found == blob.sha256 else f"its bytes have the SHA-256 {found[:12]}, not {blob.sha256[:12]}."

    def was_let_go(self, sha256: str) -> bool:
        """Whether `gc` noted that it let go of a model's bytes."""
        return self.objects.size(let_go(sha256)) is not None

    def url(self, blob: Blob) -> str:
        """Where a model's bytes lie, for others that read them."""
        return f"{self.location.rstrip('/')}/{_blob_key(blob)}"

    @contextmanager
    def receive(self, path: Path) -> Iterator[Received]:
        """Read a file and digest it; on a disk it is copied meanwhile, so that large models are read only once."""
        if self.objects.folder is None:
            with digested(path, self.store) as received:
                yield received
            return
        reading = Reading(path)
        with self.objects.partial("incoming", reading.blocks()) as partial:
            blob = reading.blob

            def keep() -> Blob:
                self.objects.adopt(partial, _blob_key(blob))
                return blob

            yield Received(blob.sha256, keep)

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep the bytes of a file, once."""
        blob = blob_of(path, sha256)
        if not self._holds(blob):
            blocks = telling(verified_blocks(path, sha256), blob.size, f"storing {path.name}")
            self.objects.upload(_blob_key(blob), blocks, blob.size)
        return blob

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside a model, each once."""
        for stored in statements:
            self.objects.create(f"{_folder(name, sha256)}/{kept_name(stored)}", kept_content(stored))

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements that were kept beside a model, by file name."""
        keys = self.objects.keys(_folder(name, sha256))
        return [self._statement(key) for key in keys if key.endswith(".json")]

    def attach(self, name: str, key: str, content: bytes) -> bool:
        """Keep an object beside a model's log, once."""
        return self.objects.create(_beside(name, key), content)

    def attached(self, name: str, key: str) -> bytes | None:
        """An object beside a model's log."""
        return self.objects.read(_beside(name, key))

    def attachments(self, name: str, folder: str) -> list[str]:
        """The keys of the objects in a folder beside a model's log."""
        prefix = f"models/{name}/"
        return [key.removeprefix(prefix) for key in self.objects.keys(_beside(name, folder))]

    def point(self, head: Head, alias: str, blob: Blob, action: Action, author: Author) -> Head | None:
        """Let an alias name a stored model: the append is the one step that counts, the rest are hints."""
        after = self._registered(head, blob) or Version(head.name, head.versions + 1, blob)
        aliases = {**head.aliases, alias: after}
        change = change_fields(action, alias, head.aliases.get(alias), after, author)
        state = state_fields(aliases, max(head.versions, after.number))
        with cancellation.deferred():
            if after.number > head.versions:
                self._announce(head, blob)
            entry = self._log(head.name).append(head.entry + 1, head.sha256, change, state, author.tool)
        if entry is None:
            return None
        new = to_head(head.name, entry)
        self.settle(new)
        return new

    def settle(self, head: Head) -> None:
        """Take back what `gc` moved to the trash while an alias came to name it."""
        restore(self.objects, head)

    def history(self, name: str, start: int = 1) -> Iterator[Change]:
        """Every change from an entry on, oldest first, the chain verified."""
        for entry in self._log(name).entries(start):
            yield to_change(name, entry)

    def _log(self, name: str) -> Log:
        return Log(self.objects, f"models/{name}")

    def _statement(self, key: str) -> Statement[Predicate]:
        return read_kept(key, self.objects.read(key) or b"", f"{self.location}, {key}")

    def _entry(self, name: str, number: int) -> Entry:
        if entry := self._log(name).read(number):
            return entry
        raise OutsideError(f"the log of {name!r} in the registry {self.location!r} lacks entry {number}.")

    def _of_number(self, name: str, number: int) -> Version | None:
        """The count of versions never falls along the log, so the entry that registered one is found by halves."""
        head = self.head(name)
        if not 1 <= number <= head.versions:
            return None
        first, last = 1, head.entry
        while first < last:
            middle = (first + last) // 2
            if to_head(name, self._entry(name, middle)).versions >= number:
                last = middle
            else:
                first = middle + 1
        return to_change(name, self._entry(name, first)).after

    def _registered(self, head: Head, blob: Blob) -> Version | None:
        named = (version for version in head.aliases.values() if version and version.sha256 == blob.sha256)
        return next(named, None) or self._of_digest(head.name, blob.sha256)

    def _announce(self, head: Head, blob: Blob) -> None:
        """Say, before it is registered, from which entry on a version is to be looked for."""
        key, content = f"{_folder(head.name, blob.sha256)}/entry", b"%d\n" % (head.entry + 1)
        if not self.objects.create(key, content):
            self.objects.replace(key, content)

    def _of_digest(self, name: str, sha256: str) -> Version | None:
        """What was never announced was never registered; where the hint says nonsense, the whole log is read."""
        content = self.objects.read(f"{_folder(name, sha256)}/entry")
        if content is None:
            return None
        hint = int(content) if content.strip().isdigit() and len(content) <= _DIGITS else 1
        start = hint if self._log(name).read(hint - 1) else 1
        return next((change.after for change in self.history(name, start) if change.after.sha256 == sha256), None)

    def _holds(self, blob: Blob) -> bool:
        """Whether the blob is there and right; in a bucket by its size, since it is verified whenever it is read."""
        if self.objects.size(_blob_key(blob)) != blob.size:
            return False
        return self.objects.folder is None or self.check(blob) is None

    def _bytes(self, blob: Blob) -> Iterator[bytes]:
        parts = self.objects.parts(_blob_key(blob))
        if parts is None:
            raise OutsideError(
                f"the registry {self.location!r} has no bytes of the model {blob.sha256} any more.",
                hint="They were let go by `gc`, or lost. Promote the original file again, by its path, to repair it.",
            )
        return parts


def _beside(name: str, key: str) -> str:
    """Where an attachment lies. Raises ValueError for a key of ours, or one that leads elsewhere."""
    parts = PurePosixPath(key).parts
    if not parts or parts[0] in ("log", "head", "versions") or ".." in parts or key.startswith("/"):
        raise ValueError(f"{key!r} is no key of an attachment")
    return f"models/{name}/{key}"


def _blob_key(blob: Blob) -> str:
    return f"blobs/{blob.sha256}/model{blob.suffix}"


def _folder(name: str, sha256: str) -> str:
    return f"models/{name}/versions/{sha256}"
