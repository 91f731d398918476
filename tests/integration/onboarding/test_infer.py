"""A first contract: the data that it was written from passes, and what is plainly broken does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from mlops_actions.cli import main
from mlops_actions.onboarding.infer import infer
from mlops_actions.validate_data.action import Inputs, run

ROWS = 400


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trips(seed: int = 1, rows: int = ROWS) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    fare = generator.gamma(3, 5, rows).round(2)
    fare[generator.random(rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "trip_id": np.arange(rows) + 7000,
            "started": pd.date_range("2024-02-03", periods=rows, freq="h"),
            "zone": generator.choice(["east", "north", "west"], rows),
            "plate": [f"T{number}C" for number in generator.integers(100, 999999, rows)],
            "country": generator.choice([f"{a}{b}" for a in "ABCDEF" for b in "KLMNOPQ"], rows),
            "fare": fare,
            "temp": generator.normal(5, 8, rows).round(1),
            "riders": generator.integers(1, 7, rows),
            "late": generator.integers(0, 2, rows),
            "contact": [f"rider{number}@example.org" for number in range(rows)],
            "shared": generator.random(rows) < 0.3,
            'we"ird , näme 🚲': generator.normal(size=rows),
        }
    )


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("seen") / "trips.csv"
    trips().to_csv(path, index=False)
    return infer(str(path))[0]


def failures(contract: str, table: pd.DataFrame) -> set[str]:
    """Columns with a check that fails."""
    Path("contract.yaml").write_text(contract)
    table.to_csv("next.csv", index=False)
    report = run(Inputs(data="next.csv", contract="contract.yaml")).predicate
    return {str(one.column) for one in report.checks if one.result == "fail"}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_data_itself_and_the_next_rows_of_its_kind_pass(suffix: str) -> None:
    trips().to_csv("trips.csv", index=False)
    duckdb.sql("COPY (FROM 'trips.csv') TO 'trips.parquet'")
    contract, columns = infer(f"trips.{suffix}")
    assert columns == len(trips().columns)
    assert failures(contract, trips()) == set()
    assert failures(contract, trips(seed=2, rows=2 * ROWS)) == set()


CORRUPTIONS: dict[str, Callable[[pd.DataFrame], pd.Series[Any]]] = {
    "trip_id": lambda table: table.trip_id.where(table.index != 5, 7000),
    "started": lambda table: table.started.where(table.index != 5, pd.Timestamp("1970-01-01")),
    "zone": lambda table: table.zone.str.upper(),
    "plate": lambda table: table.plate.where(table.index != 5, "unknown"),
    "country": lambda table: table.country.str.lower(),
    "fare": lambda table: table.fare * 100,
    "temp": lambda table: table.temp + 273.15,
    "riders": lambda table: -table.riders,
    "late": lambda table: table.late * 2,
    "contact": lambda table: table.contact.str.replace("@", " at "),
    "shared": lambda table: table.shared.astype(int) + 2,
}


@pytest.mark.parametrize("column", CORRUPTIONS)
def test_a_plain_corruption_of_a_column_fails_there_and_nowhere_else(column: str, contract: str) -> None:
    table = trips(seed=3)
    assert failures(contract, table.assign(**{column: CORRUPTIONS[column](table)})) == {column}


@pytest.mark.parametrize("column", ["fare", "riders", "zone"])
def test_a_column_that_has_gone_missing_fails(column: str, contract: str) -> None:
    assert failures(contract, trips().assign(**{column: None})) == {column}
    assert failures(contract, trips().drop(columns=column)) == {column}


def test_an_email_is_personal_and_a_list_of_values_is_proposed_only_where_each_was_seen_often() -> None:
    table = trips()
    table["rare"] = table.zone.where(table.index != 5, "seen once")
    table.to_csv("trips.csv", index=False)
    lines = {
        line.split("name: ")[1].split(",")[0]: line for line in infer("trips.csv")[0].splitlines() if "- {" in line
    }
    assert "classification: personal" in lines["contact"]
    assert "validValues: [east, north, west]" in lines["zone"]
    assert "validValues" not in lines["rare"]


def test_odd_tables_give_contracts_that_they_meet() -> None:
    tables = {
        "one row": pd.DataFrame({"a": [1], "b": ["x"]}),
        "constant": pd.DataFrame({"zero": [0] * 5, "five": [5.0] * 5, "minus": [-3] * 5}),
        "empty column": pd.DataFrame({"a": [1, 2], "nothing": [None, None]}),
        "infinite": pd.DataFrame({"a": [1.0, np.inf, -np.inf]}),
        "huge": pd.DataFrame({"a": [2**62, -(2**62)], "tiny": [1e-300, 2e-300]}),
        "quotes": pd.DataFrame({"a": ["it's", "a: b", "- c", "#d", "{e}", "null", "yes"] * 20}),
        "old": pd.DataFrame({"day": ["0001-01-01", "9999-12-31"]}),
    }
    for what, table in tables.items():
        table.to_csv("odd.csv", index=False)
        assert failures(infer("odd.csv")[0], table) == set(), what


def test_the_command_writes_once_and_never_over_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    trips().to_csv("trips.csv", index=False)
    assert main(["infer", "trips.csv", "--output", "kept.yaml"]) == 0
    assert "Wrote kept.yaml, a contract of 12 columns; read it before you trust it." in "".join(capsys.readouterr())
    written = Path("kept.yaml").read_text()
    assert main(["infer", "trips.csv", "--output", "kept.yaml"]) == 2
    assert "'kept.yaml' is there already. Name another file with --output." in capsys.readouterr().err
    assert Path("kept.yaml").read_text() == written
    assert main(["infer", "trips.csv"]) == 0
    assert capsys.readouterr().out == written


def test_no_rows_give_no_contract(capsys: pytest.CaptureFixture[str]) -> None:
    trips().head(0).to_csv("none.csv", index=False)
    assert main(["infer", "none.csv"]) == 2
    assert "there are no rows to write a contract from." in capsys.readouterr().err
