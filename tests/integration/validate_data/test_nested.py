"""Objects, lists and how moments are written: every check against plain Python over generated rows, in two formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import open_table
from mlops_actions.validate_data.across import in_order
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.inspection import inspect
from mlops_actions.validate_data.written import as_written
from mlops_actions.yaml_source import parse_yaml

FIRST = 3
HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    properties:\n"
CONTRACT = f"""\
{HEAD}      - name: home
        logicalType: object
        logicalTypeOptions: {{required: [street, geo], minProperties: 1, maxProperties: 2}}
        properties:
          - {{name: street, logicalType: string, required: true, logicalTypeOptions: {{maxLength: 2}}}}
          - name: geo
            logicalType: object
            properties:
              - {{name: x, logicalType: number, required: true, logicalTypeOptions: {{minimum: 0}}}}
      - name: lines
        logicalType: array
        logicalTypeOptions: {{minItems: 1, maxItems: 2}}
        items:
          logicalType: object
          required: true
          properties:
            - name: sku
              logicalType: string
              required: true
              unique: true
              enum: [{{value: a}}, {{value: b}}]
            - name: tags
              logicalType: array
              logicalTypeOptions: {{uniqueItems: true}}
              items: {{logicalType: string, required: true, logicalTypeOptions: {{pattern: '^[xy]$'}}}}
