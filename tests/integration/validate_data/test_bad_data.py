"""Bad data ends in one clear message and exit code 2, or in a result that is stated here; never in a silent pass."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.validate_data.action import Inputs, run

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    properties:\n"
PLAIN = "      - {name: a, logicalType: integer}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(data: str, properties: str = PLAIN) -> DataReport:
    Path("contract.yaml").write_text(HEAD + properties)
    return run(Inputs(data=data, contract="contract.yaml")).predicate


def parquet(name: str, select: str) -> None:
    duckdb.connect().execute(f"COPY ({select}) TO '{name}' (FORMAT parquet)")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none-*.csv", None, "no file matches the pattern 'none-*.csv'. Check the path."),
        ("a.csv", b"a\n", "the data 'a.csv' holds no rows. Nothing was checked."),
        ("a.csv", b"", "a.csv: the file is empty: its first line must name the columns."),
        ("a.csv", b"a,b\n1\n", "a.csv:2: the row has 1 cell, but the first line names 2 columns. "
         "Quote cells that hold the delimiter."),
        ("a.csv", b"a\n\xff\n", "a.csv:2: the row is not UTF-8 text. Save the file as UTF-8."),
        ("a.csv", "a\n1\n".encode("utf-16"), "a.csv: not UTF-8 text: invalid start byte. Save it as UTF-8."),
        ("a.csv", b"a\n1\r\n2\n3\r\n", "a.csv: the file mixes line ends, or text stands after a closing quote. "
         "Write it as RFC 4180 says."),
        ("a.csv", b"a\n" + b"1" * 10_000_000, "a.csv:2: the line is longer than 2 MB. Store long values as Parquet."),
        ("a.parquet", b"PAR1", "a.parquet: the file is truncated or damaged: "
         "File 'a.parquet' too small to be a Parquet file. Write it again."),
    ],
)  # fmt: skip
def test_it_is_refused_with_its_place(name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        check(name)
    assert (str(caught.value), caught.value.exit_code) == (message, 2)


def test_files_of_different_columns_are_refused() -> None:
    parquet("a.parquet", "SELECT 1 AS a")
    parquet("b.parquet", "SELECT 'x' AS a")
    with pytest.raises(InputError) as caught:
        check("*.parquet")
    assert str(caught.value) == (
        "b.parquet: its columns differ from those of a.parquet: a. "
        "Files of one table must have the same columns and types."
    )


def test_columns_without_a_value_keep_every_rule_but_required() -> None:
    parquet("a.parquet", "SELECT NULL::INTEGER AS a, NULL::INTEGER AS b FROM range(3)")
    rules = "logicalType: integer, unique: true, logicalTypeOptions: {minimum: 0}"
    found = check("a.parquet", f"      - {{name: a, {rules}}}\n      - {{name: b, required: true, {rules}}}\n")
    assert [(one.id, one.failed) for one in found.checks if one.result == "fail"] == [("t.b.required", 3)]
    assert [column.nulls for column in found.columns] == [3, 3]


def test_nan_is_missing_and_infinity_a_number_beyond_every_bound() -> None:
    parquet("a.parquet", "SELECT unnest(['nan', 'inf', '-inf', '1', NULL]::DOUBLE[]) AS a")
    found = check("a.parquet", "      - {name: a, logicalType: number, required: true, "
                               "logicalTypeOptions: {minimum: 0, maximum: 10}}\n")  # fmt: skip
    assert {one.check: one.rows for one in found.checks if one.result == "fail"} == {
        "required": [0, 4], "minimum": [2], "maximum": [1],
    }  # fmt: skip


def test_dates_that_do_not_exist_are_no_dates() -> None:
    Path("a.csv").write_text("a\n2024-02-30\n0000-00-00\n99999-01-01\n2024-01-31\n2024-13-01\n")
    found = check("a.csv", "      - {name: a, logicalType: date, logicalTypeOptions: {maximum: 2030-01-01}}\n")
    assert {one.check: one.rows for one in found.checks} == {"type": [0, 1, 4], "maximum": [2]}


def test_names_and_values_are_never_run_as_sql() -> None:
    name = """a"; DROP TABLE t; -- ' 🎉 .x"""
    text = "x'); DROP TABLE t; --"
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT ? AS v UNION ALL SELECT 'other'", [text])
    quoted = name.replace('"', '""')
    connection.execute(f"""COPY (SELECT v AS "{quoted}" FROM t) TO 'a.parquet'""")
    escaped, value = name.replace("'", "''"), text.replace("'", "''")
    rules = f"      - {{name: '{escaped}', logicalType: string, unique: true, enum: [{{value: '{value}'}}]}}\n"
    found = check("a.parquet", rules)
    assert [(one.check, one.rows) for one in found.checks if one.result == "fail"] == [("enum", [1])]
    assert found.columns[0].name == name
