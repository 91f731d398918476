"""A database inside this process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import duckdb

Found = TypeVar("Found")

_MEMORY, _EARLY, _EARLY_OF_A_THREAD = 2000, 400, 128
"""Megabytes; with less than the last for each thread even what spills does not run."""


def connect() -> duckdb.DuckDBPyConnection:
    """A database of its own, that keeps to some memory and spills beyond it, and fetches no extension."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "memory_limit": f"{_MEMORY}MB",
            "temp_directory": str(Path(tempfile.gettempdir()) / f"mlops-actions-{uuid4().hex}"),
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    # counted, not drawn
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    # it lets the reader of CSV do a TRY_CAST's work, which then fails where the cast would give NULL
    connection.execute("SET disabled_optimizers = 'type_pushdown'")
    return connection


def threads(connection: duckdb.DuckDBPyConnection) -> int:
    """How many work at once."""
    return int(connection.execute("SELECT current_setting('threads')").fetchall()[0][0])


def spilling_early(connection: duckdb.DuckDBPyConnection, work: Callable[[], Found]) -> Found:
    """Let what grows with the rows spill before it has to: that costs no time, and runners have little memory.

    Where reading alone takes more, as the buffers of large JSON objects do, the work is done anew with all there is.
    """
    early = min(max(_EARLY, threads(connection) * _EARLY_OF_A_THREAD), _MEMORY)
    try:
        with suppress(duckdb.OutOfMemoryException):
            connection.execute(f"SET memory_limit = '{early}MB'")
            return work()
    finally:
        connection.execute(f"SET memory_limit = '{_MEMORY}MB'")
    return work()


def share_done(connection: duckdb.DuckDBPyConnection) -> float | None:
    """How much of the running query is done, from 0 to 1; asked from another thread."""
    percent = connection.query_progress()
    return percent / 100 if percent >= 0 else None
