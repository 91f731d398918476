"""The numbers of the first failing rows are the same however few rows are tried first."""

from __future__ import annotations

from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from mlops_actions.tables import Scan, Tally, open_frame, open_table
from mlops_actions.tables.duckdb import first_rows

ROWS = 2_000
BROKEN = {
    "always": np.ones(ROWS, dtype=bool),
    "never": np.zeros(ROWS, dtype=bool),
    "often": np.arange(ROWS) % 3 == 1,
    "late": np.arange(ROWS) >= ROWS - 4,
    "once": np.arange(ROWS) == 1_999,
    "both ends": np.isin(np.arange(ROWS), [0, 7, 1_500]),
}


@pytest.fixture(params=[1 << 20, 50])
def _rows_at_first(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_rows, "_ROWS_AT_FIRST", request.param)


def expected() -> dict[str, Tally]:
    return {name: Tally(int(rows.sum()), tuple(np.flatnonzero(rows)[:3].tolist())) for name, rows in BROKEN.items()}


@pytest.mark.usefixtures("_rows_at_first")
def test_rows_that_fail_and_rows_without_a_value_are_the_first_of_all() -> None:
    frame = pd.DataFrame({name: np.where(rows, 1.0, 0.0) for name, rows in BROKEN.items()})
    holes = pd.DataFrame({f"{name} lacks": np.where(rows, np.nan, 1.0) for name, rows in BROKEN.items()})
    table = open_frame(pd.concat([frame, holes], axis=1))
    flags = {name: nw.col(name) > 0.5 for name in BROKEN}
    found = table.scan(Scan(flags=flags, missing=frozenset(holes.columns), first=3))
    assert found.flags == expected()
    assert {name: found.missing[f"{name} lacks"] for name in BROKEN} == expected()


@pytest.mark.usefixtures("_rows_at_first")
def test_cells_of_text_that_do_not_read_are_the_first_of_all_files(tmp_path: Path) -> None:
    cells = pd.DataFrame({name: np.where(rows, "x", "1") for name, rows in BROKEN.items()})
    cells[:900].to_csv(tmp_path / "a.csv", index=False)
    cells[900:].to_csv(tmp_path / "b.csv", index=False)
    found = open_table(str(tmp_path)).scan(Scan(types=dict.fromkeys(BROKEN, "integer"), first=3))
    assert found.unreadable == expected()


@pytest.mark.usefixtures("_rows_at_first")
def test_a_column_that_always_reads_is_asked_nothing_and_has_no_failing_row() -> None:
    table = open_frame(pd.DataFrame({"i": range(3)}))
    assert table.scan(Scan(types={"i": "number"}, first=3)).unreadable == {"i": Tally(0)}
