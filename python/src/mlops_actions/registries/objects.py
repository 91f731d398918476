"""Objects on a disk or in a bucket: written whole or not at all, and made only where there is none yet.

A local file is written beside its place and put there when it is whole, so a killed process leaves no half object (a
stray `<name>#<number>` at worst, which is never listed). obstore does not sync; on a disk we do, before the next step.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.registries.synced_file import partial_file, sync

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

RETRIES: RetryConfig = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
_DOWNLOAD = 8 << 20
_PART = 5 << 20
_PARTS = 9_000
"""S3 takes 10,000 of at least 5 MB."""
_BLOCK = 1 << 20
"""Of a local file: what stays in the processor's cache between reading, digesting and writing."""
_WORDS = 300


class Objects:
    """The objects below one location: a folder (`file:path` or a plain path) or a bucket's URL.

    `open_store` opens a bucket that no URL and no variable leads to; `location` is then only told.
    """

    def __init__(
        self,
        location: str,
        retries: RetryConfig = RETRIES,
        open_store: Callable[[], ObjectStore] | None = None,
    ) -> None:
        self.location = location
        self.folder = None if open_store else _folder(location)
        """None for a bucket."""
        self._retries = retries
        self._open_store = open_store
        self._durable: set[Path] = set()
        """Folders that a power cut leaves where they are."""

    def create(self, key: str, content: bytes) -> bool:
        """Make an object; False, and nothing changed, when there is one already."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._failing("written"):
            try:
                obstore.put(self._store, key, content, mode="create")
            except AlreadyExistsError:
                return False
            self._sync(key)
        return True

    def replace(self, key: str, content: bytes) -> None:
        """Make an object or put another in its place."""
        import obstore

        with self._failing("written"):
            obstore.put(self._store, key, content)

    def upload(self, key: str, content: Iterable[bytes], size: int = 0) -> None:
        """Make an object from parts, or put another in its place; when a part raises, nothing is changed.

        `size` is about how many bytes they are: a bucket takes so many parts at most, so huge objects have larger ones.
        """
        import obstore

        with self._failing("written"):
            if self.folder:
                with self.partial(key, content) as partial:
                    self.adopt(partial, key)
            else:
                obstore.put(self._store, key, iter(content), chunk_size=max(_PART, -(-size // _PARTS)))

    @contextmanager
    def partial(self, key: str, content: Iterable[bytes]) -> Iterator[Path]:
        """On a disk, a synced file that is no object yet; see `adopt`. It is gone at the end."""
        if self.folder is None:
            raise ValueError("a bucket has no files")
        with ExitStack() as stack:
            with self._failing("written"):
                partial = stack.enter_context(partial_file(self.folder / key, content))
            yield partial

    def adopt(self, partial: Path, key: str) -> None:
        """On a disk, make an object of such a file, or put it in another's place."""
        if self.folder is None:
            raise ValueError("a bucket takes no file")
        with self._failing("written"):
            (self.folder / key).parent.mkdir(parents=True, exist_ok=True)
            partial.replace(self.folder / key)
            self._sync(key)

    def read(self, key: str) -> bytes | None:
        """An object's content, None when there is none."""
        parts = self.parts(key)
        return None if parts is None else b"".join(parts)

    def parts(self, key: str) -> Iterator[bytes] | None:
        """An object's content in blocks, None when there is none.

        A local file is read directly: that is four times as fast, and a gate need not import obstore.
        """
        with self._failing("read"):
            if self._absent:
                return None
            if self.folder:
                path = self.folder / key
                return self._blocks(file_blocks(path)) if path.is_file() else None
            return self._remote_parts(key)

    def size(self, key: str) -> int | None:
        """An object's size in bytes, None when there is none."""
        import obstore

        with self._failing("read"):
            if self._absent:
                return None
            try:
                return obstore.head(self._store, key)["size"]
            except FileNotFoundError:
                return None

    def modified(self, key: str) -> datetime | None:
        """When an object was last written; None when there is none."""
        import obstore

        with self._failing("read"):
            if self._absent:
                return None
            try:
                return obstore.head(self._store, key)["last_modified"]
            except FileNotFoundError:
                return None

    def move(self, key: str, to: str) -> None:
        """Give an object another name; one that is gone already stays gone."""
        import obstore

        with self._failing("written"), contextlib.suppress(FileNotFoundError):
            obstore.rename(self._store, key, to)

    def delete(self, key: str) -> None:
        """Remove an object; one that is gone already stays gone."""
        import obstore

        with self._failing("written"), contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, key)

    def keys(self, folder: str, after: str | None = None) -> list[str]:
        """The objects below a folder, sorted; with `after`, those that sort behind it."""
        import obstore

        with self._failing("read"):
            if self._absent:
                return []
            return sorted(found["path"] for page in obstore.list(self._store, folder, offset=after) for found in page)

    def folders(self, folder: str) -> list[str]:
        """The names of the folders in a folder, sorted."""
        import obstore

        with self._failing("read"):
            if self._absent:
                return []
            found = obstore.list_with_delimiter(self._store, folder)["common_prefixes"]
        return sorted(path.rstrip("/").rpartition("/")[2] for path in found)

    def path(self, key: str) -> Path | None:
        """The object's own file, None in a bucket."""
        return self.folder / key if self.folder else None

    @property
    def _absent(self) -> bool:
        """A folder that does not exist holds nothing, and reading must not make it."""
        if self.folder and self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"the registry {self.location!r} is a file, not a folder.", hint="Name a folder.")
        return self.folder is not None and not self.folder.exists()

    @cached_property
    def _store(self) -> ObjectStore:
        from obstore.store import LocalStore, from_url

        if self._open_store:
            return self._open_store()
        if self.folder:
            return LocalStore(self.folder, mkdir=True)
        return from_url(self.location, retry_config=self._retries)

    def _remote_parts(self, key: str) -> Iterator[bytes] | None:
        import obstore

        try:
            found = obstore.get(self._store, key)
        except FileNotFoundError:
            return None
        return self._blocks(map(bytes, found.stream(min_chunk_size=_DOWNLOAD)))

    def _blocks(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        with self._failing("read"):
            yield from blocks

    def _sync(self, key: str) -> None:
        """On a disk, wait until the object and the folders that lead to it would survive a power cut."""
        if self.folder is None:
            return
        place = self.folder / key
        for path in (place, place.parent):
            sync(path)
        folder = place.parent
        while folder != self.folder and folder not in self._durable:
            sync(folder.parent)
            self._durable.add(folder)
            folder = folder.parent

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if not (isinstance(error, OSError) or type(error).__module__ == "obstore.exceptions"):
                raise
            raise OutsideError(
                f"the registry {self.location!r} cannot be {what}: {_short(error)}.",
                hint="Check that it is there, your rights and the free space, then run it again.",
            ) from None


def digest_blocks(blocks: Iterable[bytes]) -> str:
    """SHA-256 of parts, in hex."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def file_blocks(path: Path) -> Iterator[bytes]:
    """A file's content in blocks."""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block


def _folder(location: str) -> Path | None:
    """The folder that a location names, None for a bucket's URL."""
    if match := re.match(r"file:(?://(localhost)?(?=/))?", location, re.IGNORECASE):
        return Path(location[match.end() :] or ".")
    return None if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", location) else Path(location)


def _short(error: Exception) -> str:
    """What went wrong in one line: the system's own words where there are any."""
    text = str(error)
    if match := re.search(r"\(os error (\d+)\)", text):
        return os.strerror(int(match[1]))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = " ".join(text.split("\n\n")[0].split()).rstrip(".")
    return words if len(words) <= _WORDS else f"{words[:_WORDS]}…"
