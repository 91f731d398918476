from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlops_actions.statistics.between import errors_between
from mlops_actions.statistics.clusters import design, effective_clusters, encode, joint, sandwich, sums
from mlops_actions.statistics.evaluation import by_slice, evaluate
from mlops_actions.statistics.metrics import metrics_for
from mlops_actions.statistics.sample import Predictions, Sample


def regression(errors: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Predictions:
    return Predictions(values=errors)


def test_independent_rows_give_the_textbook_standard_error() -> None:
    errors = np.random.default_rng(1).gamma(1, 1, 80)
    found = evaluate(Sample("regression", np.zeros(80), regression(errors)), ["mae"]).estimates["mae"]
    assert found.se == pytest.approx(np.std(errors, ddof=1) / np.sqrt(80), rel=1e-12)
    assert found.df == pytest.approx(79)
    assert (found.n, found.clusters) == (80, 80)


def test_equal_clusters_give_the_standard_error_of_their_means() -> None:
    errors = np.random.default_rng(1).gamma(1, 1, 80)
    days = np.repeat(np.arange(10), 8)
    sample = Sample("regression", np.zeros(80), regression(errors), design=design(80, clusters=[days]))
    found = evaluate(sample, ["mae"]).estimates["mae"]
    assert found.se == pytest.approx(np.std(errors.reshape(10, 8).mean(1), ddof=1) / np.sqrt(10), rel=1e-12)
    assert found.df == pytest.approx(9)
    assert found.clusters == 10


def test_two_cluster_columns_follow_the_three_term_sum() -> None:
    rng = np.random.default_rng(2)
    rows = 600
    a, b = rng.integers(0, 20, rows), rng.integers(0, 15, rows)
    errors = rng.gamma(1, 1, rows) + rng.normal(0, 0.5, 20)[a] + rng.normal(0, 0.5, 15)[b]
    slope = (errors - errors.mean()) / rows

    def one_way(codes: object) -> float:
        keys = encode(np.asarray(codes))[0]
        return sandwich(sums(keys, slope, keys.max() + 1), np.bincount(keys) / rows)

    sample = Sample("regression", np.zeros(rows), regression(np.abs(errors)), design=design(rows, clusters=[a, b]))
    slope = (np.abs(errors) - np.abs(errors).mean()) / rows
    expected = one_way(a) + one_way(b) - one_way(a * 100 + b)
    found = evaluate(sample, ["mae"]).estimates["mae"]
    assert found.se**2 == pytest.approx(expected, rel=1e-9)
    assert found.df == pytest.approx(effective_clusters(np.bincount(b) / rows) - 1)


def test_several_columns_are_never_their_tuple() -> None:
    """Rows share a day's and a carrier's fate: the tuple (day, carrier) would call almost all of them independent."""
    rng = np.random.default_rng(3)
    a, b = np.repeat(np.arange(20), 20), np.tile(np.arange(20), 20)
    errors = 5 + rng.normal(0, 1, 20)[a] + rng.normal(0, 1, 20)[b] + rng.normal(0, 0.1, 400)
    both = Sample("regression", np.zeros(400), regression(errors), design=design(400, clusters=[a, b]))
    tuples = Sample("regression", np.zeros(400), regression(errors), design=design(400, clusters=[a * 20 + b]))
    assert evaluate(both, ["mae"]).estimates["mae"].se > 3 * evaluate(tuples, ["mae"]).estimates["mae"].se


def test_a_column_that_says_nothing_new_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    days, errors = rng.integers(0, 20, 300), rng.gamma(1, 1, 300)
    once = Sample("regression", np.zeros(300), regression(errors), design=design(300, clusters=[days]))
    twice = Sample("regression", np.zeros(300), regression(errors), design=design(300, clusters=[days, days * 2]))
    assert evaluate(once, ["mae"]).estimates["mae"].se == pytest.approx(evaluate(twice, ["mae"]).estimates["mae"].se)


def test_five_clusters_are_too_few() -> None:
    labels = np.array([0, 1, 1, 1] * 25)
    days = np.arange(100) % 5
    sample = Sample("binary", labels, Predictions(labels ^ (days == 1)), design=design(100, clusters=[days]))
    found = evaluate(sample, ["accuracy"]).estimates["accuracy"]
    assert found.undecidable == "few-clusters"


def test_one_huge_cluster_counts_as_few() -> None:
    days = np.concatenate([np.zeros(900, dtype=int), np.arange(1, 101)])
    labels = np.arange(1000) % 2
    sample = Sample("binary", labels, Predictions(labels ^ (days % 7 == 1)), design=design(1000, clusters=[days]))
    assert evaluate(sample, ["accuracy"]).estimates["accuracy"].undecidable == "few-clusters"


def test_a_perfect_score_counts_a_cluster_as_a_row_when_nothing_else_is_known() -> None:
    labels = np.arange(200) % 2
    sample = Sample("binary", labels, Predictions(labels), design=design(200, clusters=[np.arange(200) % 20]))
    found = evaluate(sample, ["accuracy"]).estimates["accuracy"]
    assert found.n_effective == pytest.approx(20)
    assert found.lower(0.95) < 0.9


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(0.01, 100)))
def test_effective_clusters_never_exceed_the_clusters(weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    found = effective_clusters(weights / weights.sum())
    assert 1.0 - 1e-9 <= found <= len(weights) + 1e-9


def test_joint_codes_are_those_of_the_pairs() -> None:
    codes, count = joint([np.array([0, 5, 0, 5]), np.array([1, 1, 2, 1])])
    assert count == 3
    assert codes[1] == codes[3]
    assert len(set(codes.tolist())) == 3


@pytest.mark.parametrize("weights", [[1.0, -1.0], [1.0, float("nan")], [1.0]])
def test_unusable_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"weights|rows"):
        design(2, weights=np.array(weights))


