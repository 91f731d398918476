"""Intervals from the counts that other tools' files hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.metrics import classification_report, confusion_matrix

from mlops_actions.errors import InputError
from mlops_actions.policy.metrics.counted import interval
from mlops_actions.policy.metrics.source import Numbers, read_numbers
from mlops_actions.statistics.evaluation import evaluate
from mlops_actions.statistics.sample import Predictions, Sample

RANDOM = np.random.default_rng(1)
TRUTH = RANDOM.integers(0, 2, 400)
LABELS = np.where(RANDOM.random(400) < 0.85, TRUTH, 1 - TRUTH)


def read(tmp_path: Path, document: object) -> Numbers:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(document))
    return read_numbers([str(path)])


def test_a_classification_report_gives_the_intervals_that_its_rows_give(tmp_path: Path) -> None:
    metrics = read(tmp_path, classification_report(TRUTH, LABELS, output_dict=True)).metrics
    found = evaluate(Sample("binary", TRUTH, Predictions(LABELS)), ["accuracy", "recall", "precision"]).estimates
    for name, metric in (("accuracy", "accuracy"), ("_1.recall", "recall"), ("_1.precision", "precision")):
        mine, rows = metrics[name], found[metric]
        assert mine.n == rows.n
        assert mine.value == pytest.approx(rows.value)
        assert mine.lower(0.95) == pytest.approx(rows.lower(0.95), abs=1e-3)
    assert metrics["macro_avg.recall"].scale == "point"
    assert metrics["_1.f1_score"].scale == "point"


def test_a_report_of_weighted_rows_holds_no_counts(tmp_path: Path) -> None:
    report = classification_report(TRUTH, LABELS, sample_weight=RANDOM.random(400), output_dict=True)
    assert read(tmp_path, report).points


@pytest.mark.parametrize("key", ["confusion_matrix", "confusion matrix"])
def test_a_confusion_matrix_gives_every_metric_of_labels(tmp_path: Path, key: str) -> None:
    metrics = read(tmp_path, {"eval": {key: confusion_matrix(TRUTH, LABELS).tolist()}}).metrics
    names = ["accuracy", "precision", "recall", "specificity", "f1", "mcc", "kappa", "balanced_accuracy"]
    found = evaluate(Sample("binary", TRUTH, Predictions(LABELS)), names).estimates
    for name in names:
        assert metrics[name].lower(0.9) == pytest.approx(found[name].lower(0.9))
        assert metrics[f"eval.{name}"] == metrics[name]


def test_several_classes_too(tmp_path: Path) -> None:
    truth, labels = RANDOM.integers(0, 4, 600), RANDOM.integers(0, 4, 600)
    metrics = read(tmp_path, {"confusion_matrix": confusion_matrix(truth, labels).tolist()}).metrics
    found = evaluate(Sample("multiclass", truth, Predictions(labels), classes=4), ["f1_macro", "accuracy"]).estimates
    assert metrics["f1_macro"].upper(0.95) == pytest.approx(found["f1_macro"].upper(0.95))
    assert metrics["accuracy"].n == 600


def test_a_value_with_its_count_or_its_error_has_an_interval(tmp_path: Path) -> None:
    document = {"accuracy": {"value": 0.9, "n": 200}, "bleu": {"value": 31.0, "n": 50, "se": 0.5}}
    metrics = read(tmp_path, document).metrics
    assert metrics["accuracy"].lower(0.95) == pytest.approx(0.8590, abs=1e-3)
    assert metrics["bleu"].lower(0.95) == pytest.approx(31.0 - 1.6766 * 0.5, abs=1e-3)


def test_an_interval_gives_its_own_bounds_back(tmp_path: Path) -> None:
    document = {
        "auc": {"value": 0.9, "lower": 0.86, "upper": 0.93, "confidence": 0.95},
        "mae": {"value": 4.0, "lower": 3.5, "upper": 4.5, "confidence": 0.9, "n": 1000},
    }
    numbers = read(tmp_path, document)
    auc, mae = numbers.metrics["auc"], numbers.metrics["mae"]
    # Two-sided at 95 % is one-sided at 97.5 %; of a lopsided interval the longer side counts on both.
    assert auc.lower(0.975) == pytest.approx(0.86)
    assert auc.upper(0.975) == pytest.approx(0.94)
    assert auc.lower(0.95) == pytest.approx(0.9 - 0.04 * norm.ppf(0.95) / norm.ppf(0.975))
    assert (auc.counted, mae.n, numbers.rows) == (False, 1000, 1000)
    assert mae.upper(0.95) == pytest.approx(4.0 + 0.5 / norm.ppf(0.95) * student.ppf(0.95, 999))


def test_a_count_is_preferred_to_an_interval(tmp_path: Path) -> None:
    bounds = {"lower": 0.5, "upper": 1.0, "confidence": 0.95}
    metrics = read(tmp_path, {"accuracy": {"value": 0.9, "n": 200, **bounds}}).metrics
    assert metrics["accuracy"].scale == "wilson"


@pytest.mark.parametrize("scale", [0.01, 0.2])
def test_bounds_of_a_stated_interval_cover_as_often_as_they_say(scale: float) -> None:
    draws = RANDOM.normal(0.7, scale, 4000)
    reach = norm.ppf(0.975) * scale
    missed = [interval("m", draw, draw - reach, draw + reach, 0.95, None).lower(0.95) > 0.7 for draw in draws]
    assert np.mean(missed) == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"lower": 0.91, "upper": 0.95, "confidence": 0.95},
            "auc is 0.9, outside of its own interval, 0.91 to 0.95. Keep what is right.",
        ),
        (
            {"lower": 0.86, "upper": 0.93, "confidence": 95},
            "the interval of auc has the confidence 95. Write 95 % as 0.95.",
        ),
    ],
)
def test_what_is_no_interval_around_the_value_is_refused(
    tmp_path: Path, fields: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, {"auc": {"value": 0.9, **fields}})
    assert str(refused.value) == f"{tmp_path / 'metrics.json'}: {message}"


@pytest.mark.parametrize(
    "document",
    [
        {"auc": {"value": 0.9, "lower": 0.86, "upper": 0.93}},
        {"auc": {"value": 0.9, "lower": 0.86, "confidence": 0.95}},
        {"auc": {"value": 0.9, "lower": None, "upper": 0.93, "confidence": 0.95}},
        {"accuracy": {"value": 0.9, "n": 0}},
        {"accuracy": {"value": 0.9, "n": -5}},
        {"accuracy": {"value": 0.9, "n": 10.5}},
        {"accuracy": {"value": 0.9, "n": True}},
        {"accuracy": {"value": 90, "n": 200}},
        {"bleu": {"value": 31.0, "n": 50}},
        {"bleu": {"value": 31.0, "n": 50, "se": 0}},
        {"bleu": {"value": 31.0, "n": 50, "se": -1}},
        {"confusion_matrix": [[1, 2], [3]]},
        {"confusion_matrix": [[1.5, 2], [3, 4]]},
        {"confusion_matrix": [[-1, 2], [3, 4]]},
        {"confusion_matrix": [[0, 0], [0, 0]]},
        {"confusion_matrix": [[7]]},
        {"a": {"precision": 0.5, "recall": None, "f1-score": 0.5, "support": 10}, "accuracy": 0.5},
    ],
)
def test_what_is_no_count_gives_no_interval(tmp_path: Path, document: object) -> None:
    assert read(tmp_path, document).points


def test_a_number_that_its_own_counts_contradict_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"accuracy is 0.95, and the counts in the file give 0.8\."):
        read(tmp_path, {"accuracy": 0.95, "confusion_matrix": [[40, 10], [10, 40]]})


@pytest.mark.parametrize("accuracy", [float("nan"), {"value": float("nan"), "n": 100}])
def test_a_number_that_is_not_known_is_not_replaced_by_counts(tmp_path: Path, accuracy: object) -> None:
    with pytest.raises(InputError, match=r"accuracy is nan, and the counts in the file give 0.8\."):
        read(tmp_path, {"accuracy": accuracy, "confusion_matrix": [[40, 10], [10, 40]]})


def test_counts_that_contradict_one_another_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"accuracy is of 20000 rows in one place and of 100 in another\."):
        read(tmp_path, {"accuracy": {"value": 0.8, "n": 20_000}, "confusion_matrix": [[40, 10], [10, 40]]})


def test_an_interval_without_rows_does_not_contradict_a_matrix(tmp_path: Path) -> None:
    stated = {"value": 0.8, "lower": 0.7, "upper": 0.9, "confidence": 0.95}
    assert read(tmp_path, {"accuracy": stated, "confusion_matrix": [[40, 10], [10, 40]]}).metrics["accuracy"].n == 100


def test_a_value_that_a_matrix_contradicts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"accuracy is 0.95, and the counts in the file give 0.8\."):
        read(tmp_path, {"accuracy": {"value": 0.95, "n": 100}, "confusion_matrix": [[40, 10], [10, 40]]})
