"""Copies of a bucket's models on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.folder_archive import SUFFIX, unpack
from mlops_actions.registries.interface import Blob


def cached(blob: Blob, download: Callable[[], Iterable[bytes]], folder: Path | None = None) -> Path:
    """The copy of a blob, downloaded when it is not there or no longer right; whole and verified, or not there.

    Raises OutsideError when the download is not what was asked for, or the cache cannot be written.
    """
    folder = folder or cache_folder() / "blobs"
    path = folder / f"{blob.sha256}{blob.suffix}"
    try:
        if path.exists() and digest_path(path) == blob.sha256:
            return path
        folder.mkdir(parents=True, exist_ok=True)
        if blob.suffix == SUFFIX:
            _unpack(path, blob, download())
        else:
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
            raise _damaged(blob)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _unpack(path: Path, blob: Blob, parts: Iterable[bytes]) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.mkdir()
        unpack(parts, temporary)
        if digest_path(temporary) != blob.sha256:
            raise _damaged(blob)
        shutil.rmtree(path, ignore_errors=True)  # a copy that is no longer right
        temporary.rename(path)
    except FileExistsError:
        pass
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _damaged(blob: Blob) -> OutsideError:
    return OutsideError(
        f"the registry's model {blob.sha256} is damaged: its bytes have another SHA-256.",
        hint="Promote the original file again to repair it.",
    )
