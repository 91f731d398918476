"""A model's file or folder on its way into a registry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.folder_archive import SUFFIX, Packing, digest_archive
from mlops_actions.registries.interface import Blob, Received
from mlops_actions.registries.objects import digest_blocks, file_blocks

_SUFFIX = re.compile(r"\.[A-Za-z0-9_-]{1,20}")


class Reading:
    """A model that is read once, from the first byte to the last; a folder as its archive."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packing = Packing(path) if path.is_dir() else None
        self._digest = hashlib.sha256()
        self._size = 0

    def blocks(self) -> Iterator[bytes]:
        """Its content. Raises InputError when it cannot be read."""
        try:
            for block in self._packing.blocks() if self._packing else file_blocks(self._path):
                if not self._packing:
                    self._digest.update(block)
                self._size += len(block)
                yield block
        except OSError as error:
            raise InputError(f"the model {str(self._path)!r} cannot be read: {error.strerror}.") from None

    @property
    def blob(self) -> Blob:
        """What was read, once all was."""
        sha256 = self._packing.sha256 if self._packing else self._digest.hexdigest()
        return Blob(sha256, _suffix(self._path), self._size)


@contextmanager
def digested(path: Path, store: Callable[[Path, str], Blob]) -> Iterator[Received]:
    """A file or folder that is digested first, and read again by `store` if it is kept."""
    sha256 = digest_path(path)
    yield Received(sha256, lambda: store(path, sha256))


def blob_of(path: Path, sha256: str) -> Blob:
    """The blob that a file or folder of that SHA-256 makes; InputError when it cannot be read."""
    try:
        size = Packing(path).size if path.is_dir() else path.stat().st_size
    except OSError as error:
        raise InputError(f"the model {str(path)!r} cannot be read: {error.strerror}.") from None
    return Blob(sha256, _suffix(path), size)


def verified_blocks(path: Path, sha256: str) -> Iterator[bytes]:
    """A model's bytes; raises at the end, before the upload is made whole, when they are not the model's."""
    reading = Reading(path)
    yield from reading.blocks()
    if reading.blob.sha256 != sha256:
        raise InputError(f"the model {str(path)!r} changed while it was read.", hint="Evaluate and gate it again.")


def digest_stored(blob: Blob, parts: Iterable[bytes]) -> str:
    """The digest of a model's stored bytes: of a folder, from what is in its archive."""
    return digest_archive(parts) if blob.suffix == SUFFIX else digest_blocks(parts)


def _suffix(path: Path) -> str:
    if path.is_dir():
        return SUFFIX
    return path.suffix if _SUFFIX.fullmatch(path.suffix) else ""
