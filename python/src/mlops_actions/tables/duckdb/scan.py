"""Every question of a scan in one SELECT: counts, first row numbers and exact uniqueness side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import narwhals as nw

from mlops_actions.tables.duckdb.reading import Reading
from mlops_actions.tables.duckdb.types import free_name, present, quoted, typed, unreadable
from mlops_actions.tables.interface import Group, Groups, Scan, Scanned, Tally
from mlops_actions.tables.questions import aggregate, columns_of, complete, conditions_of, count, parts_of

RowNumber = Callable[[int], int]


def answer(scan: Scan, connection: duckdb.DuckDBPyConnection, reading: Reading, row_number: RowNumber) -> Scanned:
    """Run the scan. `row_number` turns a row's code into its number over all files."""
    relation = _relation(scan, connection, reading)
    conditions = conditions_of(scan, reading.stored)
    counts = [count(condition) for condition in conditions.values()]
    firsts = [f"min(CASE WHEN {condition} THEN row_code END, {scan.first})" for condition in conditions.values()]
    filled = [f"count(present_{place})" for place in range(len(reading.stored))]
    surplus = [_surplus(parts_of(index, columns)) for index, columns in enumerate(scan.keys.values())]
    plain = [count(f"count_{index}") for index in range(len(scan.counts))]
    single = [aggregate(one, f"aggregate_{index}") for index, one in enumerate(scan.aggregates.values())]
    asked = ["count(*)", *filled, *plain, *single, *surplus, *counts, *(firsts if scan.first else [])]
    rows, *found = relation.aggregate(", ".join(asked)).fetchall()[0]

    present_counts = dict(zip(reading.stored, _take(found, len(filled)), strict=True))
    plain_counts = dict(zip(scan.counts, _take(found, len(plain)), strict=True))
    aggregates = dict(zip(scan.aggregates, _take(found, len(single)), strict=True))
    surplus_counts = dict(zip(scan.keys, _take(found, len(surplus)), strict=True))
    condition_counts = dict(zip(conditions, _take(found, len(counts)), strict=True))
    first_rows = dict(zip(conditions, found, strict=False))

    def tally(question: tuple[str, str]) -> Tally:
        codes = first_rows.get(question) or ()
        return Tally(condition_counts[question], tuple(row_number(code) for code in codes))

    def missing(name: str) -> Tally:
        return tally(("missing", name)) if name in scan.missing else Tally(rows - present_counts[name])

    def repeated(index: int, name: str) -> Tally:
        codes = _repeated_rows(relation, parts_of(index, scan.keys[name]), scan.first) if surplus_counts[name] else []
        return Tally(surplus_counts[name], tuple(row_number(code) for code in codes))

    return Scanned(
        rows=rows,
        missing={name: missing(name) for name in reading.stored},
        unreadable={name: tally(("unreadable", name)) for name in scan.types},
        flags={name: tally(("flag", name)) for name in scan.flags},
        counts=plain_counts,
        keys={name: repeated(index, name) for index, name in enumerate(scan.keys)},
        aggregates=aggregates,
        groups={name: _groups(relation, index, groups) for index, (name, groups) in enumerate(scan.groups.items())},
    )


def _relation(scan: Scan, connection: duckdb.DuckDBPyConnection, reading: Reading) -> duckdb.DuckDBPyRelation:
    """The rows with a column of ours for each question, so that no name of the data's is in the aggregates."""
    ours = free_name("mlops", (name[:5] for name in reading.stored))
    selected = [f"{reading.row} AS {ours}_row"]
    for place, (name, stored) in enumerate(reading.stored.items()):
        wanted = scan.types.get(name, "string" if stored == "text" else stored)
        selected.append(f"{typed(name, stored, wanted)} AS {quoted(name)}")
        selected.append(f"{present(name, stored, wanted)} AS {ours}_present_{place}")
        selected.append(f"{unreadable(name, stored, wanted) or 'false'} AS {ours}_unreadable_{place}")
    frame = nw.from_native(connection.sql(f"SELECT {', '.join(selected)} FROM {reading.source}"))  # noqa: S608
    asked = [nw.col(f"{ours}_row").alias("row_code"), *columns_of(scan, reading.stored, ours)]
    relation: duckdb.DuckDBPyRelation = frame.select(*asked).to_native()
    return relation


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


def _surplus(parts: list[str]) -> str:
    """Rows beyond the first of their value, exactly: an approximate count must never decide."""
    value = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
    if len(parts) > 1:
        value = f"CASE WHEN {complete(parts)} THEN {value} END"
    return f"count({value}) - count(DISTINCT {value})"


def _repeated_rows(relation: duckdb.DuckDBPyRelation, parts: list[str], first: int) -> list[int]:
    """Codes of the first rows whose value was there before; items of one list share theirs."""
    columns = ", ".join(parts)
    query = f"""
        SELECT DISTINCT rows.row_code
        FROM rows JOIN (
            SELECT {columns}, min(row_code, 2)[2] AS second_code FROM rows
            WHERE {complete(parts)} GROUP BY {columns} HAVING count(*) > 1
        ) AS repeated USING ({columns})
        WHERE rows.row_code >= repeated.second_code ORDER BY rows.row_code LIMIT {first}
    """  # noqa: S608
    found = relation.query("rows", query) if first else None
    return [code for (code,) in found.fetchall()] if found else []


def _take(values: list[Any], count: int) -> list[Any]:
    taken, values[:count] = values[:count], []
    return taken
