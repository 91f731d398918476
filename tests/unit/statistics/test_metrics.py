"""Every value against scikit-learn, every influence against a numerical derivative."""

from typing import Any

import numpy as np
import pytest

from metric_oracles import ASKED, CASES, COSTS, ORACLES, SMOOTH, K
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.evaluation import by_slice, evaluate, linearise
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.metrics import metric_of, metrics_for, read_name
from mlops_actions.statistics.sample import Predictions, Sample

N = 400


def draw(task: str, seed: int, rows: int = N) -> tuple[Any, Predictions]:
    """Truth and predictions with many ties."""
    rng = np.random.default_rng(seed)
    if task == "regression":
        truth = rng.normal(3, 1, rows)
        return truth, Predictions(values=truth + rng.normal(0, 0.5, rows))
    if task == "binary":
        truth = (rng.random(rows) < 0.3).astype(np.intp)
        scores: Any = np.round(np.clip(0.3 + 0.25 * truth + rng.normal(0, 0.2, rows), 0.01, 0.99), 2)
        return truth, Predictions((scores > 0.5).astype(np.intp), scores)
    classes = rng.integers(0, K, rows)
    logits = np.round(rng.normal(0, 1, (rows, K)) + np.eye(K)[classes], 1)
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return classes, Predictions(scores.argmax(1), scores)


def sample_of(task: Any, seed: int = 1, rows: int = N, **more: Any) -> Sample:
    truth, predictions = draw(task, seed, rows)
    classes = K if task == "multiclass" else 2
    return Sample(
        task, truth, predictions, classes=classes, labels=tuple("abcd"), costs=COSTS[:classes, :classes], **more
    )


def oracle_value(task: str, name: str, sample: Sample, weights: Any, rows: Any = slice(None)) -> float:
    model = sample.candidate
    labels = model.values if task == "regression" else model.labels
    assert labels is not None
    scores = None if model.scores is None else model.scores[rows]
    found = {**ORACLES[task], **ASKED[task]}[name]
    return found(sample.truth[rows], labels[rows], scores, None if weights is None else weights[rows])


def test_every_metric_has_an_oracle() -> None:
    for task in ("binary", "multiclass", "regression"):
        assert set(metrics_for(task)) == set(ORACLES[task])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("task", "name"), CASES)
def test_a_value_equals_scikit_learns(task: str, name: str, weighted: bool) -> None:
    weights = np.random.default_rng(2).gamma(2, 1, N) if weighted else None
    sample = sample_of(task, design=design(N, weights=weights))
    expected = oracle_value(task, name, sample, weights)
    assert evaluate(sample, [name]).estimates[name].value == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize(("task", "name"), CASES)
def test_a_slice_equals_an_evaluation_of_its_rows(task: Any, name: str, weighted: bool, clustered: bool) -> None:
    rng = np.random.default_rng(3)
    weights = rng.gamma(2, 1, N) if weighted else None
    days = rng.integers(0, 25, N)
    sample = sample_of(task, champion=draw(task, 9)[1], design=design(N, clusters=[days] * clustered, weights=weights))
    codes = rng.integers(0, 3, N)
    parts = by_slice(sample, [name], codes, 3, evaluate(sample, [name]))
    for k, part in enumerate(parts):
        rows = codes == k
        alone = evaluate(
            Sample(
                task,
                sample.truth[rows],
                _rows(sample.candidate, rows),
                _rows(sample.champion, rows),
                design(
                    int(rows.sum()),
                    clusters=[days[rows]] * clustered,
                    weights=None if weights is None else weights[rows],
                ),
                sample.classes,
                sample.labels,
                sample.costs,
            ),
            [name],
        )
        for found, expected in zip(
            (part.estimates[name], part.differences[name]),
            (alone.estimates[name], alone.differences[name]),
            strict=True,
        ):
            assert found.value == pytest.approx(expected.value, rel=1e-10, abs=1e-12)
            assert found.se == pytest.approx(expected.se, rel=1e-9)
            assert found.df == pytest.approx(expected.df, rel=1e-9)
            assert (found.n, found.clusters) == (expected.n, expected.clusters)


