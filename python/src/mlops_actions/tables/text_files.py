"""Text files, packed or not: how they are opened, and what the first line of a CSV file says."""

from __future__ import annotations

import bz2
import csv
import gzip
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from mlops_actions.errors import InputError
from mlops_actions.tables.files import Files, check_names

_DELIMITERS = ",;\t|"


def open_unpacked(path: Path) -> IO[bytes]:
    """A file's content as bytes, unpacked by what its name says."""
    match path.suffix.lower():
        case ".gz":
            return cast("IO[bytes]", gzip.open(path))
        case ".bz2":
            return cast("IO[bytes]", bz2.open(path))
        case ".zst":
            return _open_zstandard(path)
        case _:
            return path.open("rb")


def is_damage(error: Exception) -> bool:
    """Whether this is what a reader of packed files raises for a damaged one."""
    return isinstance(error, EOFError | OSError | ValueError) or type(error).__name__ in ("ZstdError", "error")


def _open_zstandard(path: Path) -> IO[bytes]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return cast("IO[bytes]", zstd.open(path))


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
        with open_unpacked(path) as stream:
            # only this line is decoded, so that one further down is told by its number
            first = re.split("\r(?!\n)", stream.readline().decode("utf-8-sig"), maxsplit=1)[0]
            delimiter = "\t" if ".tsv" in path.suffixes else max(_DELIMITERS, key=_outside_quotes(first).count)
            while first.count('"') % 2 and (more := stream.readline()):
                first += more.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text: {error.reason}.", where=str(path), hint="Save it as UTF-8.") from None
    except Exception as error:
        if not is_damage(error):
            raise
        raise InputError(f"cannot be read: {error}.", where=str(path)) from None
    if not first.strip():
        raise InputError("the file is empty: its first line must name the columns.", where=str(path))
    names = next(csv.reader([first], delimiter=delimiter))
    # pandas writes its index below an empty name
    named = tuple(name or f"column{index}" for index, name in enumerate(names))
    check_names(named, str(path))
    return Header(named, delimiter)


def common_header(files: Files) -> Header:
    """The first line of all of the files; InputError where they differ."""
    headers = {path: read_header(path) for path in files.paths}
    first = headers[files.paths[0]]
    for path, header in headers.items():
        if header != first:
            raise InputError(
                f"its columns are {', '.join(header.names)}, but {files.paths[0]} has {', '.join(first.names)}.",
                where=f"{path}:1",
                hint="Files of one table must have the same columns in the same order.",
            )
    return first


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)