"""
Row = dict[str, Any]


def make_rows(seed: int) -> list[Row]:
    random = np.random.default_rng(seed)

    def maybe(value: Any, often: float = 0.8) -> Any:
        return value if random.random() < often else None

    def line() -> Any:
        tags = [maybe(str(random.choice(["x", "y", "z"])), 0.9) for _ in range(random.integers(0, 4))]
        return maybe({"sku": maybe(str(random.choice(["a", "b", "c"]))), "tags": maybe(tags)}, 0.9)

    def row(number: int) -> Row:
        geo = maybe({"x": maybe(round(float(random.normal()), 3) + 0.0005)})
        home = maybe({"street": maybe("abc"[: random.integers(1, 4)]), "geo": geo, "note": maybe("n")})
        return {"n": number, "home": home, "lines": maybe([line() for _ in range(random.integers(0, 4))])}

    return [row(number) for number in range(60)]


def lines(rows: list[Row]) -> Iterator[tuple[int, Any]]:
    return ((row["n"], line) for row in rows for line in row["lines"] or [])


def tags(rows: list[Row]) -> Iterator[tuple[int, Any]]:
    return ((number, tag) for number, line in lines(rows) if line for tag in line["tags"] or [])


def skus(rows: list[Row]) -> Iterator[tuple[int, Any]]:
    return ((number, line["sku"]) for number, line in lines(rows) if line)


def repeated(pairs: Iterator[tuple[int, Any]]) -> list[int]:
    seen: set[str] = set()
    found = []
    for number, value in pairs:
        if value is not None and value in seen:
            found.append(number)
        seen.add(value)
    return found


def homes(rows: list[Row], broken: Callable[[Row], bool]) -> list[int]:
    return [row["n"] for row in rows if row["home"] and broken(row["home"])]


def lists(rows: list[Row], broken: Callable[[list[Any]], bool]) -> list[int]:
    return [row["n"] for row in rows if row["lines"] is not None and broken(row["lines"])]


ORACLE: dict[str, Callable[[list[Row]], list[int]]] = {
    "t.home.required": lambda r: homes(r, lambda h: h["street"] is None or h["geo"] is None),
    "t.home.minProperties": lambda r: homes(r, lambda h: sum(one is not None for one in h.values()) < 1),
    "t.home.maxProperties": lambda r: homes(r, lambda h: sum(one is not None for one in h.values()) > 2),
    "t.home.street.required": lambda r: homes(r, lambda h: h["street"] is None),
    "t.home.street.maxLength": lambda r: homes(r, lambda h: len(h["street"] or "") > 2),
    "t.home.geo.x.required": lambda r: homes(r, lambda h: h["geo"] is not None and h["geo"]["x"] is None),
    "t.home.geo.x.minimum": lambda r: homes(r, lambda h: ((h["geo"] or {}).get("x") or 0) < 0),
    "t.lines.minItems": lambda r: lists(r, lambda found: len(found) < 1),
    "t.lines.maxItems": lambda r: lists(r, lambda found: len(found) > 2),
    "t.lines[].required": lambda r: [n for n, line in lines(r) if line is None],
    "t.lines[].sku.required": lambda r: [n for n, sku in skus(r) if sku is None],
    "t.lines[].sku.unique": lambda r: repeated(skus(r)),
    "t.lines[].sku.enum": lambda r: [n for n, sku in skus(r) if sku not in ("a", "b", None)],
    "t.lines[].tags.uniqueItems": lambda r: [
        n for n, line in lines(r) if line and line["tags"] and len(set(line["tags"])) < len(line["tags"])
    ],
    "t.lines[].tags[].required": lambda r: [n for n, tag in tags(r) if tag is None],
    "t.lines[].tags[].pattern": lambda r: [n for n, tag in tags(r) if tag not in ("x", "y", None)],
}


def write(rows: list[Row], folder: Path, kind: str) -> str:
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if kind == "parquet":
        columns = "home: 'STRUCT(street VARCHAR, geo STRUCT(x DOUBLE), note VARCHAR)'"
        columns += ", lines: 'STRUCT(sku VARCHAR, tags VARCHAR[])[]'"
        given = f"read_json('{folder}/a.jsonl', columns = {{n: 'INT', {columns}}})"
        half = len(rows) // 2
        for place, condition in enumerate((f"n < {half}", f"n >= {half}")):
            query = f"COPY (FROM {given} WHERE {condition} ORDER BY n) TO '{folder}/{place}.parquet'"
            duckdb.connect().execute(query)
        return f"{folder}/*.parquet"
    return str(folder / f"a.{kind}")


def validate(location: str, contract: str = CONTRACT, engine: str = "duckdb") -> list[CheckResult]:
    read = parse_contract(parse_yaml(contract.encode(), "c.yaml", "contract"))
    inspection = inspect(read, as_written(read, open_table(location, engine)), FIRST)
    return in_order({"t": inspection}, [])


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
@pytest.mark.parametrize("seed", range(3))
def test_every_nested_check_agrees_with_plain_python(seed: int, kind: str, tmp_path: Path) -> None:
    rows = make_rows(seed)
    found = {check.id: check for check in validate(write(rows, tmp_path, kind))}
    expected = {id_: oracle(rows) for id_, oracle in ORACLE.items()}
    assert {id_: found[id_].failed for id_ in ORACLE} == {id_: len(numbers) for id_, numbers in expected.items()}
    firsts = {id_: list(dict.fromkeys(numbers[:FIRST])) for id_, numbers in expected.items()}
    firsts["t.lines[].sku.unique"] = list(dict.fromkeys(expected["t.lines[].sku.unique"]))[:FIRST]
    assert {id_: found[id_].rows for id_ in ORACLE} == firsts
    assert {found[id_].total for id_ in ORACLE if id_.startswith("t.lines[].sku")} == {len(list(lines(rows)))}
    others = {id_: check for id_, check in found.items() if id_ not in ORACLE}
    assert {(check.check, check.failed, check.result) for check in others.values()} == {("type", 0, "pass")}


def one(asked: str, tmp_path: Path, data: str) -> tuple[str, str]:
    duckdb.connect().execute(f"COPY ({data}) TO '{tmp_path}/a.parquet'")
    found = validate(str(tmp_path / "a.parquet"), f"{HEAD}      - {asked}\n")[-1]
    return found.result, found.message


@pytest.mark.parametrize(
    ("asked", "data", "result", "message"),
    [
        (
            "{name: a, logicalType: array, items: {logicalType: integer, required: true}}",
            "SELECT unnest([[1, NULL], [NULL]]) AS a",
            "fail",
            "2 of 3 items of 'a[]' are missing, first row 0.",
        ),
        (
            "{name: a, logicalType: array, items: {logicalType: integer, required: true}}",
            "SELECT []::INT[] AS a",
            "not-checked",
            "required of 'a[]' was not checked: no row has an item of 'a'.",
        ),
        (
            "{name: a, logicalType: array, items: {logicalType: integer, required: true}}",
            "SELECT 1 AS a",
            "not-checked",
            "required of 'a[]' was not checked: the data has no list 'a'.",
        ),
        (
            "{name: a, logicalType: object, properties: [{name: b, required: true}]}",
            "SELECT {'c': 1} AS a",
            "not-checked",
            "required of 'a.b' was not checked: the data has no column 'a.b'.",
        ),
        (
            "{name: a, logicalType: object, logicalTypeOptions: {required: [b, c]}}",
            "SELECT {'c': 1} AS a",
            "fail",
            "1 of 1 rows of 'a' lack 'b' or 'c', first row 0.",
        ),
        (
            "{name: a, logicalType: object, logicalTypeOptions: {maxProperties: 1}}",
            "SELECT {'c': 1, 'd': 2} AS a",
            "fail",
            "1 of 1 rows of 'a' have more than 1 fields, first row 0.",
        ),
        (
            "{name: a, logicalType: object, properties: [{name: b, logicalType: integer}]}",
            "SELECT {'b': 'x'} AS a",
            "fail",
            "'a.b' is stored as string, not integer.",
        ),
        (
            "{name: a, logicalType: object, properties: [{name: b, primaryKey: true}]}",
            "SELECT {'b': 'x'} AS a",
            "not-checked",
            "primaryKey of 'a.b' was not checked: the standard does not say within what a nested key is one.",
        ),
    ],
)
def test_a_nested_check_says_what_was_asked_and_found(
    asked: str, data: str, result: str, message: str, tmp_path: Path
) -> None:
    assert one(asked, tmp_path, data) == (result, message)


MOMENTS: list[tuple[str, list[str], dict[str, list[int]], str]] = [
    (
        "logicalType: date, logicalTypeOptions: {format: dd/MM/yyyy, minimum: 2024-02-01}",
        ["05/01/2024", "29/02/2024"],
        {"minimum": [0]},
        "1 of 2 rows of 'm' are below 2024-02-01, first row 0.",
    ),
    (
        "logicalType: date, logicalTypeOptions: {format: dd/MM/yyyy}",
        ["2024-01-05", "31/02/2024", "", "01/02/2024"],
        {"type": [0, 1]},
        "2 of 4 rows of 'm' do not read as date written as 'dd/MM/yyyy', first row 0.",
    ),
    (
        "logicalType: timestamp, logicalTypeOptions: {timezone: true, minimum: '2024-01-01T00:00:00', "
        "defaultTimezone: Australia/Sydney}",
        ["2023-12-31T12:59:59Z", "2023-12-31T13:00:00Z", "2024-01-01T00:00:00+11:00"],
        {"minimum": [0]},
        "1 of 3 rows of 'm' are below 2023-12-31 13:00:00, first row 0.",
    ),
    (
        "logicalType: timestamp, logicalTypeOptions: {timezone: false, defaultTimezone: Australia/Sydney, "
        "minimum: '2023-12-31T13:00:00Z'}",
        ["2023-12-31T23:59:59", "2024-01-01T00:00:00"],
        {"minimum": [0]},
        "1 of 2 rows of 'm' are below 2024-01-01 00:00:00, first row 0.",
    ),
    (
        "logicalType: timestamp, logicalTypeOptions: {timezone: true}",
        ["2024-01-01T00:00:00", "2024-01-01T00:00:00Z"],
        {"type": [0], "timezone": [0]},
        "1 of 2 rows of 'm' have no offset from UTC, or are no moment, first row 0.",
    ),
    (
        "logicalType: timestamp, logicalTypeOptions: {maximum: '2024-01-01T00:00:00'}",
        ["2024-01-01 05:00:00+10:00", "2024-01-01T00:00:00Z", "2024-01-01 00:00-01"],
        {"maximum": [2]},
        "1 of 3 rows of 'm' are above 2024-01-01 00:00:00, first row 2.",
    ),
]
"""What is asked, the cells, the rows that break each check, and what the last of them says."""


@pytest.mark.parametrize(("asked", "cells", "failed", "message"), MOMENTS)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_moments_are_read_as_the_contract_says_that_they_are_written(
    asked: str, cells: list[str], failed: dict[str, list[int]], message: str, kind: str, tmp_path: Path
) -> None:
    lines = {"csv": "m,n\n" + "".join(f"{cell},1\n" for cell in cells)}
    lines["jsonl"] = "".join(json.dumps({"m": cell or None, "n": 1}) + "\n" for cell in cells)
    (tmp_path / f"a.{kind}").write_text(lines[kind])
    found = validate(str(tmp_path / f"a.{kind}"), f"{HEAD}      - {{name: m, {asked}}}\n")
    broken = [check for check in found if check.result == "fail"]
    assert {check.check: check.rows for check in broken} == failed
    assert broken[-1].message == message


def test_whether_stored_moments_carried_an_offset_is_not_checked(tmp_path: Path) -> None:
    asked = "{name: m, logicalType: timestamp, logicalTypeOptions: {timezone: true}}"
    assert one(asked, tmp_path, "SELECT '2024-01-01'::TIMESTAMP AS m") == (
        "not-checked",
        "timezone of 'm' was not checked: a stored moment is one everywhere, however it was written.",
    )
