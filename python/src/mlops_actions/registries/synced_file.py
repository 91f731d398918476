"""A large file on a disk: whole and synced, or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

_SYNCED = 32 << 20
"""So many bytes wait for the disk at most."""


@contextmanager
def partial_file(goal: Path, blocks: Iterable[bytes]) -> Iterator[Path]:
    """Write a file beside its goal and sync it; it is removed at the end where nobody has given it its name by then.

    Blocks are written and synced while the next ones are made: where they are read and digested as they come, the disk
    costs little time of its own. A killed process leaves `<goal>#<number>`, a name that is never listed.
    Raises OSError, and whatever a block raises.
    """
    made = [folder for folder in goal.parents if not folder.exists()]
    goal.parent.mkdir(parents=True, exist_ok=True)
    partial = goal.with_name(f"{goal.name}#{secrets.randbelow(10**12)}")
    try:
        with partial.open("xb", buffering=0) as stream, ThreadPoolExecutor(1) as writer:
            written: Future[None] | None = None
            unsynced = 0
            for block in blocks:
                if written:
                    written.result()
                unsynced += len(block)
                written = writer.submit(_write, stream.fileno(), block, now := unsynced >= _SYNCED)
                unsynced = 0 if now else unsynced
            if written:
                written.result()
            os.fdatasync(stream.fileno())
        yield partial
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        with contextlib.suppress(OSError):
            for folder in made:
                folder.rmdir()  # where it is still empty


def sync(path: Path) -> None:
    """Wait until a file or a folder's list of names is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, block: bytes, synced: bool) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    if synced:
        os.fdatasync(descriptor)
