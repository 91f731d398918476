"""A contract's SQL over tables of DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlops_actions.errors import InputError
from mlops_actions.tables import sql
from mlops_actions.tables.duckdb.types import quoted, typed
from mlops_actions.tables.interface import Answer, LogicalType

if TYPE_CHECKING:
    import duckdb

    from mlops_actions.tables.duckdb.reading import Reading


def run(
    text: str, tables: Mapping[str, tuple[Reading, Mapping[str, LogicalType]]], connection: duckdb.DuckDBPyConnection
) -> Answer:
    """The one value that the query gives. Raises InputError where it is wrong or gives anything else."""
    sql.read(text, set(tables), connection)
    cursor = connection.cursor()
    try:
        for name, (reading, types) in tables.items():
            reading.prepare(cursor)
            cells = ", ".join(
                f"{typed(column, stored, types.get(column, 'string' if stored == 'text' else stored))} "
                f"AS {quoted(column)}"
                for column, stored in reading.stored.items()
            )
            cursor.execute(f"CREATE TEMP VIEW {quoted(name)} AS SELECT {cells} FROM {reading.source}")  # noqa: S608
        return Answer(_one_value(cursor, text))
    finally:
        cursor.close()


def _one_value(cursor: duckdb.DuckDBPyConnection, text: str) -> Any:
    import duckdb

    try:
        rows = cursor.execute(text).fetchmany(2)
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
        told = str(error).splitlines()[0].partition(": ")[2].strip().rstrip(".!")
        raise InputError(f"the SQL fails: {told}.") from None
    except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException) as error:
        # its message would show a cell, which may be personal
        what = "cast" if "onver" in str(error) else "computed"
        raise InputError(f"the SQL fails: a value cannot be {what}.", hint="Try TRY_CAST, which gives NULL.") from None
    return sql.one_value(rows)
