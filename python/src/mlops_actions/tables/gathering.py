"""Data wherever it lies as files that an engine on this machine can read."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath

from mlops_actions.ci.credentials import without_credentials
from mlops_actions.errors import InputError
from mlops_actions.tables import buckets
from mlops_actions.tables.buckets import Bucket, Objects
from mlops_actions.tables.delta import Version, newest
from mlops_actions.tables.files import Files, arrange, find_files, format_of
from mlops_actions.tables.identity import Identity
from mlops_actions.tables.scratch import scratch_folder
from mlops_actions.tables.streams import download, save_input, shown_url

MOST_FETCHED = 4 << 30
"""Bytes of a bucket's objects that are copied, and so have a SHA-256; more Parquet is read where it is, in ranges."""
KEPT_SCHEMES = ("sqlite", "postgresql", "postgres")
"""Of databases, whose tables are no files."""


@dataclass(frozen=True)
class Gathered:
    """Files, and how they are known to the user."""

    files: Files
    identify: Callable[[], Identity]
    renamed: Mapping[str, str] = field(default_factory=dict)
    """A path on this machine → what messages call it."""


def scheme_of(location: str) -> str:
    """What stands before the colon, in lower case; empty for a path, `-` for standard input.

    >>> scheme_of("s3://bucket/a.csv"), scheme_of("sqlite:a.db#t"), scheme_of("data/a.csv"), scheme_of("file:a.csv")
    ('s3', 'sqlite', '', '')
    """
    if location == "-":
        return "-"
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", location)
    return "" if match is None or match[1].lower() == "file" else match[1].lower()


def shown(location: str) -> str:
    """A location without what must stay secret."""
    scheme = scheme_of(location)
    if scheme in ("http", "https"):
        return shown_url(without_credentials(location))
    return re.sub(r"(?<=[?&])password=[^&#]*&?", "", without_credentials(location)) if scheme else location


def gather(location: str) -> Gathered:
    """The files of a location, copied to this machine where they lie elsewhere.

    Raises InputError where there are none or they do not fit together, OutsideError where they cannot be reached.
    """
    scheme = scheme_of(location)
    if scheme in buckets.SCHEMES:
        return _from_bucket(location)
    if scheme in ("http", "https"):
        path = _downloaded(location)
        return _of_files(arrange(location, path.parent, [path]), {str(path): shown(location)})
    if scheme == "-":
        path = _standard_input()
        return _of_files(arrange(location, path.parent, [path]), {str(path): "standard input"})
    if scheme:
        known = ", ".join([*(f"{one}://" for one in (*buckets.SCHEMES, "https", "postgresql")), "sqlite:"])
        raise InputError(
            f"the data {shown(location)!r} is at {scheme}:, which cannot be read.",
            hint=f"Write a path, - for standard input, or one of {known}.",
        )
    path = Path(re.sub(r"^file:(//(?=/))?", "", location))
    if (path / "_delta_log").is_dir():
        return _of_version(newest(location, path), location, path)
    return _of_files(find_files(str(path) if location else ""))


def _of_files(files: Files, renamed: Mapping[str, str] | None = None) -> Gathered:
    return Gathered(files, lambda: Identity(files.digest()), renamed or {})


def _from_bucket(location: str) -> Gathered:
    bucket = Bucket(location)
    log = bucket.below(f"{bucket.key}/_delta_log") if not format_of(bucket.key) else []
    if log:
        folder = _fetched(Objects(bucket, bucket.key, tuple(log)))
        version = newest(location, folder)
        there = {one.key: one for one in bucket.below(bucket.key)}
        data = [there[key] for path in version.paths if (key := f"{bucket.key}/{path.as_posix()}") in there]
        fetched = _fetched(Objects(bucket, bucket.key, tuple(data))) if data else folder
        return _of_version(version, location, fetched)
    found = bucket.find()
    paths = [PurePosixPath(one.key) for one in found.listed]
    files = arrange(location, PurePosixPath(found.root), paths)
    if found.size > MOST_FETCHED and files.format == "parquet":
        return Gathered(replace(files, bucket=bucket.url), lambda: found.identity)
    folder = _fetched(found)
    local = tuple(folder / path.relative_to(found.root) for path in paths)
    return _of_files(replace(files, paths=local), {str(folder): f"{bucket.url}{found.root}".rstrip("/.")})


def _of_version(version: Version, location: str, root: Path) -> Gathered:
    files = Files(location, tuple(root / path for path in version.paths), "parquet", version.partitions, uneven=True)
    return Gathered(files, lambda: version.identity)


@cache
def _fetched(objects: Objects) -> Path:
    """Each listing is fetched once in a process, however often it is opened."""
    folder = scratch_folder()
    objects.fetch(folder)
    return folder


@cache
def _downloaded(url: str) -> Path:
    return download(url, scratch_folder())


@cache
def _standard_input() -> Path:
    """It can be read only once."""
    return save_input(sys.stdin.buffer, scratch_folder())