@pytest.mark.parametrize("column", ["scores", "values"])
def test_predictions_that_are_not_numbers_are_refused(column: str) -> None:
    with pytest.raises(ValueError, match=f"{column} must be finite"):
        replace(Predictions(), **{column: np.array([0.1, float("nan")])})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sample", "metric", "message"),
    [
        (("binary", [0, 1], Predictions(np.array([0, 1]))), "roc_auc", "roc_auc needs predicted scores"),
        (("binary", [0, 1], Predictions(None, np.array([0.1, 3.0]))), "log_loss", "needs probabilities"),
        (("binary", [0, 1], Predictions(np.array([0, 1]))), "mae", "mae is not defined for binary"),
        (
            ("binary", [0, 1], Predictions(np.array([0, 1]))),
            "acuracy",
            "there is no metric 'acuracy'. Did you mean 'accuracy'",
        ),
    ],
)
def test_a_metric_that_cannot_be_computed_is_refused(
    sample: tuple[str, list[int], Predictions], metric: str, message: str
) -> None:
    task, truth, model = sample
    with pytest.raises(ValueError, match=message):
        evaluate(Sample(task, np.array(truth), model), [metric])  # type: ignore[arg-type]


@pytest.mark.parametrize("columns", [[], [np.arange(1016) % 127]])
def test_rows_that_weigh_nothing_count_for_nothing(columns: list[np.ndarray[tuple[int], np.dtype[np.intp]]]) -> None:
    # The slice is all right, in 8 rows that weigh 1 and 500 that weigh 0.
    slices, right = np.arange(1016) // 508, np.ones(1016, dtype=np.intp)
    right[508::2] = 0
    weights = np.where(np.arange(1016) < 500, 0.0, 1.0)
    sample = Sample(
        "binary",
        np.ones(1016, dtype=np.intp),
        Predictions(right),
        design=design(1016, clusters=columns, weights=weights),
    )
    heavy = np.flatnonzero(weights)
    alone = sample.take(heavy)
    table = evaluate(sample, ["accuracy"])
    part = by_slice(sample, ["accuracy"], slices, 2, table)[0].estimates["accuracy"]
    assert part == by_slice(alone, ["accuracy"], slices[heavy], 2, table)[0].estimates["accuracy"]
    assert (part.n, table.estimates["accuracy"].n, part.n_effective <= 8) == (8, 516, True)
    errors = [
        errors_between(one, ["accuracy"], codes, 2)["accuracy"]
        for one, codes in ((sample, slices), (alone, slices[heavy]))
    ]
    assert np.array_equal(errors[0], errors[1])


def test_weights_that_are_nothing_but_nothing_leave_no_data() -> None:
    rows = design(40, weights=np.zeros(40))
    sample = Sample("binary", np.arange(40) % 2, Predictions(np.arange(40) % 2, np.arange(40) / 40), design=rows)
    found = evaluate(sample, metrics_for("binary")).estimates
    assert {one.undecidable for one in found.values()} == {"no-data"}


@pytest.mark.parametrize("weight", [5e-324, 1e308])
def test_weights_beyond_what_can_be_summed_decide_nothing(weight: float) -> None:
    rows = design(40, weights=np.full(40, weight))
    sample = Sample("binary", np.arange(40) % 2, Predictions(np.arange(40) % 2, np.arange(40) / 40), design=rows)
    assert None not in {one.undecidable for one in evaluate(sample, metrics_for("binary")).estimates.values()}
