"""A suite that Great Expectations 1.24.1 wrote becomes a contract that asks the same, and says what it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlops_actions.cli import main
from mlops_actions.validate_data.action import Inputs, run

SUITE = Path(__file__).parent / "files/great_expectations_1_24_1.json"
ROWS = 200


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def flights() -> pd.DataFrame:
    numbers = range(ROWS)
    return pd.DataFrame(
        {
            "id": numbers, "day": [number // 10 for number in numbers], "tail": [f"N{number}" for number in numbers],
            "carrier": "AA", "wind": [float(number % 50) for number in numbers], "seats": 100, "temp": 20,
            "origin": "JFK", "dest": "BOS", "departure": 100, "arrival": [200 + number for number in numbers],
        }
    )  # fmt: skip


def failing(table: pd.DataFrame) -> set[str]:
    table.to_csv("flights.csv", index=False)
    report = run(Inputs(data="flights.csv", contract="contract.yaml")).predicate
    assert {one.result for one in report.checks} <= {"pass", "fail"}
    return {one.column or one.check for one in report.checks if one.result == "fail"}


@pytest.fixture
def _imported() -> None:
    assert main(["import-expectations", str(SUITE), "--output", "contract.yaml"]) == 0


BROKEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "carrier": ({"carrier": "A"}, {"carrier"}),
    "no carrier": ({"carrier": None}, {"carrier"}),
    "wind": ({"wind": 201.0}, {"wind"}),
    "seats": ({"seats": 900}, {"seats"}),
    "origin": ({"origin": "LAX"}, {"origin"}),
    "dest": ({"dest": "xBOS"}, {"dest"}),
    "id": ({"id": 7}, {"id", "sql"}),
    "tail": ({"tail": None}, {"tail"}),
    "arrival": ({"arrival": 100}, {"sql"}),
}


@pytest.mark.usefixtures("_imported")
def test_good_rows_pass() -> None:
    assert failing(flights()) == set()
    few_missing = flights()
    few_missing.loc[: ROWS * 0.05 - 1, "tail"] = None
    assert failing(few_missing) == set()


@pytest.mark.usefixtures("_imported")
@pytest.mark.parametrize("what", BROKEN)
def test_what_broke_an_expectation_fails_its_check(what: str) -> None:
    values, expected = BROKEN[what]
    table = flights()
    for column, value in values.items():
        table[column] = value
    assert failing(table) == expected


@pytest.mark.usefixtures("_imported")
def test_too_few_rows_fail() -> None:
    assert failing(flights().head(99)) == {"rowCount"}


LOST = {
    ("expect_column_values_to_be_increasing", "id"): "rows of a contract have no order",
    ("expect_column_kl_divergence_to_be_less_than", "wind"): "the check `drift` compares with a reference",
    ("expect_column_values_to_be_in_set", "tail"): "its values are of several types",
    ("expect_column_mean_to_be_between", "dest"): "it has no limits",
    ("expect_column_max_to_be_between", "origin"): "its limits are no numbers",
    ("expect_column_values_to_be_between", "carrier"): "an earlier expectation takes the column for string, "
    "this one for number",
    ("expect_column_values_to_not_be_null", "dest"): "it asks only of rows with a row_condition; "
    "write an `expression` rule",
    ("expect_own_thing", "the table"): "no counterpart; write an `expression` or `type: sql` rule",
}
GIVEN: dict[str, dict[str, Any]] = {
    "expect_column_values_to_be_in_set": {"value_set": ["a", 1]},
    "expect_column_max_to_be_between": {"min_value": "2024-01-01"},
    "expect_column_values_to_be_between": {"min_value": 1},
    "expect_column_values_to_not_be_null": {"row_condition": 'col("origin") == "JFK"'},
}


def test_what_is_lost_is_said_in_the_log_and_in_the_contract_and_leaves_no_trace_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    suite = json.loads(SUITE.read_text())
    kept = len(suite["expectations"])
    for kind, column in LOST:
        about = {} if column == "the table" else {"column": column}
        suite["expectations"].append({"type": kind, "kwargs": {**about, **GIVEN.get(kind, {})}})
    Path("suite.json").write_text(json.dumps(suite))
    assert main(["import-expectations", "suite.json", "--output", "contract.yaml"]) == 0
    lines = [
        f"{place}. {kind} of {column}: {why}"
        for place, ((kind, column), why) in enumerate(LOST.items(), start=kept + 1)
    ]
    told = capsys.readouterr().err.splitlines()
    assert told == [
        *(f"not carried over: {line}" for line in lines),
        f"Wrote contract.yaml: {kept} of {kept + len(LOST)} expectations.",
    ]
    written = Path("contract.yaml").read_text()
    assert [line.removeprefix("# Not carried over: ") for line in written.splitlines()[1 : len(LOST) + 1]] == lines
    assert main(["import-expectations", str(SUITE)]) == 0
    assert written.splitlines()[len(LOST) + 1 :] == capsys.readouterr().out.splitlines()[1:]


def test_a_suite_of_the_older_form_reads_alike(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import-expectations", str(SUITE)]) == 0
    newer = capsys.readouterr().out
    suite = json.loads(SUITE.read_text())
    older = [{"expectation_type": one["type"], "kwargs": one["kwargs"]} for one in suite["expectations"]]
    Path("old.json").write_text(json.dumps({"expectation_suite_name": suite["name"], "expectations": older}))
    assert main(["import-expectations", "old.json"]) == 0
    assert capsys.readouterr().out == newer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "suite.json: not JSON: "),
        ("[]", "suite.json: no list of `expectations`. Export the suite as JSON."),
        ('{"expectations": [{"type": "expect_x"}]}', "suite.json: nothing of the suite can be carried over."),
    ],
)
def test_what_is_no_suite_is_refused(text: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("suite.json").write_text(text)
    assert main(["import-expectations", "suite.json", "--output", "contract.yaml"]) == 2
    assert message in capsys.readouterr().err
    assert not Path("contract.yaml").exists()
