"""A location as a table of DuckDB."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from mlops_actions.errors import InputError
from mlops_actions.tables.databases import copy_table
from mlops_actions.tables.duckdb.arrow import read_arrow, read_frame
from mlops_actions.tables.duckdb.connection import connect
from mlops_actions.tables.duckdb.copied import read_copy, rows_and_content
from mlops_actions.tables.duckdb.errors import explained
from mlops_actions.tables.duckdb.reading import Reading, read_csv, read_json, read_parquet
from mlops_actions.tables.duckdb.table import DuckdbTable
from mlops_actions.tables.files import Files
from mlops_actions.tables.gathering import KEPT_SCHEMES, gather, scheme_of, shown
from mlops_actions.tables.interface import Table
from mlops_actions.tables.scratch import scratch_folder
from mlops_actions.tables.text_files import is_damage, open_unpacked


def open_location(location: str, engine: str = "duckdb") -> Table:  # noqa: ARG001  there is only one
    """Open data of any supported format, wherever it lies."""
    connection = connect()
    if scheme_of(location) in KEPT_SCHEMES:
        copy = copy_table(location, scratch_folder(connection))
        reading = read_copy(copy, shown(location))
        return DuckdbTable(shown(location), connection, reading, partial(rows_and_content, reading))
    gathered = gather(location)
    unpacked, renamed = _unpacked(gathered.files, connection)
    with explained(shown(location), {**gathered.renamed, **renamed}):
        reading = replace(_read(unpacked, connection), renamed={**gathered.renamed, **renamed})
    return DuckdbTable(shown(location), connection, reading, gathered.identify)


def open_frame(frame: Any, name: str) -> Table:
    """A frame of pandas, or of whatever hands over Arrow's streams: polars, pyarrow, narwhals and others."""
    connection = connect()
    with explained(name):
        reading = read_frame(frame, connection, name)
    return DuckdbTable(name, connection, reading, partial(rows_and_content, reading))


def _read(files: Files, connection: duckdb.DuckDBPyConnection) -> Reading:
    match files.format:
        case "parquet":
            return read_parquet(files, connection)
        case "csv":
            return read_csv(files)
        case "json":
            return read_json(files, connection)
        case "arrow":
            return read_arrow(files, connection)


def _unpacked(files: Files, connection: duckdb.DuckDBPyConnection) -> tuple[Files, dict[str, str]]:
    """DuckDB does not know bzip2, and takes a truncated Zstandard file for a whole one: both are unpacked first."""
    if not any(path.suffix.lower() in (".bz2", ".zst") for path in files.paths):
        return files, {}
    folder = scratch_folder(connection)
    paths = [_unpack(Path(path), folder / f"{place}-{path.stem}") for place, path in enumerate(files.paths)]
    renamed = {str(plain): str(packed) for plain, packed in zip(paths, files.paths, strict=True)}
    return replace(files, paths=tuple(paths)), renamed


def _unpack(path: Path, to: Path) -> Path:
    try:
        with open_unpacked(path) as packed, to.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except Exception as error:
        if not is_damage(error):
            raise
        raise InputError(f"cannot be unpacked: {error}.", where=str(path), hint="Write it again.") from None
    return to
