"""A scan's questions in one aggregate; exact uniqueness, groups and row numbers each apart, which Spark does faster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw

from mlops_actions.tables.interface import Group, Groups, Scan, Scanned, StoredType, Tally
from mlops_actions.tables.questions import (
    aggregate,
    aliases_of,
    columns_apart,
    columns_of,
    complete,
    conditions_of,
    count,
    parts_of,
)
from mlops_actions.tables.spark.content import garbled, refuse_garbled
from mlops_actions.tables.spark.reading import ROW, Reading
from mlops_actions.tables.spark.types import present, quoted, typed, unreadable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_OURS = "mlops_question"


def answer(scan: Scan, reading: Reading, location: str) -> Scanned:
    """Run the scan. Raises InputError where text is not UTF-8."""
    stored = reading.stored
    rows = _questions(reading.data, scan, stored)
    conditions = conditions_of(scan, stored)
    asked = {
        "rows": ["count(1)", count(f"{_OURS}_garbled")],
        "present": [f"count(present_{place})" for place in range(len(stored))],
        "conditions": [count(condition) for condition in conditions.values()],
        "counts": [count(f"count_{index}") for index in range(len(scan.counts))],
        "aggregates": [aggregate(one, f"aggregate_{index}") for index, one in enumerate(scan.aggregates.values())],
    }
    found = _select_one(rows, asked)
    total, wrong = found["rows"]
    refuse_garbled(wrong, location)
    filled = dict(zip(stored, found["present"], strict=True))
    counted = dict(zip(conditions, found["conditions"], strict=True))
    surplus = {name: _surplus(rows, parts_of(i, columns)) for i, (name, columns) in enumerate(scan.keys.items())}
    numbered = _questions(reading.numbered, scan, stored) if scan.first and reading.numbered is not None else None
    failing = {question: conditions[question] for question, number in counted.items() if number}
    firsts = _first_rows(numbered, failing, scan.first) if numbered is not None and failing else {}

    def tally(question: tuple[str, str]) -> Tally:
        return Tally(counted.get(question, 0), firsts.get(question, ()))

    def repeated(index: int, name: str) -> Tally:
        parts = parts_of(index, scan.keys[name])
        first = _repeated_rows(numbered, parts, scan.first) if numbered is not None and surplus[name] else ()
        return Tally(surplus[name], first)

    return Scanned(
        rows=total,
        missing={
            name: tally(("missing", name)) if name in scan.missing else Tally(total - filled[name]) for name in stored
        },
        unreadable={name: tally(("unreadable", name)) for name in scan.types},
        flags={name: tally(("flag", name)) for name in scan.flags},
        counts=dict(zip(scan.counts, found["counts"], strict=True)),
        keys={name: repeated(index, name) for index, name in enumerate(scan.keys)},
        aggregates=dict(zip(scan.aggregates, found["aggregates"], strict=True)),
        groups={name: _groups(rows, index, groups) for index, (name, groups) in enumerate(scan.groups.items())},
    )


def _questions(data: DataFrame, scan: Scan, stored: Mapping[str, StoredType]) -> DataFrame:
    """The rows with a column of ours for each question."""
    selected = [quoted(ROW)] if ROW in data.columns else []
    selected.append(f"{garbled(stored, data.sparkSession)} AS {_OURS}_garbled")
    aliases = aliases_of(stored)
    for place, (name, type_) in enumerate(stored.items()):
        wanted = scan.types.get(name, "string" if type_ == "text" else type_)
        selected.append(f"{typed(name, type_, wanted)} AS {quoted(aliases[name])}")
        selected.append(f"{present(name, type_, wanted)} AS {_OURS}_present_{place}")
        if broken := unreadable(name, type_, wanted):
            selected.append(f"{broken} AS {_OURS}_unreadable_{place}")
    frame = nw.from_native(data.selectExpr(*selected))
    row = [nw.col(ROW)] if ROW in data.columns else []
    row.append(nw.col(f"{_OURS}_garbled"))
    found: DataFrame = frame.select(*row, *columns_of(scan, stored, _OURS), *columns_apart(scan)).to_native()
    return found


def _select_one(rows: DataFrame, asked: Mapping[str, list[str]]) -> dict[str, list[Any]]:
    from pyspark.sql import functions

    values = list(rows.agg(*(functions.expr(one) for part in asked.values() for one in part)).collect()[0])
    found = {}
    for name, part in asked.items():
        found[name], values = values[: len(part)], values[len(part) :]
    return found


def _surplus(rows: DataFrame, parts: list[str]) -> int:
    """Rows beyond the first of their value, exactly: an approximate count must never decide."""
    from pyspark.sql import functions

    grouped = rows.where(complete(parts)).groupBy(*parts).count()
    (found,) = grouped.agg(functions.expr("coalesce(sum(count - 1), 0)")).collect()[0]
    return int(found)


def _first_rows(
    rows: DataFrame, conditions: Mapping[tuple[str, str], str], first: int
) -> dict[tuple[str, str], tuple[int, ...]]:
    """The first rows of each condition, all in one pass."""
    from pyspark.sql import Window, functions

    questions = list(conditions)
    broken = [f"CASE WHEN {conditions[one]} THEN {place} END" for place, one in enumerate(questions)]
    met = rows.selectExpr(ROW, f"explode(array_compact(array({', '.join(broken)}))) AS question")
    place = functions.row_number().over(Window.partitionBy("question").orderBy(ROW))
    found = met.withColumn("place", place).where(f"place <= {first}").select("question", ROW).collect()
    return {
        one: tuple(sorted(row for question, row in found if question == place)) for place, one in enumerate(questions)
    }


def _repeated_rows(rows: DataFrame, parts: list[str], first: int) -> tuple[int, ...]:
    """The first rows whose value was there before; items of one list share theirs."""
    from pyspark.sql import Window, functions

    place = functions.row_number().over(Window.partitionBy(*parts).orderBy(ROW))
    found = rows.where(complete(parts)).select(ROW, *parts).withColumn("place", place).where("place > 1")
    return tuple(row for (row,) in found.select(ROW).distinct().orderBy(ROW).limit(first).collect())


def _groups(rows: DataFrame, index: int, groups: Groups) -> tuple[Group, ...]:
    from pyspark.sql import functions

    name = f"group_{index}"
    counts = [count(f"{name}_count_{place}") for place in range(len(groups.counts))]
    single = [aggregate(one, f"{name}_of_{place}") for place, one in enumerate(groups.aggregates.values())]
    grouped = rows.groupBy(name).agg(
        functions.expr("count(1)").alias("rows"), *(functions.expr(one) for one in (*counts, *single))
    )
    ordered = grouped.orderBy(functions.desc("rows"), functions.asc_nulls_last(name)).limit(groups.most)
    return tuple(
        Group(
            value,
            total,
            dict(zip(groups.counts, found[: len(counts)], strict=True)),
            dict(zip(groups.aggregates, found[len(counts) :], strict=True)),
        )
        for value, total, *found in ordered.collect()
    )
