"""Every count of a scan in one SELECT; uniqueness, groups, and the numbers of rows that fail apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import narwhals as nw

from mlops_actions.tables.duckdb.first_rows import first_met, first_repeated
from mlops_actions.tables.duckdb.reading import Reading
from mlops_actions.tables.duckdb.types import free_name, present, quoted, typed, unreadable
from mlops_actions.tables.duckdb.uniqueness import marks, surplus
from mlops_actions.tables.interface import Group, Groups, Scan, Scanned, Tally
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

RowNumber = Callable[[int], int]


def answer(scan: Scan, connection: duckdb.DuckDBPyConnection, reading: Reading, row_number: RowNumber) -> Scanned:
    """Run the scan. `row_number` turns a row's code into its number over all files."""
    relation = _relation(scan, connection, reading)
    conditions = conditions_of(scan, reading.stored)
    filled = [f"count(present_{place})" for place in range(len(reading.stored))]
    plain = [count(f"count_{index}") for index in range(len(scan.counts))]
    single = [aggregate(one, f"aggregate_{index}") for index, one in enumerate(scan.aggregates.values())]
    keys = {name: parts_of(index, columns) for index, (name, columns) in enumerate(scan.keys.items())}
    marked = {name: marks(parts, relation, connection) or () for name, parts in keys.items()}
    keyed = [asked for name, parts in keys.items() for asked in (count(complete(parts)), *marked[name])]
    counted = {question: count(sql) for question, sql in conditions.items() if question[0] != "missing"}
    asked = ["count(*)", *filled, *plain, *single, *keyed, *counted.values()]
    rows, *found = relation.aggregate(", ".join(asked)).fetchall()[0]

    present_counts = dict(zip(reading.stored, _take(found, len(filled)), strict=True))
    plain_counts = dict(zip(scan.counts, _take(found, len(plain)), strict=True))
    aggregates = dict(zip(scan.aggregates, _take(found, len(single)), strict=True))
    key_counts = {name: _take(found, 1 + len(marked[name])) for name in keys}
    numbers = {("missing", name): rows - present_counts[name] for name in scan.missing}
    numbers |= dict(zip(counted, found, strict=True))
    failing = {question: sql for question, sql in conditions.items() if numbers[question]} if scan.first else {}
    codes = first_met(failing, numbers, scan.first, rows, relation)

    def tally(question: tuple[str, str]) -> Tally:
        return Tally(numbers.get(question, 0), tuple(row_number(code) for code in codes.get(question, ())))

    def missing(name: str) -> Tally:
        return tally(("missing", name)) if name in scan.missing else Tally(rows - present_counts[name])

    def key(name: str) -> Tally:
        filled, *found_by_marks = key_counts[name]
        number = surplus(keys[name], found_by_marks, filled, relation, connection)
        repeated = first_repeated(keys[name], scan.first, rows, relation, connection) if number and scan.first else []
        return Tally(number, tuple(row_number(code) for code in repeated))

    return Scanned(
        rows=rows,
        missing={name: missing(name) for name in reading.stored},
        unreadable={name: tally(("unreadable", name)) for name in scan.types},
        flags={name: tally(("flag", name)) for name in scan.flags},
        counts=plain_counts,
        keys={name: key(name) for name in keys},
        aggregates=aggregates,
        groups={name: _groups(relation, index, groups) for index, (name, groups) in enumerate(scan.groups.items())},
    )


def _relation(scan: Scan, connection: duckdb.DuckDBPyConnection, reading: Reading) -> duckdb.DuckDBPyRelation:
    """The rows with a column of ours for each question, so that no name of the data's is in the aggregates."""
    ours = free_name("mlops", (name[:5] for name in reading.stored))
    selected = [f"{reading.row} AS {ours}_row"]
    aliases = aliases_of(reading.stored)
    for place, (name, stored) in enumerate(reading.stored.items()):
        wanted = scan.types.get(name, "string" if stored == "text" else stored)
        selected.append(f"{typed(name, stored, wanted)} AS {quoted(aliases[name])}")
        selected.append(f"{present(name, stored, wanted)} AS {ours}_present_{place}")
        if broken := unreadable(name, stored, wanted):
            selected.append(f"{broken} AS {ours}_unreadable_{place}")
    frame = nw.from_native(connection.sql(f"SELECT {', '.join(selected)} FROM {reading.source}"))  # noqa: S608
    # DuckDB's client compares each selected expression with each column's name: of a thousand columns that takes longer
    # than the scan, hence one struct
    together = nw.struct(*columns_of(scan, reading.stored, ours)).alias("together")
    relation = frame.select(nw.col(f"{ours}_row").alias("row_code"), *columns_apart(scan), together).to_native()
    return relation.select("* EXCLUDE together, unnest(together)")


def _groups(relation: duckdb.DuckDBPyRelation, index: int, groups: Groups) -> tuple[Group, ...]:
    name = f"group_{index}"
    counts = [count(f"{name}_count_{place}") for place in range(len(groups.counts))]
    single = [aggregate(one, f"{name}_of_{place}") for place, one in enumerate(groups.aggregates.values())]
    asked = ", ".join([f"{name}", "count(*)", *counts, *single])
    query = f"SELECT {asked} FROM rows GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT {groups.most}"  # noqa: S608
    selected = relation.query("rows", query)
    return tuple(
        Group(
            value,
            rows,
            dict(zip(groups.counts, found[: len(counts)], strict=True)),
            dict(zip(groups.aggregates, found[len(counts) :], strict=True)),
        )
        for value, rows, *found in (selected.fetchall() if selected else [])
    )


def _take(values: list[Any], count: int) -> list[Any]:
    taken, values[:count] = values[:count], []
    return taken
