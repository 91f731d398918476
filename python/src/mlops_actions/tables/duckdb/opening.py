"""A location as a table of DuckDB."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import duckdb

from mlops_actions.errors import InputError
from mlops_actions.tables.duckdb.arrow import read_arrow
from mlops_actions.tables.duckdb.errors import explained
from mlops_actions.tables.duckdb.reading import Reading, read_csv, read_json, read_parquet
from mlops_actions.tables.duckdb.scratch import scratch_folder
from mlops_actions.tables.duckdb.table import DuckdbTable
from mlops_actions.tables.files import Files, find_files
from mlops_actions.tables.identity import Identity
from mlops_actions.tables.text_files import is_damage, open_unpacked

_MEMORY = "2GB"


def open_location(location: str) -> DuckdbTable:
    """Open files of any supported format."""
    files = find_files(location)
    connection = connect()
    with explained(location):
        reading = read_files(files, connection)
    return DuckdbTable(location, connection, reading, lambda: Identity(files.digest()))


def read_files(files: Files, connection: duckdb.DuckDBPyConnection) -> Reading:
    """How to select from files; some are unpacked first."""
    match files.format:
        case "parquet":
            return read_parquet(files, connection)
        case "csv":
            return read_csv(_unpacked(files, connection))
        case "json":
            return read_json(_unpacked(files, connection), connection)
        case "arrow":
            return read_arrow(files, connection)


def connect() -> duckdb.DuckDBPyConnection:
    """A database of its own, that keeps to some memory and spills beyond it, and fetches no extension."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "memory_limit": _MEMORY,
            "temp_directory": str(Path(tempfile.gettempdir()) / f"mlops-actions-{uuid4().hex}"),
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _unpacked(files: Files, connection: duckdb.DuckDBPyConnection) -> Files:
    """DuckDB does not know bzip2, and takes a truncated Zstandard file for a whole one."""
    if not any(path.suffix.lower() in (".bz2", ".zst") for path in files.paths):
        return files
    folder = scratch_folder(connection)
    paths = [_unpack(path, folder / f"{place}-{path.stem}") for place, path in enumerate(files.paths)]
    return replace(files, paths=tuple(paths))


def _unpack(path: Path, to: Path) -> Path:
    try:
        with open_unpacked(path) as packed, to.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except Exception as error:
        if not is_damage(error):
            raise
        raise InputError(f"cannot be unpacked: {error}.", where=str(path), hint="Write it again.") from None
    return to