def _rows(model: Predictions | None, rows: Any) -> Any:
    if model is None:
        return None
    return model.take(np.flatnonzero(rows))


@pytest.mark.parametrize(("task", "name"), SMOOTH)
def test_the_influence_is_the_derivative_in_a_rows_weight(task: str, name: str) -> None:
    weights = np.random.default_rng(4).gamma(2, 1, N)
    sample = sample_of(task, design=design(N, weights=weights))
    metric = metric_of(read_name(name))
    slope = linearise(Frame.of(sample.sampling), sample, metric, sample.candidate).slope
    for row in range(0, N, 37):
        step = 1e-4 * weights[row]
        up, down = weights.copy(), weights.copy()
        up[row] += step
        down[row] -= step
        numerical = (oracle_value(task, name, sample, up) - oracle_value(task, name, sample, down)) / (2 * step)
        assert slope[row] == pytest.approx(numerical, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_the_weighted_influences_sum_to_nothing(task: str, name: str) -> None:
    weights = np.random.default_rng(4).gamma(2, 1, N)
    sample = sample_of(task, design=design(N, weights=weights))
    slope = linearise(Frame.of(sample.sampling), sample, metric_of(read_name(name)), sample.candidate).slope
    assert float(weights @ slope) == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_the_standard_error_is_the_cluster_bootstraps(task: Any, name: str) -> None:
    rng = np.random.default_rng(5)
    days = rng.integers(0, 60, 1500)
    truth, predictions = draw(task, 6, 1500)
    if predictions.labels is not None:
        # A bad day spoils a share of its labels, so that rows of a day hang together.
        spoilt = rng.random(1500) < rng.beta(0.5, 4, 60)[days]
        labels = np.where(spoilt, (truth + 1) % (K if task == "multiclass" else 2), predictions.labels)
        predictions = Predictions(labels, predictions.scores)
    classes = K if task == "multiclass" else 2
    sample = Sample(
        task, truth, predictions, None, design(1500, clusters=[days]), classes, tuple("abcd"), COSTS[:classes, :classes]
    )
    counts = rng.multinomial(60, np.full(60, 1 / 60), size=150)
    drawn = [oracle_value(task, name, sample, count[days].astype(float)) for count in counts]
    se, expected = evaluate(sample, [name]).estimates[name].se, float(np.std(drawn))
    # The error that debiasing leaves is in an ECE's standard error besides what varies.
    assert (se >= 0.75 * expected) if name == "ece" else (se == pytest.approx(expected, rel=0.25))


@pytest.mark.parametrize(
    ("task", "name"),
    [*((task, name) for task, table in ASKED.items() for name in table), ("regression", "median_absolute_error")],
)
def test_unequal_clusters_and_weights_give_the_bootstraps_standard_error(task: Any, name: str) -> None:
    rng = np.random.default_rng(7)
    # From 10 to 90 rows: a bootstrap that is no judge of a few clusters still is one of unequal ones.
    days = np.repeat(np.arange(50), np.linspace(10, 90, 50).astype(int))
    weights = rng.gamma(4, 1, len(days))
    sample = sample_of(task, 8, len(days), design=design(len(days), clusters=[days], weights=weights))
    counts = rng.multinomial(50, np.full(50, 1 / 50), size=150)
    drawn = [oracle_value(task, name, sample, weights * count[days]) for count in counts]
    assert evaluate(sample, [name]).estimates[name].se == pytest.approx(float(np.std(drawn)), rel=0.25)


@pytest.mark.parametrize(("task", "name"), SMOOTH)
def test_two_ways_of_clustering_follow_the_three_term_sum(task: Any, name: str) -> None:
    rng = np.random.default_rng(9)
    days, places = rng.integers(0, 20, N), rng.integers(0, 15, N)

    def variance(*clusters: Any) -> float:
        sample = sample_of(task, design=design(N, clusters=clusters))
        return evaluate(sample, [name]).estimates[name].se ** 2

    one, other, tuples = variance(days), variance(places), variance(days * 15 + places)
    assert variance(days, places) == pytest.approx(max(one + other - tuples, one, other), rel=1e-9)


@pytest.mark.parametrize("name", ["roc_auc", "balanced_accuracy", "mcc", "kappa"])
def test_a_single_class_in_the_truth_gives_no_bound(name: str) -> None:
    labels = np.array([0, 1] * 10)
    sample = Sample("binary", np.ones(20, dtype=int), Predictions(labels, labels * 0.5))
    found = evaluate(sample, [name]).estimates[name]
    assert found.undecidable
    assert (found.lower(0.95), found.upper(0.95)) == (-np.inf, np.inf)


@pytest.mark.parametrize("name", ["recall", "precision", "average_precision", "f1"])
def test_no_positives_are_no_data(name: str) -> None:
    sample = Sample("binary", np.zeros(20, dtype=int), Predictions(np.zeros(20, dtype=int), np.linspace(0, 1, 20)))
    found = evaluate(sample, [name]).estimates[name]
    assert found.undecidable
    assert (found.lower(0.95), found.upper(0.95)) == (-np.inf, np.inf)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_an_empty_slice_decides_nothing(task: str, name: str) -> None:
    sample = sample_of(task, champion=draw(task, 9)[1])
    part = by_slice(sample, [name], np.zeros(N, dtype=np.intp), 2, evaluate(sample, [name]))[1]
    for found in (part.estimates[name], part.champion[name], part.differences[name]):
        assert found.undecidable == "no-data"


def test_rounding_lifts_no_precision_above_one() -> None:
    rng = np.random.default_rng(8)
    truth, codes = rng.integers(0, 2, 2000), rng.integers(0, 200, 2000)
    perfect = Predictions(truth, 0.5 * truth + 0.4 * rng.random(2000))
    sample = Sample("binary", truth, perfect, design=design(2000, weights=rng.gamma(2, 1, 2000)))
    parts = by_slice(sample, ["average_precision"], codes, 200, evaluate(sample, ["average_precision"]))
    values = np.array([part.estimates["average_precision"].value for part in parts])
    assert (values <= 1 + 1e-14).all()


def test_delong_is_the_unclustered_case() -> None:
    """Structural components written out with a double loop's matrix (DeLong 1988)."""
    truth, model = draw("binary", 11, 200)
    champion = draw("binary", 11, 200)[1].scores
    assert model.scores is not None
    assert champion is not None
    champion = np.round(champion + np.random.default_rng(1).normal(0, 0.1, 200), 1)
    champion = np.clip(champion, 0, 1)

    def components(scores: Any) -> tuple[Any, Any]:
        x, y = scores[truth == 1][:, None], scores[truth == 0][None]
        kernel = (x > y) + 0.5 * (x == y)
        return kernel.mean(1), kernel.mean(0)

    (a10, a01), (b10, b01) = components(model.scores), components(champion)
    expected = np.sqrt(np.var(a10 - b10, ddof=1) / len(a10) + np.var(a01 - b01, ddof=1) / len(a01))
    sample = Sample("binary", truth, Predictions(None, model.scores), Predictions(None, champion))
    found = evaluate(sample, ["roc_auc"])
    assert found.differences["roc_auc"].se == pytest.approx(expected, rel=1e-12)
    assert found.differences["roc_auc"].value == pytest.approx(a10.mean() - b10.mean(), abs=1e-14)
    alone = np.sqrt(np.var(a10, ddof=1) / len(a10) + np.var(a01, ddof=1) / len(a01))
    assert found.estimates["roc_auc"].se == pytest.approx(alone, rel=1e-12)
