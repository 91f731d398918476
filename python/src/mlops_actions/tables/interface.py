"""What every table can do, whatever its engine and wherever its rows live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError
from mlops_actions.evidence import Material

if TYPE_CHECKING:
    import narwhals as nw

LogicalType = Literal[
    "string", "integer", "number", "boolean", "date", "timestamp", "time", "array", "object", "map", "binary"
]
"""The words of the Open Data Contract Standard, and `binary`."""

StoredType = LogicalType | Literal["text", "json"]
"""`text`: the file has no types, every cell is text that may be read as any simple type. `json`: every cell has its own
type, so that only those of one type may be read as it."""

_READABLE: Mapping[str, frozenset[str]] = {
    "text": frozenset({"string", "integer", "number", "boolean", "date", "timestamp", "time"}),
    "json": frozenset(get_args(LogicalType)) - {"binary"},
    "integer": frozenset({"integer", "number"}),
    "number": frozenset({"integer", "number"}),
    "date": frozenset({"date", "timestamp"}),
    "timestamp": frozenset({"date", "timestamp"}),
}

_ALWAYS = {("text", "string"), ("integer", "number"), ("date", "timestamp")}


def readable_as(stored: StoredType, wanted: LogicalType) -> bool:
    """Whether a column stored as one type can be read as another; single values may still be unreadable.

    >>> readable_as("number", "integer"), readable_as("string", "integer")
    (True, False)
    """
    return wanted in _READABLE.get(stored, frozenset({stored}))


def reads_always(stored: StoredType, wanted: StoredType) -> bool:
    """Whether every value that is stored as one type reads as another.

    >>> reads_always("integer", "number"), reads_always("number", "integer")
    (True, False)
    """
    return stored == wanted or (stored, wanted) in _ALWAYS


@dataclass(frozen=True)
class Column:
    """One column's values in file order."""

    values: NDArray[Any]
    """Shape (rows,): numbers, booleans, datetime64[us], or integer codes into `categories`; arbitrary where null."""
    valid: NDArray[np.bool_] | None = None
    """Shape (rows,): False where the value is missing (null or NaN). None: nothing is missing."""
    categories: list[str] | None = None
    """The distinct strings that the codes stand for, sorted; None unless the column holds strings."""
    type: str | None = None
    """What pandas makes of it besides a plain array, if the file tells: `category`, `Int64`, `datetime64[us, UTC]`."""

    def first(self, rows: int) -> Column:
        """Only the first rows of it."""
        return replace(self, values=self.values[:rows], valid=None if self.valid is None else self.valid[:rows])


@dataclass(frozen=True)
class Aggregate:
    """One number, moment or text of all rows; null where no row has a value."""

    function: Literal["min", "max", "sum"]
    of: nw.Expr


@dataclass(frozen=True)
class Groups:
    """Rows told apart by a value, and counted within each; rows without it are one group too."""

    by: nw.Expr
    counts: Mapping[str, nw.Expr] = field(default_factory=dict)
    aggregates: Mapping[str, Aggregate] = field(default_factory=dict)
    most: int = 1000
    """How many groups to keep, those with the most rows first."""


@dataclass(frozen=True)
class Scan:
    """What to find out in one pass over a table; expressions name columns by `questions.cells_of`."""

    types: Mapping[str, LogicalType] = field(default_factory=dict)
    """Column → the type to read it as (`readable_as` holds); cells that do not read are null in `flags`."""
    flags: Mapping[str, nw.Expr] = field(default_factory=dict)
    """Name → a boolean expression over the columns; rows where it is true are counted, null is not true."""
    counts: Mapping[str, nw.Expr] = field(default_factory=dict)
    """Like `flags`, of which only the number of rows is wanted."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name → columns whose values, taken together, must be unique; rows with a null among them do not count."""
    missing: frozenset[str] = frozenset()
    """Columns of which the row numbers of missing values are wanted; they are counted for all columns."""
    aggregates: Mapping[str, Aggregate] = field(default_factory=dict)
    """Name → what is wanted of all rows."""
    groups: Mapping[str, Groups] = field(default_factory=dict)
    """Name → rows by a value; each may cost a pass of its own."""
    first: int = 0
    """How many row numbers to keep of each count."""


@dataclass(frozen=True)
class Match:
    """Which rows have their like, by the values of some columns; null equals null."""

    columns: tuple[str, ...]
    types: Mapping[str, LogicalType]
    """What to read the columns as, also in the other table (`readable_as` holds)."""
    other: Table | None = None
    """Where the like has to be: in this table, or among the earlier rows of the same one (None)."""
    unlike: str | None = None
    """A column in which a like of the same table, earlier or later, has another value; null is none."""
    complete: bool = False
    """Whether rows with a null among the columns have no like."""
    called: tuple[str, ...] = ()
    """What the columns are called in the other table; empty: the same."""
    without: bool = False
    """Whether the rows that have no like in the other table are wanted instead."""
    first: int = 0
    """How many row numbers to keep."""


