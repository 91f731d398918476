"""Nested data, several tables and every kind of custom check at random: a result that can be shown, or one message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_actions.errors import InputError
from mlops_actions.evidence import Statement
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.statement import parse_statement
from mlops_actions.reports import to_html, to_junit, to_markdown
from mlops_actions.validate_data.action import Inputs, run
from mlops_actions.validate_data.custom.kinds import KINDS

NAMES = ["a", "B b", "c.d", 'e"f', "g'h", "ü🎉", "select", "mlops_row", "`tick`", "x;--", "{object}", "file_index"]
VALUES: dict[str, list[Any]] = {
    "integer": [0, 1, 1, 2, -7, 2**53 + 1, None],
    "number": [0.0, 1.5, -2.25, 1e300, None],
    "string": ["", "a", "b", "it's", '"', "é🎉", "'; DROP TABLE t; --", "a\nb", None],
    "boolean": [True, False, None],
    "timestamp": ["2024-01-01T00:00:00", "2024-06-30T12:00:00", "9999-12-31T23:59:59", None],
}
NESTED = {
    "name": "o",
    "logicalType": "object",
    "logicalTypeOptions": {"required": ["x"], "maxProperties": 1},
    "properties": [
        {"name": "x", "logicalType": "integer", "required": True, "logicalTypeOptions": {"minimum": 1}},
        {"name": "y z", "logicalType": "array", "items": {"logicalType": "string", "required": True, "unique": True}},
    ],
}
SLOW = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def customs(names: list[str]) -> list[dict[str, Any]]:
    """Every kind of check, about these columns."""
    first, last = names[0], names[-1]
    return [
        {"check": "drift", "max": 0.1, "share": 0.5},
        {"check": "drift", "columns": [first], "max": 0.1, "method": "wasserstein"},
        {"check": "drift", "columns": [last], "max": 0.1, "of": "length", "season": f"{first}"},
        {"check": "target-drift", "column": last, "max": 0.1, "method": "jensen-shannon"},
        {"check": "identical-rows", "ignore": [last]},
        {"check": "key-overlap", "columns": [first, last], "against": "reference"},
        {"check": "group-overlap", "column": first},
        {"check": "time-overlap", "column": last, "gap": "1d"},
        {"check": "target-leakage", "column": first},
        {"check": "known-in-time", "prediction": first, "features": {last: first}},
        {"check": "class-balance", "column": last, "min": 0.2},
        {"check": "unseen-labels", "column": first},
        {"check": "conflicting-labels", "column": first},
        {"check": "duplicates"},
        {"check": "freshness", "column": last, "max": "2d"},
        {"check": "volume", "min": 0.5, "max": 2, "against": "reference"},
        {"check": "schema"},
        {"check": "expression", "holds": f"column({json.dumps(first)}) is not None"},
        {"check": "expression", "holds": f"column({json.dumps(first)}) != column({json.dumps(last)})"},
    ]


def test_every_kind_of_custom_check_is_drawn() -> None:
    assert {one["check"] for one in customs(["a"])} == set(KINDS)


def rows_of(draw: st.DrawFn, columns: dict[str, str], most: int) -> list[dict[str, Any]]:
    inner: list[Any] = [None, {"x": 1, "y z": ["a", "b"]}, {"x": 0, "y z": [None, "a", "a"]}, {"x": None, "y z": []}]
    cells = {name: st.sampled_from(VALUES[type_]) for name, type_ in columns.items()}
    one = st.fixed_dictionaries({**cells, "o": st.sampled_from(inner)})
    return draw(st.lists(one, min_size=1, max_size=most))


def store(rows: list[dict[str, Any]], folder: Path, name: str, form: str) -> str:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if form == "jsonl":
        return str(path)
    source = f"FROM read_json('{path}', format = 'newline_delimited')"
    duckdb.connect().execute(f"COPY ({source}) TO '{folder}/{name}.{form}'")
    return f"{folder}/{name}.{form}"


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Columns, rows of the data and of what it is compared with, and what is asked of them."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    columns = {name: draw(st.sampled_from(list(VALUES))) for name in names}
    asked = [
        {"name": name, "logicalType": draw(st.sampled_from([type_, type_, type_, "string"])),
         **draw(st.fixed_dictionaries({}, optional={"required": st.booleans(), "unique": st.booleans(),
                                                    "classification": st.just("pii")}))}
        for name, type_ in columns.items()
    ]  # fmt: skip
    return {
        "properties": [*asked, NESTED] if draw(st.booleans()) else asked,
        "custom": draw(st.lists(st.sampled_from(customs(names)), max_size=3)),
        "related": draw(st.booleans()),
        "form": draw(st.sampled_from(["jsonl", "parquet", "csv"])),
        "data": rows_of(draw, columns, 6),
        "reference": rows_of(draw, columns, 6),
    }


def check(case: dict[str, Any], folder: Path) -> Statement[DataReport]:
    properties = [dict(one) for one in case["properties"]]
    if case["related"]:
        properties[0]["relationships"] = [{"to": "others.key"}]
    quality = [{"type": "custom", "engine": "mlops-actions", "implementation": one} for one in case["custom"]]
    table = {"name": "t", "properties": properties, **({"quality": quality} if quality else {})}
    others = {"name": "others", "properties": [{"name": "key", "logicalType": "string", "unique": True}]}
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "a", "version": "1.0.0"}
    text = yaml.safe_dump({**head, "schema": [table, others]}, allow_unicode=True)
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    (folder / "others.csv").write_text("key,n\na,1\nb,1\n")
    data, reference = (store(case[name], folder, name, case["form"]) for name in ("data", "reference"))
    return run(
        Inputs(
            data=data,
            contract=str(folder / "c.yaml"),
            table="t",
            tables={"others": str(folder / "others.csv")},
            reference=reference,
            holdout=reference,
            profile=True,
            evidence=str(folder / "evidence"),
        )
    )


@SLOW
@given(case=cases())
def test_every_case_is_judged_and_can_be_shown_or_is_refused(case: dict[str, Any], tmp_path: Path) -> None:
    try:
        statement = check(case, tmp_path)
    except InputError as error:
        assert error.message[-1] in ".?", error
        return
    report = statement.predicate
    asked = {f"t.quality[{place}]" for place, one in enumerate(case["custom"]) if "drift" not in one["check"]}
    assert all(any(one.id.startswith(place) for one in report.checks) for place in asked)
    broken = any(one.result == "fail" and one.severity == "error" for one in report.checks)
    drifted = any(one.result == "fail" and one.severity == "error" and one.share is None for one in report.drift)
    assert (report.result == "fail") == (broken or drifted), report.reasons
    assert all(one.message for one in report.checks)
    personal = {one["name"] for one in case["properties"] if one.get("classification")}
    assert not personal & {name for row in report.failing_rows if row.table == "t" for name in row.cells}
    assert parse_statement(statement.to_json(), "x").predicate == report
    assert "<script" not in to_html([statement])
    assert to_markdown(statement)
    assert to_junit([statement])
