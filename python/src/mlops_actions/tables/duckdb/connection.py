"""A database inside this process."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

import duckdb

_MEMORY = "2GB"


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
    # it lets the reader of CSV do a TRY_CAST's work, which then fails where the cast would give NULL
    connection.execute("SET disabled_optimizers = 'type_pushdown'")
    return connection
