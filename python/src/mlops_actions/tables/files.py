"""A location as the list of its files: one file, a glob, or a folder, all of one format."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Literal

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_files

Format = Literal["parquet", "csv"]

_FORMATS: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".csv.gz": "csv",
    ".tsv.gz": "csv",
}
_SUPPORTED = f"Supported: {', '.join(_FORMATS)}; one file, a glob or a folder."
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Files:
    """The files of one table."""

    location: str
    """As the user wrote it."""
    paths: tuple[Path, ...]
    """In the order in which their rows are read: sorted by path. Never empty."""
    format: Format

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
        raise InputError("the data's path is empty.", hint=_SUPPORTED)
    if scheme := re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", location):
        raise InputError(f"the data {location!r} is at {scheme[1]}://, which cannot be read yet.", hint=_SUPPORTED)
    paths = _expand(location)
    formats = {path: _format(path) for path in paths}
    found = sorted({one for one in formats.values() if one})
    for path, format_ in formats.items():
        if format_ is None:
            raise InputError(f"{str(path)!r} has no known data format.", hint=_SUPPORTED)
    if len(found) > 1:
        raise InputError(f"the data {location!r} holds both Parquet and CSV files.", hint="Name one kind: '*.parquet'.")
    return Files(location, tuple(paths), found[0])


def _expand(location: str) -> list[Path]:
    path = Path(location)
    if path.is_file():
        return [path]
    if path.is_dir():
        inside = (file for file in path.rglob("*") if file.is_file() and not _hidden(file.relative_to(path)))
        if paths := sorted(file for file in inside if _format(file)):
            return paths
        raise InputError(f"the folder {location!r} holds no data file.", hint=_SUPPORTED)
    if has_magic(location):
        matches = (Path(match) for match in glob(location, recursive=True))  # noqa: PTH207  Path.glob refuses absolute ones
        if paths := sorted(path for path in matches if path.is_file()):
            return paths
        raise InputError(f"no file matches the pattern {location!r}.", hint="Check the path.")
    raise InputError(f"the data {location!r} does not exist.", hint="Check the path.")


def _hidden(path: Path) -> bool:
    """Spark and others leave `_SUCCESS` and `.crc` files beside the data."""
    return any(part.startswith((".", "_")) for part in path.parts)


def _format(path: Path) -> Format | None:
    name = path.name.lower()
    return next((format_ for ending, format_ in _FORMATS.items() if name.endswith(ending)), None)


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file."""

    names: tuple[str, ...]
    delimiter: str


def read_header(path: Path) -> Header:
    """The names of a CSV file's columns and what stands between them.

    Raises InputError when the file is empty, not UTF-8, or names a column twice.
    """
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            first = text.readline()
            delimiter = "\t" if ".tsv" in path.suffixes else max(_DELIMITERS, key=_outside_quotes(first).count)
            while first.count('"') % 2 and (more := text.readline()):
                first += more
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text: {error.reason}.", where=str(path), hint="Save it as UTF-8.") from None
    except (OSError, EOFError) as error:
        raise InputError(f"cannot be read: {error}.", where=str(path)) from None
    if not first.strip():
        raise InputError("the file is empty: its first line must name the columns.", where=str(path))
    names = next(csv.reader([first], delimiter=delimiter))
    # pandas writes its index below an empty name
    named = tuple(name or f"column{index}" for index, name in enumerate(names))
    refuse_repeated(named, str(path))
    return Header(named, delimiter)


def refuse_repeated(names: tuple[str, ...], where: str) -> None:
    """Raise InputError when two columns have one name, or names that differ only in upper and lower case."""
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.get(name.lower())) is not None:
            difference = "stands twice" if other == name else f"and {other!r} differ only in case"
            raise InputError(f"the column {name!r} {difference}.", where=where, hint="Rename one of them.")
        seen[name.lower()] = name


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)
