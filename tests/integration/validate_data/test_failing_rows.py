"""The failing rows in the report: which ones, what of them is shown, and what never is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mlops_actions.evidence import Statement
from mlops_actions.evidence.data_report import DataReport, FailingRow
from mlops_actions.evidence.statement import parse_statement
from mlops_actions.reports import to_html, to_junit, to_markdown
from mlops_actions.validate_data.action import Inputs, run

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    properties:\n"
PEOPLE = """\
      - {name: number, logicalType: integer, primaryKey: true}
      - {name: age, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 120}}
      - {name: mail, logicalType: string, classification: PII, logicalTypeOptions: {pattern: '@'}}
"""
ORDERS = """\
      - {name: number, logicalType: integer, primaryKey: true}
      - {name: age, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 120}}
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("number,age,mail,note\n17,30,a@x.org,secret one\n18,-1,nobody,\n19,old,c@x.org,x\n")


def check(data: str, properties: str, **more: Any) -> DataReport:
    Path("contract.yaml").write_text(HEAD + properties)
    return run(Inputs(data=data, contract="contract.yaml", **more)).predicate


def test_each_row_says_what_it_breaks_and_what_stands_in_it() -> None:
    found = check("people.csv", ORDERS)
    assert found.failing_rows == [
        FailingRow(row=1, checks=["t.age.minimum"], cells={"age": "-1", "number": "18"}),
        FailingRow(row=2, checks=["t.age.type"], cells={"age": "old", "number": "19"}),
    ]
    assert found.withheld == ["mail", "note"]


def test_what_is_personal_is_never_in_the_statement_nor_are_keys_beside_it_and_what_nobody_described() -> None:
    Path("contract.yaml").write_text(HEAD + PEOPLE)
    statement = run(Inputs(data="people.csv", contract="contract.yaml"))
    found = statement.predicate
    assert [(one.row, one.cells) for one in found.failing_rows] == [(1, {"age": "-1"}), (2, {"age": "old"})]
    assert found.failing_rows[0].checks == ["t.age.minimum", "t.mail.pattern"]
    assert found.withheld == ["number", "mail", "note"]
    for kept in (statement.to_json(), to_html([statement]), to_markdown(statement), to_junit([statement]).decode()):
        assert not any(cell in str(kept) for cell in ("nobody", "x.org", "secret", '"18"'))


def test_a_field_that_is_personal_hides_the_column_that_it_lies_in() -> None:
    Path("a.jsonl").write_text('{"id": 1, "who": {"name": "Ann", "age": -4}}\n')
    found = check(
        "a.jsonl",
        """\
      - {name: id, logicalType: integer, logicalTypeOptions: {minimum: 2}}
      - name: who
        logicalType: object
        properties:
          - {name: name, logicalType: string, classification: personal}
          - {name: age, logicalType: integer, logicalTypeOptions: {minimum: 0}}
""",
    )
    (row,) = found.failing_rows
    assert (row.checks, row.cells) == (["t.id.minimum", "t.who.age.minimum"], {"id": "1"})
    assert found.withheld == ["who"]


def test_none_are_kept_where_none_are_asked_for_and_none_where_none_fail() -> None:
    assert check("people.csv", ORDERS, failing_rows=0).failing_rows == []
    Path("good.csv").write_text("number,age,note\n1,2,x\n")
    good = check("good.csv", ORDERS)
    assert (good.result, good.failing_rows, good.withheld) == ("pass", [], [])


def test_many_failing_rows_and_long_cells_are_cut() -> None:
    duckdb.sql(
        "COPY (SELECT i AS number, -1 - i AS age, repeat('é', 1000) AS word, " +
        ", ".join(f"0 AS c{place}" for place in range(30)) + " FROM range(100000) t(i)) TO 'many.parquet'"
    )  # fmt: skip
    more = "".join(f"      - {{name: c{place}, logicalType: integer}}\n" for place in range(30))
    word = "      - {name: word, logicalType: string, logicalTypeOptions: {maxLength: 9}}\n"
    found = check("many.parquet", ORDERS + word + more, failing_rows=1000)
    assert [one.row for one in found.failing_rows] == list(range(50))
    assert list(found.failing_rows[0].cells) == ["age", "word", "number", *(f"c{place}" for place in range(9))]
    assert found.failing_rows[7].cells["word"] == "é" * 80 + "…"


