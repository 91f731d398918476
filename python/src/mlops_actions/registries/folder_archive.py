"""A model that is a folder, as one object: a tar archive whose digest is that of the folder.

The archive is the same for the same files whoever packs it: names sorted, no times, no owners, no rights. It is named
by the folder's digest (see `evidence.digests`), which is computed from what is in it whenever it is read.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from io import RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, cast

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.digests import digest_listing

SUFFIX = ".folder"
"""Of the archive's name in a registry."""
_BLOCK = 1 << 20


class Packing:
    """A folder that is read once, file by file. Raises InputError where it is empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        self._digests: dict[str, str] = {}
        if not self._files:
            raise InputError(f"the folder {str(folder)!r} holds no file.")

    @property
    def size(self) -> int:
        """Bytes of the archive."""
        whole = sum(len(_header(name, path)) + _padded(path.stat().st_size) for name, path in self._files.items())
        return whole + len(_END)

    def blocks(self) -> Iterator[bytes]:
        """The archive. Raises OSError, and InputError where a file grows or shrinks meanwhile."""
        for name, path in sorted(self._files.items()):
            header, expected = _header(name, path), path.stat().st_size
            yield header
            digest, size = hashlib.sha256(), 0
            with path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    yield block
            if size != expected:
                raise InputError(f"the model's file {str(path)!r} changed while it was read.", hint="Run it again.")
            yield bytes(_padded(size) - size)
            self._digests[name] = digest.hexdigest()
        yield _END

    @property
    def sha256(self) -> str:
        """The folder's digest, once all was read."""
        return digest_listing(self._digests)


def digest_archive(parts: Iterable[bytes]) -> str:
    """The digest of the folder in an archive; OutsideError when it is damaged."""
    digests = {}
    for name, content in _members(parts):
        digest = hashlib.sha256()
        while block := content.read(_BLOCK):
            digest.update(block)
        digests[name] = digest.hexdigest()
    return digest_listing(digests)


def unpack(parts: Iterable[bytes], folder: Path) -> None:
    """Write the files of an archive into an empty folder. Raises OSError, and OutsideError when it is damaged."""
    for name, content in _members(parts):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            while block := content.read(_BLOCK):
                stream.write(block)


def _members(parts: Iterable[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", _Stream(parts)), mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                path = PurePosixPath(member.name)
                if content is None or path.is_absolute() or ".." in path.parts:
                    raise OutsideError(
                        f"the archive of a model's folder holds {member.name!r}, which is no file of it."
                    )
                yield member.name, content
    except tarfile.TarError as error:
        raise OutsideError(f"the archive of a model's folder is damaged: {error}.") from None


class _Stream(RawIOBase):
    """Parts as a file that is read from the first byte to the last."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            part = next(self._parts, None)
            if part is None:
                break
            self._rest += part
        found, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return found


_END = bytes(2 * tarfile.BLOCKSIZE)


def _header(name: str, path: Path) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = path.stat().st_size
    return member.tobuf(tarfile.PAX_FORMAT)


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
