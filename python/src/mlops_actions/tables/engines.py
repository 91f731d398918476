"""Which engine reads a table: a lazy table of name → module, so that only the one in use is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables.interface import Table

ENGINES = {
    "duckdb": "mlops_actions.tables.duckdb",
    "spark": "mlops_actions.tables.spark",
    "sc": "mlops_actions.tables.spark",
}
"""Name, or scheme of an address → module with `open_location(location, engine) -> Table`: a new engine is one line."""


class _Engine(Protocol):
    def open_location(self, location: str, engine: str) -> Table: ...


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
