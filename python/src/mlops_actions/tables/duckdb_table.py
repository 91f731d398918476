"""Tables read by DuckDB inside this process: nothing to install or host, spilling to disk where memory ends."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import duckdb
import narwhals as nw
import numpy as np

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import Material
from mlops_actions.tables.duckdb_errors import explained
from mlops_actions.tables.duckdb_match import find_likes
from mlops_actions.tables.duckdb_reading import (
    ROW_BITS,
    Reading,
    free_name,
    quoted,
    read_csv,
    read_parquet,
    typed,
    unreadable,
)
from mlops_actions.tables.duckdb_scan import answer
from mlops_actions.tables.files import Files, find_files
from mlops_actions.tables.interface import Column, LogicalType, Match, Scan, Scanned, StoredType, Tally

_NESTED = ("array", "object", "map", "binary")
_INFERRED: tuple[LogicalType, ...] = ("integer", "number", "date", "timestamp", "boolean")
_SAMPLED_TEXT_ROWS = 20_000


def open_location(location: str) -> DuckdbTable:
    """Open a file, a glob or a folder of Parquet or CSV files."""
    files = find_files(location)
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "memory_limit": "2GB",
            "temp_directory": str(Path(tempfile.gettempdir()) / f"mlops-actions-{uuid4().hex}"),
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    with explained(location):
        reading = read_parquet(files, connection) if files.format == "parquet" else read_csv(files)
    return DuckdbTable(files, connection, reading)


class DuckdbTable:
    """See `Table`."""

    def __init__(self, files: Files, connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
        self._files = files
        self._connection = connection
        self._reading = reading

    @property
    def location(self) -> str:
        """Where the rows live, as the user wrote it."""
        return self._files.location

    @property
    def stored(self) -> Mapping[str, StoredType]:
        """Column → type as stored."""
        return self._reading.stored

    @cached_property
    def columns(self) -> Mapping[str, LogicalType]:
        """Column → type; inferred from every cell of a text file."""
        if self._files.format == "csv":
            return self._infer()
        return cast("Mapping[str, LogicalType]", self.stored)

    @property
    def frame(self) -> nw.LazyFrame[Any]:
        """The rows with the types of `columns`."""
        selected = ", ".join(
            f"{typed(name, self.stored[name], type_)} AS {quoted(name)}" for name, type_ in self.columns.items()
        )
        with explained(self.location):
            return nw.from_native(self._connection.sql(f"SELECT {selected} FROM {self._reading.source}"))  # noqa: S608

    def row_count(self) -> int:
        """The number of rows: from the footers of Parquet files, by a pass over CSV."""
        return sum(self._rows_by_file)

    def material(self, name: str) -> Material:
        """The files' digest; the files are read."""
        return Material(name=name, uri=self.location, digest={"sha256": self._files.digest()})

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
        with explained(self.location):
            return self._fetch(wanted, sample) if wanted else {}

    def scan(self, scan: Scan) -> Scanned:
        """Answer everything in one pass; a second one finds the row numbers of repeated keys, where there are any."""
        with explained(self.location):
            return answer(scan, self._connection, self._reading, self._row_number)

    def match(self, match: Match) -> Tally:
        """A pass over hashes; where some agree, one over the rows behind them."""
        other = match.other
        if other is not None and not isinstance(other, DuckdbTable):
            raise InputError(f"{self.location!r} and {other.location!r} are read by different engines.")
        with explained(self.location):
            theirs = other._reading if other else None
            return find_likes(match, self._connection, self._reading, theirs, self._row_number)

    @cached_property
    def _rows_by_file(self) -> list[int]:
        with explained(self.location):
            if self._files.format == "csv":
                counted = self._connection.execute(f"SELECT count(*) FROM {self._reading.source}").fetchall()  # noqa: S608
                return [int(counted[0][0])]
            paths = [str(path) for path in self._files.paths]
            listing = self._connection.execute("SELECT file_name, num_rows FROM parquet_file_metadata(?)", [paths])
            rows = dict(listing.fetchall())
            return [int(rows[path]) for path in paths]

    @cached_property
    def _offsets(self) -> list[int]:
        return [0, *accumulate(self._rows_by_file)]

    def _row_number(self, code: int) -> int:
        file, row = divmod(code, 1 << ROW_BITS)
        return self._offsets[file] + row if file else row

    def _infer(self) -> dict[str, LogicalType]:
        """Few rows rule out most types; the whole file decides between the rest."""
        source = self._reading.source
        everything = dict.fromkeys(self.stored, _INFERRED)
        possible = self._readable(f"(FROM {source} LIMIT {_SAMPLED_TEXT_ROWS})", everything)
        decided = self._readable(source, possible)
        return {name: next(iter(types), "string") for name, types in decided.items()}

    def _readable(
        self, source: str, candidates: Mapping[str, Sequence[LogicalType]]
    ) -> dict[str, tuple[LogicalType, ...]]:
        pairs = [(name, type_) for name, types in candidates.items() for type_ in types]
        asked = [f"count(*) FILTER (WHERE {unreadable(name, 'text', type_)})" for name, type_ in pairs]
        filled = [f"count({quoted(name)})" for name in candidates]
        with explained(self.location):
            found = self._connection.execute(f"SELECT {', '.join(filled + asked)} FROM {source}").fetchall()[0]  # noqa: S608
        values = dict(zip(candidates, found, strict=False))
        bad = dict(zip(pairs, found[len(filled) :], strict=True))
        sampled = source != self._reading.source
        return {
            name: tuple(type_ for type_ in types if bad[name, type_] == 0 and (values[name] or sampled))
            for name, types in candidates.items()
        }

    def _fetch(self, wanted: Mapping[str, LogicalType], sample: int | None) -> dict[str, Column]:
        expressions: list[str] = []
        categories: list[list[str] | None] = []
        for name, type_ in wanted.items():
            cell = typed(name, self.stored[name], type_)
            if type_ in ("string", "time"):
                enum = f"mlops_categories_{len(expressions)}"
                categories.append(self._make_enum(enum, f"CAST({cell} AS VARCHAR)"))
                cell = f"enum_code(CAST({cell} AS VARCHAR)::{enum})"
            else:
                categories.append(None)
            expressions.append(f"{cell} AS c{len(expressions)}")
        relation = f"SELECT {', '.join(expressions)} FROM {self._sampled(sample)}"  # noqa: S608
        found = self._connection.sql(relation).fetchnumpy()
        for index, names in enumerate(categories):
            if names is not None:
                self._connection.execute(f"DROP TYPE mlops_categories_{index}")
        return {name: _column(found[f"c{index}"], categories[index]) for index, name in enumerate(wanted)}

    def _make_enum(self, enum: str, cell: str) -> list[str]:
        """Codes are far cheaper to hand over than a Python string per row."""
        distinct = (
            f"SELECT DISTINCT {cell} AS value FROM {self._reading.source} WHERE {cell} IS NOT NULL ORDER BY value"  # noqa: S608
        )
        self._connection.execute(f"CREATE TYPE {enum} AS ENUM ({distinct})")
        return list(self._connection.execute(f"SELECT enum_range(NULL::{enum})").fetchall()[0][0])

    def _sampled(self, rows: int | None) -> str:
        step = self.row_count() // rows if rows else 1
        if step <= 1:
            return self._reading.source
        row = free_name("row", self.stored)
        numbered = f"(SELECT *, {self._reading.row} AS {quoted(row)} FROM {self._reading.source})"  # noqa: S608
        return f"(FROM {numbered} WHERE hash({quoted(row)}) % {step} = 0)"


def _column(found: Any, categories: list[str] | None) -> Column:
    mask = np.ma.getmaskarray(found) if isinstance(found, np.ma.MaskedArray) else None
    values = np.asarray(found.data if isinstance(found, np.ma.MaskedArray) else found)
    return Column(values, None if mask is None or not mask.any() else ~mask, categories)
