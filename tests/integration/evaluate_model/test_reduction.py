"""A table reduced by its engine against the same rows in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.measuring import reduction
from mlops_actions.evaluate_model.measuring.cuts import cut_by
from mlops_actions.evaluate_model.measuring.measurement import measure, measure_slices
from mlops_actions.evaluate_model.measuring.reduction import Roles, reduce_table
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.evidence.slicing import Feature, Slicing
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation
from mlops_actions.statistics.metrics import metrics_for
from mlops_actions.statistics.sample import Predictions, Sample
from mlops_actions.tables import Column

ROWS = 40_000
PLACES = [f"place {i}" for i in range(7)]
ROLES = Roles(target="late", probability="probability", champion="before", threshold=0.4, positive="yes")
RANKED = ("roc_auc", "average_precision")
# The calibration error needs every score.
OTHERS = [name for name in metrics_for("binary") if name not in (*RANKED, "ece")]


@cache
def table() -> pd.DataFrame:
    """Days that share an error, places, two models with certain and impossible answers, and weights 1 to 3."""
    rng = np.random.default_rng(11)
    day = rng.integers(0, 30, ROWS)
    signal = rng.normal(size=ROWS) + rng.normal(0, 0.5, 30)[day]
    frame = pd.DataFrame({"day": pd.Timestamp("2013-09-01") + pd.to_timedelta(day, unit="D")})
    frame["late"] = np.where(signal + rng.normal(size=ROWS) > 0.5, "yes", "no")
    for name, noise in (("probability", 0.3), ("before", 0.9)):
        frame[name] = 1 / (1 + np.exp(0.5 - signal - noise * rng.normal(size=ROWS)))
    frame.loc[:50, "probability"], frame.loc[51:90, "probability"] = 1.0, 0.0
    return frame.assign(place=np.array(PLACES)[rng.integers(0, 7, ROWS)], weight=rng.integers(1, 4, ROWS))


def lazy(frame: pd.DataFrame) -> nw.LazyFrame[duckdb.DuckDBPyRelation]:
    connection = duckdb.connect()
    connection.register("given", frame)
    return nw.from_native(connection.sql("SELECT * FROM given"))


def in_memory(roles: Roles) -> Sample:
    frame = table()
    models = [
        Predictions((scores >= roles.threshold).astype(np.intp), scores)
        for scores in (frame[name].to_numpy() for name in ("probability", "before"))
    ]
    clusters = [frame[name].to_numpy() for name in roles.cluster]
    weights = frame[roles.weights].to_numpy() if roles.weights else None
    truth = (frame.late == "yes").to_numpy().astype(np.intp)
    return Sample("binary", truth, models[0], models[1], design(ROWS, clusters=clusters, weights=weights))


def same(
    found: Mapping[str, Estimate], expected: Mapping[str, Estimate], names: list[str], *, weighted: bool = False
) -> None:
    for name in names:
        one, other = found[name], expected[name]
        assert (one.n, one.clusters, one.scale) == (other.n, other.clusters, other.scale), name
        assert (one.value, one.df) == pytest.approx((other.value, other.df), rel=1e-9, abs=1e-12), name
        assert (one.gained or 0, one.lost or 0) == pytest.approx((other.gained or 0, other.lost or 0), rel=1e-9), name
        # Without clusters the variance within a cell of a loss is not seen: one bin is narrow.
        rel = 1e-3 if name in ("log_loss", "brier") else 1e-9
        assert one.se == pytest.approx(other.se, rel=rel), name
        if not weighted:
            # In memory, unequal weights of like rows are averaged for this number.
            assert one.n_effective == pytest.approx(other.n_effective, rel=rel), name


@pytest.mark.parametrize(
    "roles",
    [ROLES, replace(ROLES, cluster=("day",)), replace(ROLES, cluster=("day", "place"), weights="weight")],
    ids=["independent rows", "days", "weighted rows of days and places"],
)
def test_all_but_rankings_are_those_of_the_rows(roles: Roles) -> None:
    reduced = reduce_table(lazy(table()), roles)
    found, expected = reduced.measure(OTHERS), measure(in_memory(roles), OTHERS)
    assert (reduced.rows, list(found.estimates)) == (ROWS, OTHERS)
    for group in ("estimates", "champion", "differences"):
        same(getattr(found, group), getattr(expected, group), OTHERS, weighted=roles.weights is not None)


@pytest.mark.parametrize("bins", [64, 1024, 16384])
@pytest.mark.parametrize("cluster", [(), ("day",)], ids=["independent", "days"])
def test_rankings_differ_by_no_more_than_is_said(bins: int, cluster: tuple[str, ...]) -> None:
    roles = replace(ROLES, cluster=cluster)
    reduced = reduce_table(lazy(table()), roles, bins=bins)
    found, expected = reduced.measure(RANKED), measure(in_memory(roles), RANKED)
    for name in RANKED:
        one, other = found.estimates[name], expected.estimates[name]
        assert 0 < abs(one.value - other.value) <= reduced.error(name)
        assert one.se == pytest.approx(other.se, rel=0.2 / bins**0.5)
        assert (one.n, one.clusters) == (other.n, other.clusters)
        assert one.df == pytest.approx(other.df)
    assert reduced.error("accuracy") == 0.0


def test_slices_are_those_of_the_rows() -> None:
    roles = replace(ROLES, cluster=("day",))
    whole = in_memory(roles)
    codes, places = pd.factorize(table().place, sort=True)
    cut = cut_by(Slicing((Feature("place"),)), {"place": Column(codes.astype(np.intp), categories=list(places))})
    expected = measure_slices(whole, OTHERS, cut, measure(whole, OTHERS), 5_700)
    reduced = reduce_table(lazy(table()), roles, cut="place")
    found = reduced.measure_slices(OTHERS, reduced.measure(OTHERS), 5_700)
    assert [(value, rows) for value, rows, _ in found] == [(value, rows) for value, rows, _ in expected]
    assert found[-1][0] == "(other)"
    for (_, _, one), (_, _, other) in zip(found, expected, strict=True):
        assert set(one.estimates) == set(other.estimates)
        same(one.estimates, other.estimates, list(other.estimates))
        same(one.differences, other.differences, list(other.differences))


def test_many_clusters_and_slices_leave_fewer_bins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "RUNS", 420_000)
    by_day = replace(ROLES, cluster=("day",))
    found = [
        reduce_table(lazy(table()), roles, cut).bins
        for roles, cut in ((ROLES, None), (by_day, None), (by_day, "place"))
    ]
    # 2 classes of 30 days are 60, and of 7 places besides 420.
    assert found == [16384, 4096, 512]


def test_one_model_alone_needs_no_champion() -> None:
    reduced = reduce_table(lazy(table()), replace(ROLES, champion=None))
    found = reduced.measure(["accuracy", "log_loss"])
    assert (sorted(found.estimates), found.champion, found.differences) == (["accuracy", "log_loss"], {}, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": [0.5, None, 0.7, 0.1]}, "gives no 'probability' for 1 of 4 rows."),
        ({"probability": [0.5, 0.2, 1.7, -0.1]}, "gives 2 of 4 rows a 'probability' outside 0 to 1."),
    ],
)
def test_what_is_no_probability_speaks_against_the_model(change: dict[str, list[float]], message: str) -> None:
    frame = table()[:4].assign(late=["no", "yes", "no", "yes"], **change)
    with pytest.raises(MisbehaviourError) as caught:
        reduce_table(lazy(frame), ROLES)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("late", [None, "yes", "no", None], "target: 2 of 4 rows have no 'late', the target."),
        ("day", [None, 1, 2, 3], "cluster: 1 rows have no 'day': it is not known which rows they belong with."),
    ],
)
def test_rows_that_cannot_be_placed_are_refused(column: str, values: list[object], message: str) -> None:
    frame = table()[:4].assign(late=["no", "yes", "no", "yes"]).assign(**{column: pd.Series(values)})
    with pytest.raises(InputError) as caught:
        reduce_table(lazy(frame), replace(ROLES, cluster=("day",)))
    assert str(caught.value).startswith(message)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(InputError, match="the table has no rows"):
        reduce_table(lazy(table()[:0]), ROLES)


def test_nothing_is_measured_where_nothing_is_asked() -> None:
    assert reduce_table(lazy(table()), ROLES).measure([]) == Evaluation()
