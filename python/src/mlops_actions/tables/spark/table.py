"""A table that Spark reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import Material
from mlops_actions.evidence.digests import digest_bytes
from mlops_actions.tables.files import Files
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
    Unanswered,
    View,
)
from mlops_actions.tables.progress import telling
from mlops_actions.tables.spark.arrays import fetch
from mlops_actions.tables.spark.cells import read_cells
from mlops_actions.tables.spark.errors import explained
from mlops_actions.tables.spark.match import find_likes
from mlops_actions.tables.spark.query import run
from mlops_actions.tables.spark.reading import ROW, Reading
from mlops_actions.tables.spark.scan import answer
from mlops_actions.tables.spark.session import share_done
from mlops_actions.tables.spark.types import quoted, typed, unreadable
from mlops_actions.tables.spark.view import look

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_NESTED = ("array", "object", "map", "binary")
_INFERRED: tuple[LogicalType, ...] = ("integer", "number", "date", "timestamp", "boolean", "string")


class SparkTable:
    """See `Table`. Rows have numbers where Parquet or CSV files are read, and else none."""

    def __init__(self, location: str, reading: Reading, files: Files | None) -> None:
        self._location = location
        self._reading = reading
        self._files = files

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
        """Columns that folders name, where this machine sees them."""
        return tuple(self._files.partitions) if self._files else ()

    @cached_property
    def columns(self) -> Mapping[str, LogicalType]:
        """Column → type; inferred from every cell where the file has no types."""
        untyped = [name for name, stored in self.stored.items() if stored == "text"]
        with self._explained():
            found = self._infer(untyped) if untyped else {}
        return {**cast("Mapping[str, LogicalType]", self.stored), **found}

    @property
    def frame(self) -> nw.LazyFrame[Any]:
        """The rows with the types of `columns`."""
        with self._explained():
            frame: nw.LazyFrame[Any] = nw.from_native(self._typed(self._reading.data, self.columns))
            return frame

    def row_count(self) -> int:
        """The number of rows."""
        with self._explained():
            return int(self._reading.data.count())

    def material(self, name: str) -> Material:
        """Files that this machine sees by their digest, others by the number and a hash of their rows."""
        identity = Identity(self._files.digest()) if self._files else self._rows_and_content()
        return identity.material(name, self.location)

    def arrays(
        self, columns: Sequence[str], *, types: Mapping[str, LogicalType] | None = None, sample: int | None = None
    ) -> dict[str, Column]:
        """Columns in memory, in the order of the rows where they have numbers."""
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
            return fetch(self._rows_of(wanted, sample), wanted) if wanted else {}

    def cells(self, rows: Sequence[int], columns: Sequence[str], length: int) -> dict[int, tuple[str | None, ...]]:
        """A pass over the columns."""
        with self._explained():
            return read_cells(rows, columns, length, self._reading)

    def scan(self, scan: Scan) -> Scanned:
        """One pass for all counts; one more for each key, each group, and the numbers of failing rows."""
        with self._explained():
            return answer(scan, self._reading, self.location)

    def view(self, view: View) -> SparkTable:
        """Costs no pass over the rows."""
        with self._explained():
            return SparkTable(self._location, look(view, self._reading, self.location), self._files)

    def query(self, query: Query) -> Answer | Unanswered:
        """As far as Spark reads the SQL as DuckDB does."""
        readable = {
            name: (table, types) for name, (table, types) in query.tables.items() if isinstance(table, SparkTable)
        }
        with self._explained():
            frames = {name: table._readable(types) for name, (table, types) in readable.items()}
            return run(query.text, frames, self._reading.data.sparkSession)

    def match(self, match: Match) -> Tally:
        """The rows that have their like."""
        other = match.other
        if other is not None and not isinstance(other, SparkTable):
            raise InputError(f"{self.location!r} and {other.location!r} are read by different engines.")
        with self._explained():
            return find_likes(match, self._reading, other._reading if other else None)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        session = self._reading.data.sparkSession
        with share_done(session) as share, telling(self.location, share), explained(self.location):
            yield

    def _readable(self, types: Mapping[str, LogicalType]) -> DataFrame:
        """The columns as these types, text of which none is said as text."""
        given = {name: "string" if stored == "text" else stored for name, stored in self.stored.items()}
        return self._typed(self._reading.data, {**given, **types})

    def _typed(self, data: DataFrame, types: Mapping[str, StoredType]) -> DataFrame:
        return data.selectExpr(
            *(f"{typed(name, self.stored[name], type_)} AS {quoted(name)}" for name, type_ in types.items())
        )

    def _rows_of(self, wanted: Mapping[str, LogicalType], sample: int | None) -> DataFrame:
        data = self._reading.numbered
        step = self.row_count() // sample if sample else 1
        if data is None:
            rows = self._reading.data
            rows = (
                rows if step <= 1 else rows.where(f"pmod(xxhash64({', '.join(map(quoted, self.stored))}), {step}) = 0")
            )
            return self._typed(rows, wanted)
        rows = data if step <= 1 else data.where(f"pmod(xxhash64({ROW}), {step}) = 0")
        return self._typed(rows.orderBy(ROW), wanted)

    def _infer(self, names: Sequence[str]) -> dict[str, LogicalType]:
        from pyspark.sql import functions

        pairs = [(name, type_) for name in names for type_ in _INFERRED if type_ != "string"]
        bad = [f"count_if({unreadable(name, 'text', type_)})" for name, type_ in pairs]
        filled = [f"count(nullif({quoted(name)}, ''))" for name in names]
        found = list(self._reading.data.agg(*(functions.expr(one) for one in (*filled, *bad))).collect()[0])
        values = dict(zip(names, found, strict=False))
        wrong: dict[tuple[str, str], int] = dict(zip(pairs, found[len(names) :], strict=True))
        return {
            name: next((type_ for type_ in _INFERRED if values[name] and not wrong.get((name, type_))), "string")
            for name in names
        }

    def _rows_and_content(self) -> Identity:
        """Sums of hashes of the rows, whatever their order."""
        from pyspark.sql import functions

        cells = ", ".join(f"to_json(struct({quoted(name)}))" for name in self.stored)
        hashes = [f"sum(CAST(xxhash64({seed}{cells}) AS DECIMAL(38, 0)))" for seed in ("", "1, ")]
        with self._explained():
            data = self._reading.data
            rows, first, second = data.agg(*(functions.expr(one) for one in ("count(1)", *hashes))).collect()[0]
        return Identity(digest_bytes(f"{rows} {first} {second}".encode()), "rows+content", {"rows": str(rows)})
