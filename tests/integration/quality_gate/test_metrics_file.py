"""Numbers of other tools through the whole gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.errors import InputError

from .conftest import gate, sha256


def test_a_metrics_file_is_judged_as_points_and_says_so() -> None:
    Path("metrics.json").write_text('{"eval": {"accuracy": 0.9, "loss": NaN}}')
    statement = gate("accuracy > 0.8\nsize_mb < 1", metrics_file=["metrics.json"], model="model.joblib")
    verdict = statement.predicate
    assert (statement.sha256, verdict.result, verdict.judged_on) == (sha256("model"), "pass", "points")
    assert verdict.rules[0].lower is None
    verdict = gate("accuracy > 0.8\nloss < 1", metrics_file=["metrics.json"], model="model.joblib").predicate
    assert (verdict.result, verdict.reasons[0].code) == ("inconclusive", "not-a-number")


def test_the_size_of_the_model_is_weighed_whatever_a_metrics_file_claims() -> None:
    Path("metrics.json").write_text('{"size_mb": 0.0001, "latency_p95_ms": 7}')
    about = {"metrics_file": ["metrics.json"], "model": "model.joblib"}
    assert gate("size_mb < 0.0005", **about).predicate.rules[0].value == 0.0005
    assert gate("latency_p95_ms < 8", **about).predicate.result == "pass"


def test_a_percentage_never_passes_for_a_share() -> None:
    Path("metrics.json").write_text('{"eval": {"accuracy": 15, "loss": 15}}')
    about = {"metrics_file": ["metrics.json"], "model": "model.joblib"}
    with pytest.raises(InputError) as refused:
        gate("eval.accuracy > 0.8", **about)
    assert str(refused.value) == (
        "metrics.json: eval.accuracy is 15, but lies between 0 and 1, as the limit of `eval.accuracy > 0.8` does. "
        "Write 90 % as 0.9."
    )
    assert gate("eval.accuracy > 20\nloss < 20", **about).predicate.result == "fail"


def test_counts_in_a_metrics_file_make_the_gate_judge_on_intervals() -> None:
    Path("metrics.json").write_text('{"accuracy": {"value": 0.82, "n": 50}, "loss": 0.3}')
    verdict = gate("accuracy > 0.80\nloss < 0.5", metrics_file=["metrics.json"], model="model.joblib").predicate
    assert (verdict.result, verdict.judged_on) == ("inconclusive", "intervals")
    accuracy, loss = verdict.rules
    assert accuracy.lower is not None
    assert (loss.result, loss.lower) == ("pass", None)
    assert accuracy.rows_needed is not None
    points = gate("accuracy > 0.80", metrics_file=["metrics.json"], model="model.joblib", judge="points").predicate
    assert (points.result, points.judged_on) == ("pass", "points")
