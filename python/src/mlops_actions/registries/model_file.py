"""A model's file on its way into a registry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from mlops_actions.errors import InputError
from mlops_actions.registries.interface import Blob
from mlops_actions.registries.objects import file_blocks

_SUFFIX = re.compile(r"\.[A-Za-z0-9_-]{1,20}")


class Reading:
    """A file that is read once, from the first byte to the last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digest = hashlib.sha256()
        self._size = 0

    def blocks(self) -> Iterator[bytes]:
        """Its content. Raises InputError when it cannot be read."""
        try:
            for block in file_blocks(self.path):
                self._digest.update(block)
                self._size += len(block)
                yield block
        except OSError as error:
            raise InputError(f"the model {str(self.path)!r} cannot be read: {error.strerror}.") from None

    @property
    def blob(self) -> Blob:
        """What was read, once all was."""
        suffix = self.path.suffix
        return Blob(self._digest.hexdigest(), suffix if _SUFFIX.fullmatch(suffix) else "", self._size)


def blob_of(path: Path, sha256: str) -> Blob:
    """The blob that a file of that SHA-256 makes; InputError when it cannot be read."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"the model {str(path)!r} cannot be read: {error.strerror}.") from None
    return Blob(sha256, path.suffix if _SUFFIX.fullmatch(path.suffix) else "", size)


def verified_blocks(path: Path, sha256: str) -> Iterator[bytes]:
    """A file's blocks; raises at the end, before the upload is made whole, when they are not the model's."""
    reading = Reading(path)
    yield from reading.blocks()
    if reading.blob.sha256 != sha256:
        raise InputError(f"the model {str(path)!r} changed while it was read.", hint="Evaluate and gate it again.")
