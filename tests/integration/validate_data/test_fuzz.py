"""Contracts × data at random: no traceback, nothing that is asked left out, and no pass that plain Python denies."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_actions.errors import InputError
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.validate_data.action import Inputs, run

NAMES = ["a", "B b", "c.d", 'e"f', "g'h", "ü🎉", "select", "mlops_row", "[]", "x;--"]
CELLS = ["", "0", "1", "-7", "2.5", "1e400", "nan", "inf", "-inf", "abc", "a", "it's", '"', "é🎉", "2024-02-29", "true"]
CELLS += ["2024-02-30", "0001-01-01", "99999-01-01", "12:30:00", "25:00", "a\nb", " ", "'; DROP TABLE t; --", "null"]
SLOW = settings(
    max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

wild: st.SearchStrategy[Any] = st.sampled_from([0, -3, 2.5, "2024-01-01", True, None, "x", 10**30, [1], {}])
SOUND: dict[str, dict[str, list[Any]]] = {
    "string": {"minLength": [0, 2], "maxLength": [3, 9], "pattern": ["^a", "é"], "format": ["uuid", "email", "isbn"]},
    "integer": {"minimum": [-9, 1], "exclusiveMaximum": [2, 10**30], "multipleOf": [7], "format": ["i8", "u64"]},
    "number": {"exclusiveMinimum": [-9, 0.5], "maximum": [3, 1e300], "multipleOf": [0.5], "format": ["f32"]},
    "date": {"minimum": ["2024-01-01"], "format": ["yyyy-MM-dd", "dd.MM.yyyy", "EEE"]},
    "timestamp": {"maximum": ["2024-02-29"], "timezone": [True, False]},
    "time": {"minimum": ["10:00:00"], "format": ["HH:mm:ss"]},
    "boolean": {},
    "array": {"minItems": [1], "uniqueItems": [True]},
    "object": {"required": [["x"]], "maxProperties": [1]},
}
"""Type → options that it has, with values that they may have."""
comparisons = st.sampled_from(
    [{"mustBe": 0}, {"mustBeLessThan": 50, "unit": "percent"}, {"mustBeBetween": [0, 9]}, {"mustNotBe": 1}]
)
metrics: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"metric": "nullValues"},
        {"metric": "duplicateValues"},
        {"metric": "rowCount"},
        {"metric": "missingValues", "arguments": {"missingValues": [None, ""]}},
        {"type": "sql", "query": "select count(*) from {object} where {property} is null"},
        {"type": "sql", "query": "select count(distinct {property}) from {table}"},
        {"type": "sql", "query": "select max({property}) from {table}"},
    ]
)
rules = st.tuples(metrics, comparisons).map(lambda pair: pair[0] | pair[1])


@st.composite
def properties_of(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """What may be asked of a column: mostly sound, now and then with something wild in it."""
    type_ = draw(st.sampled_from(list(SOUND)))
    options = {key: st.sampled_from(values) for key, values in SOUND[type_].items()}
    block: dict[str, Any] = {
        "name": name,
        "logicalType": type_,
        "logicalTypeOptions": draw(st.fixed_dictionaries({}, optional=options)),
        **draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "required": st.booleans(),
                    "unique": st.booleans(),
                    "primaryKey": st.booleans(),
                    "physicalType": st.sampled_from(["varchar(2)", "int", "decimal(3,1)", "geo", "("]),
                    "quality": st.lists(rules, max_size=2),
                    "classification": st.just("PII"),
                },
            )
        ),
    }
    if draw(st.integers(0, 4)) == 0:
        inside = draw(st.sampled_from([block, block["logicalTypeOptions"]]))
        inside[draw(st.sampled_from(["minimum", "enum", "quality", "required", "format", "items", "nope"]))] = draw(
            wild
        )
    return block


def write(names: list[str], rows: list[list[str]], folder: Path) -> Path:
    path = folder / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL if len(names) == 1 else csv.QUOTE_MINIMAL).writerows([names, *rows])
    return path


def check(contract: Any, data: Path, folder: Path) -> DataReport:
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    return run(Inputs(data=str(data), contract=str(path), evidence=str(folder / "evidence"))).predicate


def contract_of(properties: list[dict[str, Any]]) -> dict[str, Any]:
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "a", "version": "1.0.0"}
    return {**head, "schema": [{"name": "t", "properties": properties}]}


def whole(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d{1,18}", cell))


KEPT: dict[str, Callable[[list[str], dict[str, Any]], bool]] = {
    "required": lambda cells, _: all(cells),
    "unique": lambda cells, block: (
        len(set(read := [cell for cell in cells if cell and (block["logicalType"] == "string" or whole(cell))]))
        == len(read)
    ),
    "minimum": lambda cells, block: (
        block["logicalType"] != "integer"
        or all(int(cell) >= block["logicalTypeOptions"]["minimum"] for cell in cells if whole(cell))
    ),
    "maxLength": lambda cells, block: all(len(cell) <= block["logicalTypeOptions"]["maxLength"] for cell in cells),
}
"""Check → whether a column of text keeps it, as far as plain Python can say."""


@SLOW
@given(data=st.data())
def test_every_contract_is_judged_or_refused(data: st.DataObject, tmp_path: Path) -> None:
    names = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    rows = data.draw(
        st.lists(st.lists(st.sampled_from(CELLS), min_size=len(names), max_size=len(names)), min_size=1, max_size=5)
    )
    asked = data.draw(st.lists(st.sampled_from([*names * 4, *NAMES]), min_size=1, max_size=3, unique=True))
    properties = [data.draw(properties_of(name)) for name in asked]
    try:
        report = check(contract_of(properties), write(names, rows, tmp_path), tmp_path)
    except InputError as error:
        assert error.where, error
        assert error.message[-1] in ".?", error
        return
    found = {one.id: one for one in report.checks}
    for block in properties:
        name = block["name"]
        wanted = {key for key in ("required", "unique") if block.get(key)}
        wanted |= {f"quality[{index}]" for index, _ in enumerate(block.get("quality") or [])}
        for key in wanted:
            assert any(id_.startswith(f"t.{name}.{key}") for id_ in found), (key, sorted(found))
        if name not in names:
            assert found[f"t.{name}.{'type' if block.get('logicalType') else 'present'}"].result == "fail"
            continue
        cells = [row[names.index(name)] for row in rows]
        for key, keeps in KEPT.items():
            one = found.get(f"t.{name}.{key}")
            if one is not None and one.result == "pass" and block.get("logicalType") in ("integer", "string"):
                assert keeps(cells, block), one
    assert report.result != "pass" or not any(one.result == "fail" and one.severity == "error" for one in report.checks)


@SLOW
@given(data=st.data())
def test_a_damaged_contract_is_refused_or_still_judged(data: st.DataObject, tmp_path: Path) -> None:
    sound = yaml.safe_dump(
        contract_of([{"name": "a", "logicalType": "integer", "required": True, "enum": [{"value": 1}]}]),
        sort_keys=False,
    )
    place = data.draw(st.integers(0, len(sound)))
    text = sound[:place] + data.draw(st.sampled_from(["\t", ":", "- ", "{", "x", "'", "&a *a", "\n", "!!python", "\0"]))
    text += sound[place + data.draw(st.integers(0, 3)) :]
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "a.csv").write_text("a\n1\n")
    try:
        report = run(Inputs(data=str(tmp_path / "a.csv"), contract=str(tmp_path / "c.yaml"))).predicate
    except InputError as error:
        assert "c.yaml" in str(error)
        return
    assert report.checks


def test_a_contract_that_asks_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="asks nothing of the table 't'"):
        check(contract_of([]), write(["a"], [["1"]], tmp_path), tmp_path)
