"""Slices and pools against the same metrics on the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_actions.evaluate_model.measuring.cuts import cut_by
from mlops_actions.evaluate_model.measuring.measurement import measure, measure_slices
from mlops_actions.evidence.slicing import Feature, Slicing
from mlops_actions.statistics.sample import Predictions, Sample
from mlops_actions.tables import Column

PLACE = Slicing((Feature("place"),))


def sample(rows: int = 300) -> Sample:
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 2, rows)
    models = [np.clip(truth * 0.4 + generator.uniform(size=rows) * 0.6, 0, 1) for _model in range(2)]
    candidate, champion = (Predictions(labels=(one > 0.5).astype(np.intp), scores=one) for one in models)
    return Sample("binary", truth, candidate, champion)


def part(whole: Sample, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Sample:
    models = []
    for model in (whole.candidate, whole.champion):
        assert model is not None
        assert model.labels is not None
        assert model.scores is not None
        models.append(Predictions(labels=model.labels[rows], scores=model.scores[rows]))
    return Sample("binary", whole.truth[rows], models[0], models[1])


def test_pools_follow_each_metrics_own_denominator() -> None:
    whole, metrics = sample(), ["recall", "specificity", "roc_auc", "precision"]
    codes = np.minimum(np.arange(300) % 20, 4)
    cut = cut_by(PLACE, {"place": Column(codes)})
    table = measure(whole, metrics)
    found = measure_slices(whole, metrics, cut, table, 10)
    other = found[-1][2]
    assert [value for value, _rows, _found in found] == ["0", "1", "2", "3", "4", "(other)"]
    for name in other.estimates:
        counts = {
            value: min(one.estimates[name].n, one.champion[name].n) for value, _rows, one in found if value != "(other)"
        }
        pooled = np.isin(codes, [int(value) for value, n in counts.items() if n < 10])
        assert pooled.any()
        expected = measure(part(whole, pooled), [name])
        assert other.estimates[name].value == pytest.approx(expected.estimates[name].value)
        assert other.differences[name].value == pytest.approx(expected.differences[name].value)
        assert other.estimates[name].n == expected.estimates[name].n
    assert "roc_auc" not in other.estimates
    assert {"recall", "specificity"} <= set(other.estimates)


def test_without_small_slices_there_is_no_pool() -> None:
    whole = sample()
    cut = cut_by(PLACE, {"place": Column(np.arange(300) % 3)})
    found = measure_slices(whole, ["accuracy"], cut, measure(whole, ["accuracy"]), 30)
    assert [value for value, _rows, _found in found] == ["0", "1", "2"]


def test_groups_of_a_protected_column_are_not_pooled() -> None:
    whole = sample()
    cut = cut_by(PLACE, {"place": Column(np.minimum(np.arange(300) % 20, 4))}, protected=True)
    found = measure_slices(whole, ["recall"], cut, measure(whole, ["recall"]), 30)
    assert [value for value, _rows, _found in found] == ["0", "1", "2", "3", "4"]
