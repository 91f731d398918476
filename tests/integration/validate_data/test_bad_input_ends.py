"""Bad input from the command line: exit code 2, one message with its place, and no report that says pass."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from mlops_actions.cli import main

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    properties:\n"
GOOD = b"a,b\n1,x\n2,y\n"


def contract(options: str = "logicalType: integer") -> str:
    return f"{HEAD}      - {{name: a, {options}}}\n"


PLAIN = contract()
CONTRACTS = {
    "an unknown key": (contract("logicalTyp: integer"), "contract.yaml:8: unknown key 'logicalTyp'. Did you mean"),
    "an unknown rule": (
        contract("quality: [{metric: nulValues, mustBe: 0}]"),
        "contract.yaml:8: unknown metric 'nulValues'. Did you mean 'nullValues'?",
    ),
    "a limit of another type": (
        contract("logicalType: integer, logicalTypeOptions: {minimum: low}"),
        "contract.yaml:8: minimum is 'low', which is not of the type integer. Write a number.",
    ),
    "a pattern outside RE2": (
        contract("logicalType: string, logicalTypeOptions: {pattern: '^(?=a)'}"),
        "contract.yaml:8: the pattern '^(?=a)' cannot be used: invalid perl operator: (?=. "
        "Patterns are RE2: no look-ahead, look-behind or back-reference.",
    ),
    "SQL that fails": (
        contract("quality: [{type: sql, query: SELECT nope FROM t, mustBe: 0}]"),
        'contract.yaml:8: the SQL fails: Referenced column "nope" not found in FROM clause.',
    ),
    "SQL that writes": (
        contract('quality: [{type: sql, query: "DROP TABLE t; SELECT 1", mustBe: 0}]'),
        "contract.yaml:8: the SQL is no SELECT, which alone may run. Write one SELECT.",
    ),
    "no YAML": ("a: [", "contract.yaml:2: the contract is not valid YAML: did not find expected node content."),
    "no contract": (None, "--contract: the input 'contract' is 'contract.yaml': there is no such file."),
}
FILES: dict[str, tuple[str, bytes | None, str]] = {
    "an empty glob": ("none-*.csv", None, "--data: the input 'data' is 'none-*.csv': there is no such file."),
    "zero rows": ("a.csv", b"a,b\n", "the data 'a.csv' holds no rows. Nothing was checked."),
    "an empty file": ("a.csv", b"", "a.csv: the file is empty: its first line must name the columns."),
    "a ragged row": ("a.csv", GOOD + b"3\n", "a.csv:4: the row has 1 cell, but the first line names 2 columns. "
                     "Quote cells that hold the delimiter."),
    "another encoding": ("a.csv", GOOD + b"3,\xe9\n", "a.csv:4: the row is not UTF-8 text. Save the file as UTF-8."),
    "mixed line ends": ("a.csv", GOOD + b"3,z\r\n4,z\n", "a.csv: the file mixes line ends, or text stands after a "
                        "closing quote. Write it as RFC 4180 says."),
    "a cell of 10 MB": ("a.csv", GOOD + b"3," + b"x" * 10_000_000 + b"\n", "a.csv:4: the line is longer than 2 MB. "
                        "Store long values as Parquet."),
    "truncated Parquet": ("a.parquet", b"PAR1" + b"\x00" * 40 + b"PAR1", "a.parquet: the file is truncated or damaged"),
    "no credentials": ("s3://somewhere/a.csv", None, "no credentials for s3://somewhere/ were found. Set "
                       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true for a public bucket."),
    "an unknown format": ("a.xlsx", b"PK", "'a.xlsx' has no known data format. Supported: "),
    "columns named twice": ("a.csv", b"a,A\n1,2\n", "a.csv: the column 'A' and 'a' differ only in case. Rename one of "
                            "them."),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    Path("good.csv").write_bytes(GOOD)


def validate(data: str) -> int:
    return main(["validate-data", "--data", data, "--contract", "contract.yaml", "--report-path", "report.html"])


def refused(capsys: pytest.CaptureFixture[str], data: str, message: str) -> None:
    code = validate(data)
    told = capsys.readouterr()
    assert code == 2, told.err
    assert message in told.err
    assert "Traceback" not in told.err
    assert "pass" not in told.out + told.err
    assert not list(Path().rglob("data-report-*.json"))
    assert not Path("report.html").exists()


@pytest.mark.parametrize("what", CONTRACTS)
def test_a_bad_contract_leaves_no_report(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, message = CONTRACTS[what]
    if text is not None:
        Path("contract.yaml").write_text(text)
    refused(capsys, "good.csv", message)


@pytest.mark.parametrize("what", FILES)
def test_bad_data_leaves_no_report(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, content, message = FILES[what]
    Path("contract.yaml").write_text(PLAIN)
    if content is not None:
        Path(name).write_bytes(content)
    refused(capsys, name, message)


def test_files_of_different_columns_leave_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    Path("contract.yaml").write_text(PLAIN)
    for name, columns in (("p1", "1 AS a"), ("p2", "1 AS a, 2 AS c")):
        duckdb.sql(f"COPY (SELECT {columns}) TO '{name}.parquet'")
    refused(capsys, "*.parquet", "p2.parquet: its columns differ from those of p1.parquet: c. ")


def test_a_good_run_leaves_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("contract.yaml").write_text(PLAIN)
    assert (
        main(["validate-data", "--data", "good.csv", "--contract", "contract.yaml", "--report-path", "report.html"])
        == 0
    )
    (statement,) = Path().rglob("data-report-*.json")
    assert json.loads(statement.read_text())["predicate"]["result"] == "pass"
    assert "Data: ✓ pass" in capsys.readouterr().err
    assert Path("report.html").exists()


def test_a_column_that_the_data_lacks_fails_with_its_line_and_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    Path("contract.yaml").write_text(PLAIN.replace("name: a", "name: aa"))
    assert validate("good.csv") == 1
    assert "contract.yaml:8: the data has no column 'aa'. Did you mean 'a'?" in capsys.readouterr().err
