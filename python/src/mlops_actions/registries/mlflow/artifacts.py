"""The artifacts of one MLflow run: through its server, or in the bucket where they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol
from urllib.parse import quote, urlsplit

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries.mlflow.rest import Server
from mlops_actions.registries.objects import Objects, digest_blocks

_SERVED = "api/2.0/mlflow-artifacts/artifacts"
_BUCKETS = ("s3", "gs", "az", "abfs", "abfss")


class ReadArtifacts(Protocol):
    """Files below one place, to be read."""

    def files(self, folder: str = "") -> dict[str, int]:
        """The files below a folder, with their sizes in bytes; empty where there is none."""

    def blocks(self, path: str) -> Iterator[bytes]:
        """A file's content."""


class Artifacts(ReadArtifacts, Protocol):
    """And to be added to."""

    def upload(self, path: str, content: Callable[[], Iterator[bytes]]) -> None:
        """Put a file there; `content` is called again for another attempt."""


def open_artifacts(uri: str, server: Server) -> Artifacts:
    """The artifacts at a URI of MLflow; InputError for a place that cannot be reached from here."""
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts":
        return ServedArtifacts(server, parts.path.strip("/"))
    if parts.scheme in _BUCKETS:
        return BucketArtifacts(uri)
    raise InputError(
        f"the artifacts of MLflow at {server.url!r} lie in {uri!r}, which cannot be reached from here.",
        hint=f"Let the server serve its artifacts, or keep them in one of {', '.join(_BUCKETS)}.",
    )


class ServedArtifacts:
    """What the server passes on from and to its own store."""

    def __init__(self, server: Server, root: str) -> None:
        self._server = server
        self._root = root

    def files(self, folder: str = "") -> dict[str, int]:
        """The files below a folder, one request a folder."""
        found: dict[str, int] = {}
        where = f"{self._root}/{folder}".rstrip("/")
        answer = self._server.json(_SERVED, "list artifacts", path=where)
        for one in answer.get("files", []):
            path = f"{folder}/{one['path']}".lstrip("/")
            if one.get("is_dir"):
                found |= self.files(path)
            else:
                found[path] = int(one.get("file_size", 0))
        return found

    def blocks(self, path: str) -> Iterator[bytes]:
        """A file's content."""
        return self._server.download(self._url(path), "read artifacts")

    def upload(self, path: str, content: Callable[[], Iterator[bytes]]) -> None:
        """Put a file there."""
        self._server.upload(self._url(path), content, "write artifacts")

    def _url(self, path: str) -> str:
        return f"{_SERVED}/{quote(f'{self._root}/{path}')}"


class BucketArtifacts:
    """What clients read and write themselves, with their own credentials for the bucket."""

    def __init__(self, uri: str) -> None:
        self._objects = Objects(uri)

    def files(self, folder: str = "") -> dict[str, int]:
        """The files below a folder."""
        return {key: self._objects.size(key) or 0 for key in self._objects.keys(folder)}

    def blocks(self, path: str) -> Iterator[bytes]:
        """A file's content."""
        parts = self._objects.parts(path)
        if parts is None:
            raise InputError(f"there is no artifact {path!r} in {self._objects.location!r}.")
        return parts

    def upload(self, path: str, content: Callable[[], Iterator[bytes]]) -> None:
        """Put a file there."""
        self._objects.upload(path, content())


def digest_of(artifacts: ReadArtifacts) -> str:
    """The SHA-256 of the model among these artifacts, read once: of the only file, or else of the listing of all."""
    digests = {path: digest_blocks(artifacts.blocks(path)) for path in sorted(artifacts.files())}
    if len(digests) == 1:
        return next(iter(digests.values()))
    return digest_bytes("".join(f"{sha256}  {path}\n" for path, sha256 in digests.items()).encode())
