"""Tables read by DuckDB inside this process: nothing to install or host, spilling to disk where memory ends."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import accumulate
from typing import Any, cast

import duckdb
import narwhals as nw

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import Material
from mlops_actions.tables.duckdb.arrays import fetch
from mlops_actions.tables.duckdb.cells import read_cells
from mlops_actions.tables.duckdb.connection import share_done
from mlops_actions.tables.duckdb.errors import explained
from mlops_actions.tables.duckdb.inference import UNTYPED, infer
from mlops_actions.tables.duckdb.match import find_likes
from mlops_actions.tables.duckdb.query import run
from mlops_actions.tables.duckdb.reading import ROW_BITS, Reading
from mlops_actions.tables.duckdb.scan import answer
from mlops_actions.tables.duckdb.types import free_name, quoted, typed
from mlops_actions.tables.duckdb.view import look
from mlops_actions.tables.identity import Identity
from mlops_actions.tables.interface import (
    Answer,
    Column,
    LogicalType,
    Match,
    Query,
    Scan,
    Scanned,
    StoredType,
    Tally,
    View,
)
from mlops_actions.tables.progress import telling

_NESTED = ("array", "object", "map", "binary")


class DuckdbTable:
    """See `Table`."""

    def __init__(
        self,
        location: str,
        connection: duckdb.DuckDBPyConnection,
        reading: Reading,
        identify: Callable[[], Identity],
        viewed: DuckdbTable | None = None,
    ) -> None:
        self._location = location
        self._connection = connection
        self._reading = reading
        self._identify = identify
        self._viewed = viewed

    @property
    def location(self) -> str:
        """Where the rows live, as the user wrote it."""
        return self._location

    @property
    def stored(self) -> Mapping[str, StoredType]:
        """Column → type as stored."""
        return self._reading.stored

    @property
    def partitions(self) -> tuple[str, ...]:
        """Columns that folders name."""
        return self._reading.partitions

    @cached_property
    def columns(self) -> Mapping[str, LogicalType]:
        """Column → type; inferred from every cell where the file has no types."""
        untyped = {name: stored for name, stored in self.stored.items() if stored in UNTYPED}
        with self._explained():
            found = infer(untyped, self._connection, self._reading.source) if untyped else {}
        return {**cast("Mapping[str, LogicalType]", self.stored), **found}

    @property
    def frame(self) -> nw.LazyFrame[Any]:
        """The rows with the types of `columns`."""
        selected = ", ".join(
            f"{typed(name, self.stored[name], type_)} AS {quoted(name)}" for name, type_ in self.columns.items()
        )
        with self._explained():
            return nw.from_native(self._connection.sql(f"SELECT {selected} FROM {self._reading.source}"))  # noqa: S608

    def row_count(self) -> int:
        """The number of rows: from the footers of Parquet files, by a pass over CSV."""
        return sum(self._rows_by_file)

    def material(self, name: str) -> Material:
        """Files are read for their digest."""
        return self._identify().material(name, self.location)

    def arrays(
        self, columns: Sequence[str], *, types: Mapping[str, LogicalType] | None = None, sample: int | None = None
    ) -> dict[str, Column]:
        """Columns in file order, in memory."""
        for name in columns:
            if name not in self.stored:
                hint = nearest(name, self.stored)
                raise InputError(f"the data has no column {name!r}.", where=self.location, hint=hint)
        given = types or {}
        wanted = {name: given[name] if name in given else self.columns[name] for name in columns}
        for name, type_ in wanted.items():
            if type_ in _NESTED:
                raise InputError(f"the column {name!r} holds {type_} values, not simple ones.", where=self.location)
        with self._explained():
            return fetch(wanted, self._connection, self._reading, self._sampled(sample)) if wanted else {}

    def cells(self, rows: Sequence[int], columns: Sequence[str], length: int) -> dict[int, tuple[str | None, ...]]:
        """A pass over the columns; Parquet files are read only where the rows are."""
        codes = [code for row in rows for code in self._codes(row)]
        with self._explained():
            found = read_cells(codes, len(rows), columns, length, self._connection, self._reading)
        return {self._row_number(code): cells for code, cells in found.items()}

    def scan(self, scan: Scan) -> Scanned:
        """Count everything in one pass but keys and groups; where rows fail, another one finds which come first."""
        with self._explained():
            return answer(scan, self._connection, self._reading, self._row_number)

    def view(self, view: View) -> DuckdbTable:
        """Costs no pass over the rows."""
        with explained(self.location):
            reading = look(view, self._connection, self._reading, self.location)
        return DuckdbTable(self._location, self._connection, reading, self._identify, viewed=self)

    def match(self, match: Match) -> Tally:
        """A pass over hashes; where some agree, one over the rows behind them."""
        other = match.other
        if other is not None and not isinstance(other, DuckdbTable):
            raise InputError(f"{self.location!r} and {other.location!r} are read by different engines.")
        with self._explained():
            theirs = other._reading if other else None
            if theirs is not None:
                theirs.prepare(self._connection)
            return find_likes(match, self._connection, self._reading, theirs, self._row_number)

    def query(self, query: Query) -> Answer:
        """In DuckDB's dialect; costs a pass over what it reads."""
        readings = {name: (table._reading, types) for name, (table, types) in _of_duckdb(query).items()}
        with self._explained():
            return run(query.text, readings, self._connection)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with (
            telling(self.location, partial(share_done, self._connection)),
            explained(self.location, self._reading.renamed),
        ):
            yield

    @cached_property
    def _rows_by_file(self) -> list[int]:
        with self._explained():
            if not self._reading.footers:
                counted = self._connection.execute(f"SELECT count(*) FROM {self._reading.source}").fetchall()  # noqa: S608
                return [int(counted[0][0])]
            paths = list(self._reading.footers)
            listing = self._connection.execute("SELECT file_name, num_rows FROM parquet_file_metadata(?)", [paths])
            rows = dict(listing.fetchall())
            return [int(rows[path]) for path in paths]

    @cached_property
    def _offsets(self) -> list[int]:
        return [0, *accumulate(self._rows_by_file)]

    def _row_number(self, code: int) -> int:
        if self._viewed:
            return self._viewed._row_number(code)
        file, row = divmod(code, 1 << ROW_BITS)
        return self._offsets[file] + row if file else row

    def _codes(self, row: int) -> set[int]:
        """What `_row_number` turns into this number: counted over all files, or by file; there is only one of them."""
        if self._viewed:
            return self._viewed._codes(row)
        if not self._reading.footers:
            return {row}
        file = bisect_right(self._offsets, row) - 1
        return {row, file << ROW_BITS | row - self._offsets[file]}

    def _sampled(self, rows: int | None) -> str:
        step = self.row_count() // rows if rows else 1
        if step <= 1:
            return self._reading.source
        row = free_name("row", self.stored)
        numbered = f"(SELECT *, {self._reading.row} AS {quoted(row)} FROM {self._reading.source})"  # noqa: S608
        return f"(FROM {numbered} WHERE hash({quoted(row)}) % {step} = 0)"


def _of_duckdb(query: Query) -> dict[str, tuple[DuckdbTable, Mapping[str, LogicalType]]]:
    return {name: (table, types) for name, (table, types) in query.tables.items() if isinstance(table, DuckdbTable)}