def test_every_check_has_its_first_row_before_any_has_a_second() -> None:
    columns = ", ".join(f"CASE WHEN i = {9000 + place} THEN -1 ELSE 0 END AS c{place}" for place in range(45))
    duckdb.sql(f"COPY (SELECT -1 AS age, {columns} FROM range(9100) t(i)) TO 'wide.parquet'")
    one = "logicalType: integer, logicalTypeOptions: {minimum: 0}"
    names = ["age", *(f"c{place}" for place in range(45))]
    properties = "".join(f"      - {{name: {name}, {one}}}\n" for name in names)
    found = check("wide.parquet", properties)
    assert [row.row for row in found.failing_rows] == [0, 1, 2, 3, 4, *(9000 + place for place in range(45))]


def test_rows_are_found_over_all_files_and_folders_that_name_columns(tmp_path: Path) -> None:
    for year, rows in ((2023, 3), (2024, 70_000), (2025, 2)):
        folder = tmp_path / f"data/year={year}"
        folder.mkdir(parents=True)
        duckdb.sql(f"COPY (SELECT {year} * 100000 + i AS n FROM range({rows}) t(i)) TO '{folder}/a.parquet'")
    rule = "{name: n, logicalType: integer, logicalTypeOptions: {maximum: 202499999}}"
    found = check("data", f"      - {rule}\n      - {{name: year, logicalType: integer}}\n")
    assert [(one.row, one.cells) for one in found.failing_rows] == [
        (70_003, {"n": "202500000", "year": "2025"}), (70_004, {"n": "202500001", "year": "2025"}),
    ]  # fmt: skip
    for name in ("p1", "p2"):
        duckdb.sql(f"COPY (SELECT 1 AS file_row_number, -1 AS n UNION ALL SELECT 2, 5) TO '{name}.parquet'")
    odd = check("p*.parquet", "      - {name: n, logicalType: integer, logicalTypeOptions: {minimum: 0}}\n")
    assert [(one.row, one.cells) for one in odd.failing_rows] == [(0, {"n": "-1"}), (2, {"n": "-1"})]


def test_a_date_is_shown_as_it_is_written() -> None:
    Path("d.csv").write_text("day\n31.01.2024\n2024-01-31\n")
    asked = "      - {name: day, logicalType: date, logicalTypeOptions: {format: dd.MM.yyyy}}\n"
    assert check("d.csv", asked).failing_rows[0].cells == {"day": "2024-01-31"}


def test_of_several_tables_each_has_its_own_rows() -> None:
    Path("contract.yaml").write_text(
        HEAD + ORDERS + "  - name: lines\n    properties:\n      - {name: sku, logicalType: string, required: true}\n"
    )
    Path("lines.csv").write_text('sku,pin\n"",1\n')
    inputs = Inputs(data="people.csv", contract="contract.yaml", table="t", tables={"lines": "lines.csv"})
    found = run(inputs).predicate
    assert [(one.table, one.row, one.cells) for one in found.failing_rows] == [
        ("t", 1, {"age": "-1", "number": "18"}), ("t", 2, {"age": "old", "number": "19"}), ("lines", 0, {"sku": None}),
    ]  # fmt: skip
    assert found.withheld == ["t.mail", "t.note", "lines.pin"]
    section = to_markdown(Statement("x", "ab" * 32, found))
    assert "### Failing rows of lines\n\n| row | breaks        | sku       |" in section


def test_people_read_them_in_the_summary_the_page_and_the_list_of_tests() -> None:
    Path("contract.yaml").write_text(HEAD + ORDERS)
    statement = run(Inputs(data="people.csv", contract="contract.yaml"))
    assert to_markdown(statement).split("### Failing rows")[1].strip().splitlines()[:6] == [
        "| row | breaks       | age | number |",
        "|-----|--------------|-----|--------|",
        "| 1   | age: minimum | -1  | 18     |",
        "| 2   | age: type    | old | 19     |",
        "",
        "Not shown, since personal, a key beside what is personal, or not in the contract: mail, note.",
    ]
    told = "fail: 1 of 3 rows of 'age' are below 0, first row 1.\nrow 1: age=-1, number=18"
    assert told in to_junit([statement]).decode()
    assert '<td class="number">-1</td>\n<td class="number">18</td>' in to_html([statement])


def test_a_statement_of_an_earlier_release_has_none(tmp_path: Path) -> None:
    Path("contract.yaml").write_text(HEAD + ORDERS)
    whole = json.loads(run(Inputs(data="people.csv", contract="contract.yaml")).to_json())
    for key in ("failing_rows", "withheld"):
        del whole["predicate"][key]
    read = parse_statement(json.dumps(whole).encode(), "x").predicate
    assert isinstance(read, DataReport)
    assert (read.failing_rows, read.failed_checks) == ([], 2)
