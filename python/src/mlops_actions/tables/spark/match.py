"""Rows of Spark that have their like."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from mlops_actions.tables.interface import LogicalType, Match, Tally
from mlops_actions.tables.spark.reading import ROW, Reading
from mlops_actions.tables.spark.types import typed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_COMMON: dict[LogicalType, str] = {
    "integer": "DECIMAL(38, 0)",
    "number": "DOUBLE",
    "array": "STRING",
    "object": "STRING",
}
"""What values are compared as where two tables may store one type differently."""


def find_likes(match: Match, reading: Reading, other: Reading | None) -> Tally:
    """The rows that have their like in `other`, or among their own; see `Match`."""
    keys = [f"key_{place}" for place in range(len(match.columns))]
    mine = _selected(match, reading)
    if other is not None:
        found = _in_other(keys, mine, _selected(match, other))
    else:
        found = _conflicting(keys, mine) if match.unlike else _repeated(keys, mine)
    count = found.count()
    if not (match.first and count and reading.order):
        return Tally(count)
    return Tally(count, tuple(row for (row,) in found.select(ROW).orderBy(ROW).limit(match.first).collect()))


def _selected(match: Match, reading: Reading) -> DataFrame:
    """Of each row its number, and what is compared. Without numbers, any order stands for them."""
    data = reading.numbered
    row = ROW if data is not None else f"monotonically_increasing_id() AS {ROW}"
    asked = [f"{_comparable(name, match, reading)} AS key_{place}" for place, name in enumerate(match.columns)]
    if match.unlike:
        asked.append(f"{_comparable(match.unlike, match, reading)} AS unlike")
    rows = (reading.data if data is None else data).selectExpr(row, *asked)
    if not match.complete:
        return rows
    return rows.where(" AND ".join(f"key_{place} IS NOT NULL" for place in range(len(match.columns))))


def _comparable(name: str, match: Match, reading: Reading) -> str:
    wanted = match.types[name]
    cell = typed(name, reading.stored[name], wanted)
    return f"CAST({cell} AS {_COMMON[wanted]})" if wanted in _COMMON else cell


def _repeated(keys: list[str], mine: DataFrame) -> DataFrame:
    from pyspark.sql import Window, functions

    place = functions.row_number().over(Window.partitionBy(*keys).orderBy(ROW))
    return mine.withColumn("place", place).where("place > 1")


def _conflicting(keys: list[str], mine: DataFrame) -> DataFrame:
    from pyspark.sql import Window, functions

    alike = Window.partitionBy(*keys)
    known = mine.where("unlike IS NOT NULL")
    ranged = known.withColumn("low", functions.min("unlike").over(alike)).withColumn(
        "high", functions.max("unlike").over(alike)
    )
    return ranged.where("low <> high")


def _in_other(keys: list[str], mine: DataFrame, theirs: DataFrame) -> DataFrame:
    renamed = theirs.select(*(theirs[key].alias(f"their_{key}") for key in keys)).distinct()
    same = reduce(lambda a, b: a & b, (mine[key].eqNullSafe(renamed[f"their_{key}"]) for key in keys))
    return mine.join(renamed, same, "left_semi")
