"""Arrow files, and frames in memory, handed to DuckDB as streams: it needs neither pyarrow nor pandas for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from mlops_actions.errors import InputError
from mlops_actions.tables.duckdb.reading import IN_ORDER, Reading, with_partitions
from mlops_actions.tables.duckdb.types import logical
from mlops_actions.tables.files import Files, check_names
from mlops_actions.tables.interface import StoredType

_FILE_MAGIC = b"ARROW1"


class Stream:
    """What can be read from its beginning any number of times."""

    def __init__(self, start: Callable[[], Any]) -> None:
        self._start = start

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Arrow's interface for handing over record batches, as a PyCapsule."""
        return self._start().__arrow_c_stream__(requested_schema)


def read_arrow(files: Files, connection: duckdb.DuckDBPyConnection) -> Reading:
    """Arrow files (Feather 2) and streams; InputError when they are damaged or their columns differ."""
    streams = [Stream(partial(_read, path)) for path in files.paths]
    return with_partitions(read_streams(streams, connection, [str(path) for path in files.paths]), files)


def read_streams(streams: Sequence[Stream], connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> Reading:
    """Streams of the same columns, one after the other."""
    objects = {f"stream_{uuid4().hex}": stream for stream in streams}
    prepare = partial(_register, objects)
    prepare(connection)
    types = [{row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {name}").fetchall()} for name in objects]
    for where, found in zip(names, types, strict=True):
        check_names(tuple(found), where)
        if found != types[0]:
            differing = sorted({name for name, _ in set(found.items()) ^ set(types[0].items())})
            raise InputError(
                f"its columns differ from those of {names[0]}: {', '.join(differing)}.",
                where=where,
                hint="Files of one table must have the same columns and types, in the same order.",
            )
    hidden = "file_index" in {name.lower() for name in types[0]}
    parts = [
        f"SELECT {'' if hidden else f'{place} AS file_index, '}* FROM {name}"  # noqa: S608
        for place, name in enumerate(objects)
    ]
    stored: dict[str, StoredType] = {name: logical(type_) for name, type_ in types[0].items()}
    return Reading(f"({' UNION ALL '.join(parts)})", IN_ORDER, stored, prepare=prepare)


def read_frame(frame: Any, connection: duckdb.DuckDBPyConnection, name: str) -> Reading:
    """A frame in memory, or a lazy one that is run anew for each pass; InputError for none of these."""
    if hasattr(frame, "__arrow_c_stream__") and type(frame).__module__.partition(".")[0] != "pandas":
        return read_streams([Stream(lambda: frame)], connection, [name])
    if hasattr(frame, "collect") and hasattr(frame, "collect_schema"):
        return read_streams([Stream(frame.collect)], connection, [name])
    if type(frame).__module__.partition(".")[0] != "pandas" or not hasattr(frame, "columns"):
        raise InputError(f"{type(frame).__name__} is no data frame.", where=name, hint="Give one of pandas or polars.")
    names = tuple(frame.columns)
    if others := [one for one in names if not isinstance(one, str)]:
        raise InputError(f"the column {others[0]!r} has no text for a name.", where=name, hint="Rename it.")
    check_names(names, name)
    if any(hasattr(column.values, "strides") and column.values.strides[0] < 0 for _, column in frame.items()):
        frame = frame.copy()  # DuckDB cannot walk backwards, as in frame[::-1]
    view = f"frame_{uuid4().hex}"
    prepare = partial(_register, {view: frame})
    prepare(connection)
    types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {view}").fetchall()}
    stored: dict[str, StoredType] = {column: logical(type_) for column, type_ in types.items()}
    return Reading(view, IN_ORDER, stored, prepare=prepare)


def _register(streams: Mapping[str, object], connection: duckdb.DuckDBPyConnection) -> None:
    for name, stream in streams.items():
        connection.register(name, stream)


def _read(path: Path) -> Any:
    try:
        from arro3.io import read_ipc, read_ipc_stream
    except ImportError:
        raise InputError(
            "reading Arrow files needs the package arro3-io.", where=str(path), hint="Install mlops-actions[data]."
        ) from None
    with path.open("rb") as file:
        start = file.read(len(_FILE_MAGIC))
    return (read_ipc if start == _FILE_MAGIC else read_ipc_stream)(os.fspath(path))
