"""Columns that the contract calls partitioned are held against the folders that the data lies in."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mlops_actions.validate_data.action import Inputs, run

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    properties:\n"


@pytest.fixture
def data(tmp_path: Path) -> str:
    for year, month in ((2023, 1), (2023, 2), (2024, 1)):
        folder = tmp_path / f"data/year={year}/month={month}"
        folder.mkdir(parents=True)
        duckdb.sql(f"COPY (SELECT {year} AS n) TO '{folder}/a.parquet'")
    return str(tmp_path / "data")


def told(data: str, asked: str, folder: Path) -> tuple[str, str, str]:
    (folder / "c.yaml").write_text(f"{HEAD}      - {{{asked}}}\n")
    report = run(Inputs(data=data, contract=str(folder / "c.yaml"))).predicate
    (found,) = (one for one in report.checks if one.check == "partitioned")
    return report.result, found.result, found.message


@pytest.mark.parametrize(
    ("asked", "result", "message"),
    [
        ("name: year, partitioned: true", "pass", "'year' is partition 1."),
        ("name: month, partitioned: true, partitionKeyPosition: 2", "pass", "'month' is partition 2."),
        ("name: month, partitioned: true, partitionKeyPosition: -1", "pass", "'month' is partition 2."),
        (
            "name: month, partitioned: true, partitionKeyPosition: 1",
            "fail",
            "'month' is partition 2, not 1: folders name 'year', 'month'.",
        ),
        ("name: n, partitioned: true", "fail", "'n' is no partition: folders name 'year', 'month'."),
    ],
)
def test_folders_name_partitions(asked: str, result: str, message: str, data: str, tmp_path: Path) -> None:
    assert told(data, asked, tmp_path) == (result, result, message)


def test_data_that_lies_in_no_such_folders_is_not_checked_for_it(data: str, tmp_path: Path) -> None:
    assert told(f"{data}/year=2023/month=1", "name: n, partitioned: true", tmp_path) == (
        "pass",
        "not-checked",
        "partitioned of 'n' was not checked: the data lies in no folders such as `year=2024`.",
    )
