"""A location on this machine as the list of its files: one file, a glob, or a folder, all of one format."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path, PurePath
from typing import Literal
from urllib.parse import unquote

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_files

Format = Literal["parquet", "csv", "json", "arrow"]

_TYPED: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
_TEXT: dict[str, Format] = {".csv": "csv", ".tsv": "csv", ".jsonl": "json", ".ndjson": "json", ".json": "json"}
COMPRESSED = (".gz", ".zst", ".bz2")
"""What may follow the name of a text file."""
_ENDINGS = {**_TYPED, **_TEXT, **{text + packed: _TEXT[text] for text in _TEXT for packed in COMPRESSED}}
SUPPORTED = f"Supported: {', '.join(_TYPED)}, and {', '.join(_TEXT)} plain or as {', '.join(COMPRESSED)}."
_NAMES: dict[Format, str] = {"parquet": "Parquet", "csv": "CSV", "json": "JSON", "arrow": "Arrow"}
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Files:
    """The files of one table."""

    location: str
    """As the user wrote it."""
    paths: tuple[Path, ...]
    """In the order in which their rows are read: sorted by path. Never empty."""
    format: Format
    partitions: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    """Column → its value in each of the files, taken from folders such as `year=2024`."""
    uneven: bool = False
    """Whether some of the files may lack columns that others have."""
    bucket: str = ""
    """What the paths are below where they are read over the network, such as `s3://bucket/`; empty for a disk."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The paths as an engine takes them."""
        return tuple(f"{self.bucket}{path}" for path in self.paths)

    def digest(self) -> str:
        """SHA-256 of the file; of several, of their listing relative to the folder that they share."""
        if len(self.paths) == 1:
            return digest_files(self.paths)
        return digest_files(self.paths, root=Path(os.path.commonpath([path.parent for path in self.paths])))


def find_files(location: str) -> Files:
    """The files that a location names.

    Raises InputError when there are none, their formats differ or are not supported.
    """
    if not location.strip():
        raise InputError("the data's path is empty.", hint=SUPPORTED)
    root, paths = _expand(Path(location.removeprefix("file://")), location)
    return arrange(location, root, paths)


def arrange(location: str, root: PurePath, paths: Sequence[PurePath]) -> Files:
    """Files below a folder as one table; raises InputError when they do not fit together."""
    formats = {path: format_of(path.name) for path in paths}
    for path, format_ in formats.items():
        if format_ is None:
            raise InputError(f"{str(path)!r} has no known data format.", hint=SUPPORTED)
    found = sorted({one for one in formats.values() if one})
    if len(found) > 1:
        names = " and ".join(_NAMES[one] for one in found)
        raise InputError(f"the data {location!r} holds both {names} files.", hint="Name one kind: '*.parquet'.")
    here = tuple(Path(path) for path in paths)
    return Files(location, here, found[0], _partitions(root, paths))


def format_of(name: str) -> Format | None:
    """A file's format by its name, None for none of ours.

    >>> format_of("a.CSV.gz"), format_of("a.xlsx")
    ('csv', None)
    """
    lowered = name.lower()
    return next((format_ for ending, format_ in _ENDINGS.items() if lowered.endswith(ending)), None)


def is_data(path: PurePath) -> bool:
    """Whether a file found in a folder is data: Spark and others leave `_SUCCESS` and `.crc` files beside it."""
    return format_of(path.name) is not None and not any(part.startswith((".", "_")) for part in path.parts)


def fixed_part(pattern: str) -> str:
    """The folders of a pattern before the first one with a wildcard.

    >>> fixed_part("data/year=*/p[0-9].csv")
    'data'
    """
    parts = pattern.split("/")
    fixed = next((place for place, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
    return "/".join(parts[:fixed])


def _expand(path: Path, location: str) -> tuple[Path, list[Path]]:
    if path.is_file():
        return path.parent, [path]
    if path.is_dir():
        inside = (file for file in path.rglob("*") if file.is_file())
        if paths := sorted(file for file in inside if is_data(file.relative_to(path))):
            return path, paths
        raise InputError(f"the folder {location!r} holds no data file.", hint=SUPPORTED)
    if has_magic(location):
        matches = (Path(match) for match in glob(str(path), recursive=True))  # noqa: PTH207  Path.glob refuses absolute ones
        if paths := sorted(path for path in matches if path.is_file()):
            return Path(fixed_part(path.as_posix())), paths
        raise InputError(f"no file matches the pattern {location!r}.", hint="Check the path.")
    raise InputError(f"the data {location!r} does not exist.", hint="Check the path.")


def _partitions(root: PurePath, paths: Sequence[PurePath]) -> dict[str, tuple[str | None, ...]]:
    """What the folders below the root say, as Hive and Spark write it."""
    found = [_said_by_folders(path.relative_to(root)) for path in paths]
    for path, said in zip(paths, found, strict=True):
        if list(said) != list(found[0]):
            raise InputError(
                f"its folders name the partitions {_listed(said)}, but those of {paths[0]} {_listed(found[0])}.",
                where=str(path),
                hint="Files of one table must have the same partitions.",
            )
    return {name: tuple(said[name] for said in found) for name in found[0]}


def _said_by_folders(path: PurePath) -> dict[str, str | None]:
    pairs = (part.partition("=") for part in path.parent.parts)
    return {unquote(name): None if value == _HIVE_NULL else unquote(value) for name, sign, value in pairs if sign}


def _listed(said: Mapping[str, str | None]) -> str:
    return ", ".join(said) or "(none)"


def check_names(names: Sequence[str], where: str) -> None:
    """Raise InputError when a column has no name, or two names do not differ or only in upper and lower case."""
    seen: dict[str, str] = {}
    for place, name in enumerate(names):
        if not name:
            raise InputError(f"the name of column {place + 1} is empty.", where=where, hint="Give it a name.")
        if (other := seen.get(name.lower())) is not None:
            difference = "stands twice" if other == name else f"and {other!r} differ only in case"
            raise InputError(f"the column {name!r} {difference}.", where=where, hint="Rename one of them.")
        seen[name.lower()] = name
