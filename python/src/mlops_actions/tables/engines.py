"""Which engine reads a table: a lazy table of name → module, so that only the one in use is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol, cast

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables.interface import Table

ENGINES = {
    "duckdb": "mlops_actions.tables.duckdb",
    "spark": "mlops_actions.tables.spark",
    "sc": "mlops_actions.tables.spark",
}
"""Name, or scheme of an address → module with `open_location` and `open_frame`; a new engine is one line."""


class _Engine(Protocol):
    def open_location(self, location: str, engine: str) -> Table: ...

    def open_frame(self, frame: Any, name: str) -> Table: ...


def open_table(location: str, engine: str = "duckdb") -> Table:
    """Open data of any supported format, wherever it lies, as one table.

    Raises InputError when the engine is not known, nothing is there, or the files do not fit together.
    """
    known = next(
        (module for name, module in ENGINES.items() if engine == name or engine.startswith(f"{name}://")), None
    )
    if known is None:
        raise InputError(f"unknown engine {engine!r}.", where="engine", hint=nearest(engine, ENGINES))
    return cast("_Engine", import_module(known)).open_location(location, engine)


def open_frame(frame: Any, name: str = "data") -> Table:
    """A frame of pandas, polars or Spark, or whatever hands over Arrow's streams, as a table.

    Raises InputError for what is none of these, and for columns without a name of their own.
    """
    engine = "spark" if type(frame).__module__.startswith("pyspark.") else "duckdb"
    return cast("_Engine", import_module(ENGINES[engine])).open_frame(frame, name)
