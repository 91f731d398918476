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


def blob_of(path: Path, sha256: str) -> Blob:
    """The blob that a file of that SHA-256 makes; InputError when it cannot be read."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"the model {str(path)!r} cannot be read: {error.strerror}.") from None
    return Blob(sha256, path.suffix if _SUFFIX.fullmatch(path.suffix) else "", size)


def verified_blocks(path: Path, sha256: str) -> Iterator[bytes]:
    """A file's blocks; raises at the end, before the upload is made whole, when they are not the model's."""
    digest = hashlib.sha256()
    try:
        for block in file_blocks(path):
            digest.update(block)
            yield block
    except OSError as error:
        raise InputError(f"the model {str(path)!r} cannot be read: {error.strerror}.") from None
    if digest.hexdigest() != sha256:
        raise InputError(f"the model {str(path)!r} changed while it was read.", hint="Evaluate and gate it again.")
