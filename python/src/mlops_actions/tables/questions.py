"""A scan's questions as columns and SQL of our own names, in what DuckDB and Spark have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import narwhals as nw

from mlops_actions.errors import InputError
from mlops_actions.tables.interface import Aggregate, Scan, StoredType, reads_always

_ALIKE = str.maketrans(".`", "\u2024\u02cb")


def alias_of(name: str) -> str:
    """What a column is called in a scan's expressions: Spark takes a dot for a field of an object, and no backtick.

    >>> alias_of("age"), alias_of("a.b") == "a.b"
    ('age', False)
    """
    return name.translate(_ALIKE)


def aliases_of(names: Iterable[str]) -> dict[str, str]:
    """Column → `alias_of` it. Raises InputError where two would be the same."""
    found: dict[str, str] = {}
    for name in names:
        if (other := found.get(alias_of(name).lower())) is not None:
            raise InputError(f"the columns {other!r} and {name!r} are too alike.", hint="Rename one of them.")
        found[alias_of(name).lower()] = name
    return {name: alias_of(name) for name in names}


def cells_of(name: str) -> nw.Expr:
    """A column in an expression of a scan, whatever its name."""
    return nw.col(alias_of(name))


def columns_of(scan: Scan, stored: Mapping[str, StoredType], ours: str) -> list[nw.Expr]:
    """A column for each question about all rows, so that no name of the data's is in the aggregates.

    The frame has, beside the data's columns, `<ours>_present_0` of each of them in order, and `<ours>_unreadable_0` of
    those that may be.
    """
    places = {name: place for place, name in enumerate(stored)}
    asked = [nw.col(f"{ours}_present_{place}").alias(f"present_{place}") for place in places.values()]
    doubtful = [places[name] for name in may_be_unreadable(scan, stored)]
    asked += [nw.col(f"{ours}_unreadable_{place}").alias(f"unreadable_{place}") for place in doubtful]
    asked += [flag.alias(f"flag_{index}") for index, flag in enumerate(scan.flags.values())]
    asked += [count.alias(f"count_{index}") for index, count in enumerate(scan.counts.values())]
    asked += [one.of.alias(f"aggregate_{index}") for index, one in enumerate(scan.aggregates.values())]
    return asked


def may_be_unreadable(scan: Scan, stored: Mapping[str, StoredType]) -> list[str]:
    """The columns of which some cells may not read as the type that is wanted."""
    return [name for name, wanted in scan.types.items() if not reads_always(stored[name], wanted)]


def columns_apart(scan: Scan) -> list[nw.Expr]:
    """The columns of groups and keys, each of which is a question of its own."""
    asked = []
    for index, groups in enumerate(scan.groups.values()):
        asked.append(groups.by.alias(f"group_{index}"))
        asked += [count.alias(f"group_{index}_count_{place}") for place, count in enumerate(groups.counts.values())]
        asked += [one.of.alias(f"group_{index}_of_{place}") for place, one in enumerate(groups.aggregates.values())]
    for index, columns in enumerate(scan.keys.values()):
        parts = zip(columns, parts_of(index, columns), strict=True)
        asked += [cells_of(column).alias(part) for column, part in parts]
    return asked


def conditions_of(scan: Scan, stored: Mapping[str, StoredType]) -> dict[tuple[str, str], str]:
    """Question → SQL that is true for the rows to count."""
    places = {name: place for place, name in enumerate(stored)}
    return {
        **{("missing", name): f"present_{places[name]} IS NULL" for name in scan.missing},
        **{("unreadable", name): f"unreadable_{places[name]}" for name in may_be_unreadable(scan, stored)},
        **{("flag", name): f"flag_{index}" for index, name in enumerate(scan.flags)},
    }


def count(condition: str) -> str:
    """Rows where it is true. Beside other aggregates FILTER is several times slower, a sum of casts twice."""
    return f"coalesce(count_if({condition}), 0)"


def aggregate(one: Aggregate, column: str) -> str:
    """An aggregate of a column."""
    return f"{one.function}({column})"


def parts_of(index: int, columns: tuple[str, ...]) -> list[str]:
    """The columns of a key."""
    return [f"key_{index}_{place}" for place in range(len(columns))]


def complete(parts: Sequence[str]) -> str:
    """True where no part of a key is missing."""
    return " AND ".join(f"{part} IS NOT NULL" for part in parts)
