"""Rows that share a day, a week or a user, and rows that share nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_actions.evaluate_model.measuring.measurement import measure
from mlops_actions.evaluate_model.rows.dependence import ALPHA, find_dependence, warnings_of
from mlops_actions.evidence.evaluation import Dependence
from mlops_actions.statistics.clusters import Codes, Floats, design
from mlops_actions.statistics.sample import Predictions, Sample
from mlops_actions.tables import Column

ROWS = 6000
METRICS = ["accuracy", "log_loss"]


def sample(rng: np.random.Generator, shared: Floats | float, weights: Floats | None = None) -> Sample:
    """Binary rows whose scores are off by what they share."""
    signal = rng.normal(size=ROWS)
    truth = (signal + rng.normal(size=ROWS) > 0).astype(np.intp)
    scores = 1 / (1 + np.exp(-1.5 * (signal + shared)))
    sampling = None if weights is None else design(ROWS, weights=weights)
    return Sample("binary", truth, Predictions((scores > 0.5).astype(np.intp), scores), design=sampling)


def calendar(rows: int = ROWS, per_day: int = 100) -> Codes:
    return np.arange(rows, dtype=np.intp) // per_day


def day_column(days: Codes) -> Column:
    return Column((np.datetime64("2013-09-02", "D") + days).astype("datetime64[us]"))


def text(codes: Codes) -> Column:
    return Column(codes, categories=[f"value {i}" for i in range(int(codes.max()) + 1)])


def test_rows_of_a_day_that_err_alike_are_found() -> None:
    rng, day = np.random.default_rng(1), calendar()
    whole = sample(rng, rng.normal(0, 0.8, 60)[day])
    (found,) = find_dependence(whole, {"day": day_column(day)}, METRICS)
    assert (found.cluster, found.metric, found.groups) == ("day", "log_loss", 60)
    # The factor is what the standard error grows by when the advice is followed.
    alone = measure(whole, METRICS).estimates["log_loss"].se
    clustered = Sample("binary", whole.truth, whole.candidate, design=design(ROWS, clusters=[day]))
    assert np.sqrt(found.design_effect) == pytest.approx(
        measure(clustered, METRICS).estimates["log_loss"].se / alone, rel=0.05
    )


def test_weeks_are_named_only_where_days_of_a_week_are_alike() -> None:
    rng, day = np.random.default_rng(2), calendar(per_day=30)
    times = Column(day_column(day).values + np.timedelta64(7, "h"))
    by_day, by_week = rng.normal(0, 0.7, 200)[day], rng.normal(0, 0.7, 30)[day // 7]
    assert [one.cluster for one in find_dependence(sample(rng, by_day), {"sold": times}, METRICS)] == ["sold.date"]
    assert [one.cluster for one in find_dependence(sample(rng, by_week), {"sold": times}, METRICS)] == ["sold.week"]


def test_a_key_that_repeats_is_found_and_a_category_is_not() -> None:
    rng = np.random.default_rng(3)
    user, carrier = rng.integers(0, 400, ROWS), rng.integers(0, 16, ROWS)
    whole = sample(rng, rng.normal(0, 1, 400)[user] + rng.normal(0, 1, 16)[carrier])
    columns = {
        "traveller": text(user),
        "carrier": text(carrier),
        "user_id": Column(user * 1e9),
        "price_key": Column(user + 0.5),
    }
    found = find_dependence(whole, columns, METRICS)
    assert [one.cluster for one in found] == ["traveller"]
    assert [one.cluster for one in find_dependence(whole, {"user_id": columns["user_id"]}, METRICS)] == ["user_id"]
    few = {"carrier_id": columns["carrier"]}
    assert [one.cluster for one in find_dependence(whole, few, METRICS)] == ["carrier_id"]


def test_rows_without_a_key_and_rows_that_weigh_nothing_are_left_out() -> None:
    rng, day = np.random.default_rng(4), calendar()
    weights = np.where(np.arange(ROWS) % 5 > 0, 2.0, 0.0)
    whole = sample(rng, rng.normal(0, 0.8, 60)[day], weights)
    valid = day % 2 == 0
    column = Column(day_column(day).values, valid)
    (found,) = find_dependence(whole, {"day": column}, METRICS)
    assert found.groups == 30
    rows = np.flatnonzero(valid & (weights > 0))
    (same,) = find_dependence(whole.take(rows), {"day": day_column(day[rows])}, METRICS)
    assert found.correlation == pytest.approx(same.correlation, rel=1e-3)


def test_with_a_cluster_or_without_metrics_nothing_is_looked_for() -> None:
    rng, day = np.random.default_rng(5), calendar()
    whole = sample(rng, rng.normal(0, 0.8, 60)[day])
    clustered = Sample("binary", whole.truth, whole.candidate, design=design(ROWS, clusters=[day]))
    assert find_dependence(clustered, {"day": day_column(day)}, METRICS) == []
    assert find_dependence(whole, {"day": day_column(day)}, []) == []


def test_groups_too_few_to_be_clusters_are_not_named() -> None:
    rng, day = np.random.default_rng(6), calendar(per_day=1200)
    assert find_dependence(sample(rng, rng.normal(0, 2, 5)[day]), {"day": day_column(day)}, METRICS) == []


def test_independent_rows_are_warned_about_no_more_often_than_promised() -> None:
    rng, day = np.random.default_rng(7), calendar()
    columns = {
        "sold": Column(day_column(day).values + rng.integers(0, 86400, ROWS).astype("timedelta64[s]")),
        "user": text(rng.integers(0, 2000, ROWS)),
        "order_id": Column(rng.integers(0, 500, ROWS)),
    }
    repeats = 400
    warned = sum(bool(find_dependence(sample(rng, 0.0), columns, METRICS)) for _ in range(repeats))
    assert warned / repeats <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / repeats)


def test_the_warning_names_the_column_the_size_and_the_line_to_add() -> None:
    assert warnings_of([]) == []
    found = [
        Dependence(
            cluster=cluster, metric="log_loss", correlation=0.0374, design_effect=effect, groups=61, p_value=1e-9
        )
        for cluster, effect in (("sold.date", 35.2), ("user", 1.44))
    ]
    (reason,) = warnings_of(found)
    assert (reason.code, reason.where, reason.warning) == ("rows-dependent", "cluster", True)
    assert reason.message == (
        "Rows of one day of 'sold' err alike: the intra-class correlation is 0.037 in 61 groups, which makes the "
        "interval of log_loss about 5.9 times too narrow. Add `cluster: sold.date`. Also seen for user (1.2 times)."
    )
