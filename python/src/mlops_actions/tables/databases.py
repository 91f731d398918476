"""Tables of databases, copied to a file of this machine: text in quotes, null as an empty cell without them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.ci.credentials import without_credentials
from mlops_actions.errors import InputError, OutsideError, nearest
from mlops_actions.tables.files import check_names

if TYPE_CHECKING:
    import psycopg

SCHEMES = ("sqlite", "postgresql", "postgres")
_AT_ONCE = 10_000


@dataclass(frozen=True)
class Copy:
    """A table as it was at one moment."""

    path: Path
    types: Mapping[str, str]
    """Column → its type as DuckDB names it; `text` where every cell is to be read by itself."""


def copy_table(location: str, folder: Path) -> Copy:
    """Copy a table; `sqlite:file.db#table` or `postgresql://host/database#schema.table`.

    Raises InputError where the database, the table or the right to read it is not there, OutsideError where the
    database cannot be reached.
    """
    address, sign, table = location.partition("#")
    if not (sign and table):
        raise InputError(
            f"the data {without_credentials(location)!r} names no table.", hint="Write it behind a '#': …#schema.table."
        )
    copy = _copy_sqlite if address.lower().startswith("sqlite:") else _copy_postgresql
    return copy(address, table, folder / "table.csv")


def _copy_sqlite(address: str, table: str, path: Path) -> Copy:
    file = Path(re.sub(r"^sqlite:(//(?=/))?", "", address, flags=re.IGNORECASE))
    if not file.is_file():
        raise InputError(f"the database {str(file)!r} does not exist.", where="data", hint="Check the path.")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return _dump_sqlite(connection, table, path, f"{file}#{table}")
    except sqlite3.Error as error:
        raise InputError(f"cannot be read: {error}.", where=f"{file}#{table}") from None


def _dump_sqlite(connection: sqlite3.Connection, table: str, path: Path, where: str) -> Copy:
    declared = dict(connection.execute("SELECT name, upper(type) FROM pragma_table_info(?) ORDER BY cid", [table]))
    if not declared:
        known = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
        ]
        raise InputError(f"the database has no table {table!r}.", where=where, hint=nearest(table, known))
    check_names(tuple(declared), where)
    line = " || ',' || ".join(_sqlite_cell(name, type_) for name, type_ in declared.items())
    rows = connection.execute(f"SELECT {line} FROM {_quoted(table)}")  # noqa: S608
    with path.open("w", encoding="utf-8", newline="") as out:
        while lines := rows.fetchmany(_AT_ONCE):
            out.writelines(f"{text}\n" for (text,) in lines)
    return Copy(path, dict.fromkeys(declared, "text"))


def _sqlite_cell(name: str, declared: str) -> str:
    """SQL for a cell as text in quotes, with all digits of a number; a declared boolean is stored as 0 or 1."""
    cell = _quoted(name)
    text = f"CASE typeof({cell}) WHEN 'blob' THEN hex({cell}) WHEN 'real' THEN printf('%!.17g', {cell}) ELSE {cell} END"
    if declared.startswith("BOOL"):
        text = f"CASE {cell} WHEN 0 THEN 'false' WHEN 1 THEN 'true' ELSE {text} END"
    return f"""CASE WHEN {cell} IS NULL THEN '' ELSE '"' || replace({text}, '"', '""') || '"' END"""


def _copy_postgresql(address: str, table: str, path: Path) -> Copy:
    try:
        import psycopg
    except ImportError:
        raise InputError(
            "reading PostgreSQL needs the package psycopg.", where="data", hint="Install mlops-actions[data]."
        ) from None
    where = f"{without_credentials(address)}#{table}"
    try:
        with psycopg.connect(re.sub("^postgres:", "postgresql:", address), options=_SESSION, connect_timeout=10) as one:
            return _dump_postgresql(one, table, path, where)
    except psycopg.errors.UndefinedTable:
        raise InputError(f"the database has no table {table!r}.", where=where, hint=_QUOTE) from None
    except (psycopg.errors.InvalidName, psycopg.errors.InvalidSchemaName):
        raise InputError(f"{table!r} is not the name of a table.", where=where, hint=_QUOTE) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise InputError(f"{_said(error)}.", where=where, hint="Grant SELECT to the user.") from None
    except psycopg.Error as error:
        said = _said(error)
        if re.search(r"password|authentication|role .* does not exist|database .* does not exist|invalid", said):
            hint = "Check user and database; the password may stand in PGPASSWORD."
            raise InputError(f"the database refuses: {said}.", where=where, hint=hint) from None
        raise OutsideError(f"the database cannot be read: {said}.", where=where, hint="Run it again.") from None


_SESSION = "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c default_transaction_read_only=on"
_QUOTE = 'Write schema.table, and "quotes" around a name with capitals or signs.'
_POSTGRESQL = {
    **dict.fromkeys(("int2", "int4", "int8"), "BIGINT"),
    **dict.fromkeys(("float4", "float8", "numeric"), "DOUBLE"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "text"),
    "bool": "BOOLEAN",
    "time": "TIME",
}
"""What the catalogue calls a type → what its text is read as. Dates may lie outside of what DuckDB holds: they are
read one by one."""


def _dump_postgresql(connection: psycopg.Connection[Any], table: str, path: Path, where: str) -> Copy:
    from psycopg import sql

    # the server itself reads the name, and gives it back safely quoted
    (quoted,) = connection.execute("SELECT %s::regclass::text", [table]).fetchone() or ("",)
    columns = connection.execute(
        "SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [table],
    ).fetchall()
    types = {name: _postgresql_type(type_) for name, type_ in columns}
    check_names(tuple(types), where)
    cells = [
        sql.SQL("to_json({})" if types[name].endswith("]") else "{}::text").format(sql.Identifier(name))
        for name in types
    ]
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)").format(
        sql.SQL(", ").join(cells), sql.SQL(quoted)
    )
    with path.open("wb") as file, connection.cursor().copy(query) as copy:
        for block in copy:
            file.write(block)
    return Copy(path, types)


def _postgresql_type(name: str) -> str:
    if name.startswith("_"):  # an array of
        inner = _POSTGRESQL.get(name[1:], "VARCHAR")
        return f"{'VARCHAR' if inner == 'text' else inner}[]"
    return _POSTGRESQL.get(name, "VARCHAR")


def _said(error: Exception) -> str:
    """The server's own words, in one line."""
    return re.sub(
        r"^(connection failed: )?(.*FATAL: +|ERROR: +)?", "", " ".join(str(error).split("\n")[0].split())
    ).rstrip(".")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
