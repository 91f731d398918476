"""Dates that an engine cannot read as the contract writes them are never read as something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlops_actions.errors import InputError
from mlops_actions.tables import Table, open_table
from mlops_actions.validate_data.contract import Tables
from mlops_actions.validate_data.rules import Contract
from mlops_actions.validate_data.written import as_written

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: days
version: 1.0.0
status: active
schema:
  - name: days
    properties:
      - {name: day, logicalType: date, logicalTypeOptions: {format: dd.MM.yyyy}}
"""


class WithoutViews:
    """A table of an engine that has no views, such as Spark's; everything else is the real one's."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def view(self, _: object) -> None:
        """None, as `Table.view` says."""


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    return Tables(str(tmp_path / "contract.yaml")).read("days")


def test_an_engine_that_reads_them_gives_a_view(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text("day\n31.12.2024\n")
    view = as_written(contract, open_table(str(tmp_path / "days.csv")))
    assert view.arrays(["day"], types={"day": "date"})["day"].values.astype("datetime64[D]").astype(str).tolist() == [
        "2024-12-31"
    ]


def test_an_engine_that_cannot_is_refused(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text("day\n2024-12-31\n")
    table: Any = WithoutViews(open_table(str(tmp_path / "days.csv")))
    with pytest.raises(InputError) as caught:
        as_written(contract, table)
    assert str(caught.value) == (
        f"{tmp_path}/contract.yaml: this engine reads dates and times of text as ISO 8601 only, not as the contract "
        "writes 'day'. Check them with `engine: duckdb`, or store them as dates."
    )


def test_what_is_stored_as_a_date_needs_no_reading(contract: Contract, tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text("day\n2024-12-31\n")
    table: Any = WithoutViews(open_table(str(tmp_path / "days.csv")))
    table.stored = {"day": "date"}
    assert as_written(contract, table) is table
