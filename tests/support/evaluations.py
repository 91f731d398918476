"""Evaluations of generated models, as evaluate-model states them: what reports are tried on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlops_actions.evaluate_model.measuring.curves import curves_of
from mlops_actions.evaluate_model.measuring.cuts import Cut
from mlops_actions.evaluate_model.measuring.measurement import measure, measure_slices, records, slice_document
from mlops_actions.evidence.evaluation import Environment, Evaluation, Timing
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.metrics import metrics_for
from mlops_actions.statistics.sample import Predictions, Sample

ROWS = 6000


def binary_evaluation(slices: int = 200, *, champion: bool = True) -> Evaluation:
    """A better candidate, which is too sure of itself; rows of 60 days, and slices of two columns."""
    generator = np.random.default_rng(0)
    chance = generator.beta(1.2, 2.5, ROWS)
    truth = (generator.random(ROWS) < chance).astype(np.intp)
    log_odds = np.log(chance / (1 - chance))
    scores = [
        1 / (1 + np.exp(-factor * (log_odds + generator.normal(0, noise, ROWS))))
        for factor, noise in ((1.4, 0.5), (0.9, 1.2))
    ]
    models = [Predictions(labels=(one >= 0.5).astype(np.intp), scores=one) for one in scores]
    sampling = design(ROWS, clusters=[generator.integers(0, 60, ROWS)])
    sample = Sample("binary", truth, models[0], models[1] if champion else None, sampling)
    columns = {"destination": generator.integers(0, max(slices - 4, 1), ROWS), "origin": generator.integers(0, 4, ROWS)}
    return _evaluation(sample, (False, True), columns)


def multiclass_evaluation() -> Evaluation:
    """Five classes with names, and no champion."""
    generator = np.random.default_rng(1)
    scores = generator.dirichlet(np.full(5, 0.6), ROWS)
    truth = np.array([generator.choice(5, p=one) for one in scores])
    sample = Sample("multiclass", truth, Predictions(labels=scores.argmax(axis=1), scores=scores), None, None, 5)
    return _evaluation(sample, ("cancelled", "diverted", "early", "late", "on time"), {})


def regression_evaluation() -> Evaluation:
    """Errors that grow with the prediction; the champion's are larger."""
    generator = np.random.default_rng(2)
    mean = generator.gamma(2.0, 20.0, ROWS)
    truth = mean + generator.normal(0.0, 0.2 * mean + 1.0)
    models = [Predictions(values=mean + shift + generator.normal(0, 6.0, ROWS)) for shift in (0.0, 3.0)]
    sample = Sample("regression", truth, models[0], models[1])
    return _evaluation(sample, (), {"origin": generator.integers(0, 3, ROWS)})


def _evaluation(sample: Sample, labels: Sequence[bool | str], columns: dict[str, NDArray[np.int64]]) -> Evaluation:
    assert sample.task != "scores"
    names = metrics_for(sample.task)
    table = measure(sample, names)
    slices = []
    for column, codes in columns.items():
        rows = np.bincount(codes)
        cut = Cut(column, codes.astype(np.intp), tuple(f"{column[:1].upper()}{i}" for i in range(len(rows))), rows)
        for value, count, found in measure_slices(sample, names, cut, table, 30):
            slices.append(slice_document(column, value, count, found, 0.95))
    compared = sample.champion is not None
    return Evaluation(
        result="pass",
        task=sample.task,
        n=len(sample.truth),
        target="late",
        features=["carrier", "distance", "hour"],
        cluster=["day"] if sample.sampling.columns else [],
        champion_sha256="cd" * 32 if compared else None,
        champion_name="flights@champion" if compared else None,
        estimates=records(table.estimates, 0.95),
        champion=records(table.champion, 0.95),
        differences=records(table.differences, 0.95),
        slices=slices,
        curves=curves_of(sample, labels, 0.95),
        isolation="strict",
        isolation_means="namespaces",
        environment=Environment(python="3.11.9", platform="Linux-6.1", packages={"scikit-learn": "1.5.2"}),
        size_bytes=123_456,
        timing=Timing(load_seconds=0.4, score_seconds=1.2, latency_p95_ms=0.8),
    )
