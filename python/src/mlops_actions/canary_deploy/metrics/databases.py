"""Databases that hold predictions and labels: SQLite and PostgreSQL, read and never written."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from mlops_actions.ci.credentials import without_credentials
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.extras import require

Row = Mapping[str, Any]
Answer = tuple[Sequence[str], Sequence[Row]]
"""The names of the columns, and the rows."""

_TIME_LIMIT = 5
"""Seconds for a connection, and for a query."""
_PARAMETER = re.compile(r"(?<![:\w]):(since|until)\b")
_SESSION = f"-c TimeZone=UTC -c default_transaction_read_only=on -c statement_timeout={_TIME_LIMIT}s"


class Database(Protocol):
    """Answers one query for stretches of time.

    InputError for a query or a name that is wrong, OutsideError where the database cannot be reached.
    """

    @property
    def shown(self) -> str:
        """Its address without a password."""

    def now(self) -> float:
        """Its clock, in Unix time."""

    def ask(self, query: str, since: float, until: float) -> Answer:
        """The rows for `:since` to `:until`, given in Unix time."""


@dataclass(frozen=True)
class Sqlite:
    """A file; its clock is ours, and it is given times as text such as `2026-11-28 09:30:00.123`, in UTC."""

    file: Path

    @property
    def shown(self) -> str:
        return f"sqlite:{self.file}"

    def now(self) -> float:
        return time.time()

    def ask(self, query: str, since: float, until: float) -> Answer:
        if not self.file.is_file():
            raise InputError(f"the database {str(self.file)!r} does not exist.", where="metrics-source")
        times = {name: f"{_at(one):%F %T.%f}"[:-3] for name, one in (("since", since), ("until", until))}
        try:
            address = f"{self.file.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=_TIME_LIMIT)) as connection:
                connection.row_factory = sqlite3.Row
                cursor = connection.execute(query, times)
                return [one[0] for one in cursor.description or ()], [dict(row) for row in cursor.fetchall()]
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise OutsideError(f"{self.shown} is locked for more than {_TIME_LIMIT} s.") from None
            raise InputError(f"{self.shown} refuses the query: {error}.", where="metrics-query") from None
        except sqlite3.Error as error:
            raise InputError(f"{self.shown} cannot be asked: {error}.", where="metrics-source") from None


@dataclass(frozen=True)
class Postgresql:
    """A server; a session reads alone, and is given times with their zone."""

    address: str

    @property
    def shown(self) -> str:
        return without_credentials(self.address)

    def now(self) -> float:
        _, (row,) = self._run("SELECT extract(epoch FROM clock_timestamp()) AS now", {})
        return float(row["now"])

    def ask(self, query: str, since: float, until: float) -> Answer:
        # Its own way of writing parameters; a percent sign in the query is none.
        written = _PARAMETER.sub(r"%(\1)s", query.replace("%", "%%"))
        return self._run(written, {"since": _at(since), "until": _at(until)})

    def _run(self, query: str, parameters: Mapping[str, datetime]) -> Answer:
        psycopg = require("psycopg", "data", "PostgreSQL", where="metrics-source")
        from psycopg.rows import dict_row

        try:
            with psycopg.connect(
                self.address, options=_SESSION, connect_timeout=_TIME_LIMIT, row_factory=dict_row
            ) as one:
                cursor = one.execute(query, parameters)
                return [column.name for column in cursor.description or ()], cursor.fetchall()
        except (
            psycopg.errors.ProgrammingError,
            psycopg.errors.DataError,
            psycopg.errors.ReadOnlySqlTransaction,
        ) as error:
            raise InputError(f"{self.shown} refuses the query: {_said(error)}.", where="metrics-query") from None
        except psycopg.Error as error:
            raise OutsideError(
                f"{self.shown} cannot be asked: {_said(error)}.",
                hint="Check host, user and database; the password may stand in PGPASSWORD.",
            ) from None


def open_database(address: str) -> Database:
    """`sqlite:FILE` or `postgresql://…`; nothing is opened yet."""
    if address.lower().startswith("sqlite:"):
        return Sqlite(Path(re.sub(r"^sqlite:(//(?=/))?", "", address, flags=re.IGNORECASE)))
    return Postgresql(re.sub("^postgres:", "postgresql:", address))


def _at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _said(error: Exception) -> str:
    """The first line of what the server says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].removesuffix(".")
