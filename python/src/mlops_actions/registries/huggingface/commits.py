"""The operations of a commit to the Hub, and the file that says which model a revision holds."""

from __future__ import annotations

import hashlib
import json
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlops_actions.evidence import digest_path
from mlops_actions.registries.interface import Blob
from mlops_actions.registries.model_file import verified_blocks

Json = dict[str, Any]
SAYS = "mlops-actions.json"
"""The file that says which model a revision holds (`version`), and on `main` which all were (`versions`)."""


@contextmanager
def as_file(path: Path, blob: Blob) -> Iterator[Path]:
    """A model as one file: a folder's archive is written elsewhere, and gone at the end."""
    if path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="mlops-actions-") as folder:
        archive = Path(folder) / "archive"
        with archive.open("xb") as stream:
            stream.writelines(verified_blocks(path, blob.sha256))
        yield archive


def large(name: str, sha256: str, size: int) -> Json:
    """Adds a file that was uploaded beside git."""
    return {"key": "lfsFile", "value": {"path": name, "algo": "sha256", "oid": sha256, "size": size}}


def small(name: str, content: bytes) -> Json:
    """Adds a file to git."""
    return {"key": "file", "value": {"path": name, "content": b64encode(content).decode(), "encoding": "base64"}}


def says(version: Json, versions: list[Json]) -> Json:
    """Adds what is said of a revision."""
    return small(SAYS, json.dumps({"version": version, "versions": versions}, indent=1).encode())


def removed(name: str) -> Json:
    """Takes a file out."""
    return {"key": "deletedFile", "value": {"path": name}}


def known_as(file: Path, *, is_large: bool) -> str:
    """By what digest the Hub will know a file: its SHA-256, or git's own."""
    if is_large:
        return digest_path(file)
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
