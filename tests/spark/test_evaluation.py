"""An evaluation whose predictions are counted on Spark gives the statement that DuckDB gives."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mlops_actions.evaluate_model.action import Inputs, run
from mlops_actions.evaluate_model.measuring import large
from mlops_actions.evidence.evaluation import Evaluation

ROWS = """
    SELECT TIMESTAMP '2013-09-02' + INTERVAL (i * 7919 % 1920) HOUR AS departure, i % 3 = 0 AS small,
        hash(i) % 100 < 30 + 40 * (i % 2) AS late,
        least(0.2 + 0.3 * (i % 2) + hash(i * 31) % 1000 / 1600.0, 1.0) AS probability
    FROM range(5000) AS numbers(i)
"""


@pytest.mark.parametrize("most", [10_000, 1000], ids=["read", "counted"])
def test_the_statement_is_the_same(most: int, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(large, "MOST_ROWS", most)
    duckdb.connect().execute(f"COPY ({ROWS}) TO 'rows.parquet'")

    def evaluation(engine: str) -> Evaluation:
        given = {"data": "rows.parquet", "predictions": "rows.parquet", "target": "late", "cluster": "departure.date"}
        return run(Inputs.model_validate({**given, "slices": "small", "engine": engine})).predicate

    ours, theirs = evaluation(engine), evaluation("duckdb")
    assert (ours.reduction is not None) == (most == 1000)
    assert (ours.result, ours.n, ours.materials) == (theirs.result, theirs.n, theirs.materials)
    assert set(ours.estimates) == set(theirs.estimates)
    for name, record in ours.estimates.items():
        assert record.value == pytest.approx(theirs.estimates[name].value, rel=1e-9), name
        assert record.lower == pytest.approx(theirs.estimates[name].lower, rel=1e-9), name
    assert [(one.value, one.n) for one in ours.slices] == [(one.value, one.n) for one in theirs.slices]
