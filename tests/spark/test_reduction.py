"""A table that Spark reduces against the same table reduced by DuckDB: run by .ci/spark, where Spark is."""

from __future__ import annotations

from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pytest
from pyspark.sql import SparkSession

from mlops_actions.evaluate_model.measuring.reduction import Roles, reduce_table
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.metrics import metrics_for

METRICS = [name for name in metrics_for("binary") if name != "ece"]
ROWS = """
    SELECT TIMESTAMP '2013-09-02' + INTERVAL (i * 7919 % 1920) HOUR AS sold, i % 3 AS shop, 1 + i % 2 AS weight,
        CASE WHEN hash(i) % 100 < 30 + 40 * (i % 2) THEN 'yes' ELSE 'no' END AS late,
        least(0.2 + 0.3 * (i % 2) + hash(i * 31) % 1000 / 1600.0, 1.0) AS probability,
        hash(i * 17) % 1000 / 999.0 AS before
    FROM range(20000) AS numbers(i)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spark") / "rows.parquet"
    duckdb.execute(f"COPY ({ROWS}) TO '{path}'")
    return path


def numbers(estimate: Estimate) -> dict[str, float]:
    return {key: value for key, value in estimate.to_dict().items() if isinstance(value, int | float)}


@pytest.mark.parametrize(
    "roles",
    [
        Roles("late", "probability", champion="before", positive="yes"),
        Roles(
            "late", "probability", champion="before", cluster=("sold.week", "shop"), weights="weight", positive="yes"
        ),
    ],
    ids=["independent rows", "weighted rows of weeks and shops"],
)
def test_spark_counts_what_duckdb_counts(spark: SparkSession, file: Path, roles: Roles) -> None:
    ours = reduce_table(nw.from_native(duckdb.sql(f"FROM '{file}'")), roles, cut="shop")
    theirs = reduce_table(nw.from_native(spark.read.parquet(str(file))), roles, cut="shop")
    assert (theirs.rows, len(theirs.sample.truth)) == (20_000, len(ours.sample.truth))
    tables = [one.measure(METRICS) for one in (ours, theirs)]
    slices = [one.measure_slices(METRICS, table, 30) for one, table in zip((ours, theirs), tables, strict=True)]
    assert [(value, rows) for value, rows, _ in slices[0]] == [(value, rows) for value, rows, _ in slices[1]]
    pairs = [tuple(tables), *((one[2], other[2]) for one, other in zip(*slices, strict=True))]
    for one, other in pairs:
        for group in ("estimates", "champion", "differences"):
            expected, found = getattr(one, group), getattr(other, group)
            assert set(found) == set(METRICS)
            for name in METRICS:
                assert numbers(found[name]) == pytest.approx(numbers(expected[name]), rel=1e-9, abs=1e-12), name


def test_a_probability_that_is_not_a_number_is_refused(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("yes", 0.5), ("no", float("nan")), ("no", 0.1)], ["late", "probability"])
    with pytest.raises(MisbehaviourError, match="gives 1 of 3 rows a 'probability' outside 0 to 1"):
        reduce_table(nw.from_native(frame), Roles("late", "probability", positive="yes"))


def test_a_missing_probability_is_refused(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("yes", 0.5), ("no", None), ("no", 0.1)], ["late", "probability"])
    with pytest.raises(MisbehaviourError, match="gives no 'probability' for 1 of 3 rows"):
        reduce_table(nw.from_native(frame), Roles("late", "probability", positive="yes"))


def test_days_come_back_as_days(spark: SparkSession, file: Path) -> None:
    roles = Roles("late", "probability", cluster=("sold.date",), positive="yes")
    found = reduce_table(nw.from_native(spark.read.parquet(str(file))), roles).measure(["accuracy"])
    assert found.estimates["accuracy"].clusters == len(np.unique(np.arange(20_000) * 7919 % 1920 // 24))
