"""SHA-256 of files, folders and data of many files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlops_actions.errors import InputError

_BLOCK = 1 << 20


def digest_bytes(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def digest_path(path: str | Path) -> str:
    """SHA-256 of a file, or of a folder's listing (see `digest_files`).

    Raises InputError when the path is missing, unreadable, or an empty folder.
    """
    path = Path(path)
    if _is_folder(path):
        files = sorted(file for file in path.rglob("*") if file.is_file())
        if not files:
            raise InputError(f"the folder {str(path)!r} holds no file.")
        return digest_files(files, root=path)
    return _digest_file(path)


def size_path(path: str | Path) -> int:
    """Bytes of a file, or of all files of a folder. Raises OSError."""
    path = Path(path)
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def digest_files(files: Sequence[Path], root: Path | None = None) -> str:
    """SHA-256 of many files: of the listing `sha256sum` would print, sorted by path relative to `root`.

    One file has its own digest, so that data in one file is named by what `sha256sum` says.
    """
    if len(files) == 1 and root is None:
        return _digest_file(files[0])
    names = {(file.relative_to(root) if root else file).as_posix(): file for file in files}
    return digest_listing({name: _digest_file(file) for name, file in names.items()})


def digest_listing(digests: Mapping[str, str]) -> str:
    """SHA-256 of files by their names and digests: of the lines that `sha256sum` prints, sorted by name."""
    return digest_bytes("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(digests.items())).encode())


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}.") from None


def _digest_file(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError:
        raise InputError(f"{str(path)!r} does not exist.", hint="Check the path.") from None
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}.") from None
    return digest.hexdigest()
