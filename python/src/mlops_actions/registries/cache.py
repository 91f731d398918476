"""Copies of a bucket's models on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from mlops_actions.errors import OutsideError
from mlops_actions.registries.interface import Blob
from mlops_actions.registries.objects import digest_blocks, file_blocks


def cached(blob: Blob, download: Callable[[], Iterable[bytes]], folder: Path | None = None) -> Path:
    """The copy of a blob, downloaded when it is not there or no longer right; whole and verified, or not there.

    Raises OutsideError when the download is not what was asked for, or the cache cannot be written.
    """
    folder = folder or cache_folder() / "blobs"
    path = folder / f"{blob.sha256}{blob.suffix}"
    try:
        if path.is_file() and digest_blocks(file_blocks(path)) == blob.sha256:
            return path
        folder.mkdir(parents=True, exist_ok=True)
        _download(path, blob, download())
    except OSError as error:
        raise OutsideError(f"the cache {str(folder)!r} cannot be used: {error.strerror}.") from None
    return path


def cache_folder() -> Path:
    """Where copies are kept; OutsideError on a machine without a home folder."""
    try:
        return Path.home() / ".cache" / "mlops-actions"
    except RuntimeError:
        message = "there is no home folder to keep a copy of the registry's model in."
        raise OutsideError(message, hint="Set HOME to a folder that can be written.") from None


def _download(path: Path, blob: Blob, parts: Iterable[bytes]) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    digest = hashlib.sha256()
    try:
        with temporary.open("xb") as stream:
            for part in parts:
                digest.update(part)
                stream.write(part)
        if digest.hexdigest() != blob.sha256:
            raise OutsideError(
                f"the registry's model {blob.sha256} is damaged: its bytes have another SHA-256.",
                hint="Promote the original file again to repair it.",
            )
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