@dataclass(frozen=True)
class Inside:
    """What lies inside of a nested column."""

    path: tuple[str, ...]
    """A column, and the names of fields from there on."""
    what: Literal["value", "size", "lacking"] = "value"
    """The field; how many fields of the object that it is are filled; whether its object is there and it is not."""


@dataclass(frozen=True)
class Written:
    """Text that is to be read as a date or a time, and is not written as ISO 8601 has it."""

    pattern: str
    """RE2, from end to end, with groups."""
    iso: str
    r"""The same in ISO 8601, with \1 for the first group."""


@dataclass(frozen=True)
class View:
    """A table looked at otherwise."""

    items: str | None = None
    """A column of lists whose items are to be the rows, in one column named `column[]`."""
    columns: Mapping[str, Inside] = field(default_factory=dict)
    """New column → what it holds; of fields that the data does not have there will be no column."""
    written: Mapping[str, Written] = field(default_factory=dict)
    """Column → how it is written, where it is text; other cells will not read as any date."""


def refuse_taken(view: View, stored: Mapping[str, StoredType], location: str) -> None:
    """Raise InputError where a new column of a view has the name of another."""
    taken = {name.lower() for name in stored}
    for name in view.columns:
        if name.lower() in taken:
            raise InputError(
                f"the data has a column {name!r}, which is also what the contract calls a nested property.",
                where=location,
                hint="Rename one of them.",
            )


@dataclass(frozen=True)
class Query:
    """SQL that gives one value."""

    text: str
    tables: Mapping[str, tuple[Table, Mapping[str, LogicalType]]]
    """Name → a table that it may select from, and what to read columns of it as; it can reach nothing else."""


@dataclass(frozen=True)
class Answer:
    """What a query gave."""

    value: Any


@dataclass(frozen=True)
class Unanswered:
    """The engine does not run the query."""

    why: str
    """A clause: "… was not checked: {why}."."""


@dataclass(frozen=True)
class Tally:
    """How many rows, and which come first."""

    count: int
    rows: tuple[int, ...] = ()
    """Row numbers from 0, over all files in order; at most `Scan.first`."""


@dataclass(frozen=True)
class Scanned:
    """What one pass found."""

    rows: int
    missing: Mapping[str, Tally]
    """Of every column: null, NaN, or an empty cell of a text file; unreadable cells are not missing."""
    unreadable: Mapping[str, Tally]
    """Of every column in `Scan.types`: cells that hold something which does not read as the type."""
    flags: Mapping[str, Tally]
    counts: Mapping[str, int]
    keys: Mapping[str, Tally]
    """Rows beyond the first of their value."""
    aggregates: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """The rows of one value."""

    value: Any
    """None where it is missing."""
    rows: int
    counts: Mapping[str, int]
    aggregates: Mapping[str, Any]


class Table(Protocol):
    """Rows and named columns. Missing, damaged or ragged files raise InputError from any method."""

    @property
    def location(self) -> str:
        """Where the rows live, as the user wrote it."""

    @property
    def stored(self) -> Mapping[str, StoredType]:
        """Column → type as stored, in order; costs no pass over the rows."""

    @property
    def partitions(self) -> tuple[str, ...]:
        """Columns that folders such as `year=2024` name, outermost first."""

    @property
    def columns(self) -> Mapping[str, LogicalType]:
        """Column → type; for text files the narrowest type that every cell reads as, which costs a pass."""

    @property
    def frame(self) -> nw.LazyFrame[Any]:
        """The rows as a narwhals LazyFrame with the types of `columns`; NaN is null."""

    def row_count(self) -> int:
        """The number of rows."""

    def material(self, name: str) -> Material:
        """What was read, with its digest; `name` is its role, such as `data`. Safe beside a running scan."""

    def arrays(
        self, columns: Sequence[str], *, types: Mapping[str, LogicalType] | None = None, sample: int | None = None
    ) -> dict[str, Column]:
        """Columns in file order, in memory; `types` overrides `columns`, unreadable cells are then missing.

        With `sample`, about that many rows spread over the whole table, the same ones each time.
        Raises InputError for a column that is not there or that holds nested values.
        """

    def cells(self, rows: Sequence[int], columns: Sequence[str], length: int) -> dict[int, tuple[str | None, ...]]:
        """Row number → what stands there in these columns, as text of at most so many characters.

        Rows that the table does not have, or cannot number, are left out.
        """

    def scan(self, scan: Scan) -> Scanned:
        """Answer everything in as few passes as the engine can, one where possible."""

    def view(self, view: View) -> Table | None:
        """The table as `view` has it, with the row numbers of this one; None where the engine has no such view.

        Raises InputError where a new column has the name of another.
        """

    def match(self, match: Match) -> Tally:
        """The rows that have their like, exactly. InputError where the other table's engine is not this one's."""

    def query(self, query: Query) -> Answer | Unanswered:
        """Run SQL over this table and others.

        Raises InputError for SQL that is wrong, that would reach anything else, or that gives not just one value.
        """
