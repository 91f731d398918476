"""Good models: the numbers of the statement against scikit-learn and against the rows themselves."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.scoring import exchange
from mlops_actions.evidence import digest_path
from mlops_actions.evidence.evaluation import Evaluation

from .conftest import Evaluate, WriteModel, frame, promote, write_table

GOOD = "def predict_proba(self, X): return numpy.column_stack([1 - (p := 1 / (1 + numpy.exp(-X[:, 0]))), p])"


def values(found: Evaluation) -> dict[str, float]:
    return {name: one.value for name, one in found.estimates.items() if one.value is not None}


def test_a_binary_model_has_the_metrics_of_scikit_learn(evaluate: Evaluate, trained: str) -> None:
    found = evaluate(trained)
    table = frame()
    scores = joblib.load(trained).predict_proba(table[["wind", "rain"]])[:, 1]
    assert (found.result, found.task, found.n, found.positive_label) == ("pass", "binary", 400, "1")
    assert found.features == ["wind", "rain", "day"]
    expected = {
        "accuracy": accuracy_score(table.late, scores >= 0.5),
        "recall": recall_score(table.late, scores >= 0.5),
        "f1": f1_score(table.late, scores >= 0.5),
        "roc_auc": roc_auc_score(table.late, scores),
        "log_loss": log_loss(table.late, scores),
    }
    assert {name: values(found)[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    for one in found.estimates.values():
        assert one.lower is not None
        assert one.value is not None
        assert one.upper is not None
        assert one.lower < one.value < one.upper


def test_metrics_are_estimated_as_they_are_asked_for(evaluate: Evaluate, trained: str) -> None:
    found = evaluate(
        trained, metrics="recall, fbeta(2), cost", thresholds="0.3, 0.7", costs="1 as 0 = 5, 0 as 1 = 1", slices="day"
    )
    table = frame()
    scores = joblib.load(trained).predict_proba(table[["wind", "rain"]])[:, 1]
    assert list(found.estimates) == [
        f"{name}{at}" for name in ("recall", "fbeta(2)", "cost") for at in ("", "@0.3", "@0.7")
    ]
    assert found.estimates["recall@0.3"].value == pytest.approx(recall_score(table.late, scores >= 0.3))
    missed, alarms = (table.late == 1) & (scores < 0.7), (table.late == 0) & (scores >= 0.7)
    assert found.estimates["cost@0.7"].value == pytest.approx(np.mean(5 * missed + alarms))
    assert set(found.slices[-1].estimates) == set(found.estimates)


def test_the_decision_threshold_and_the_positive_label_are_obeyed(evaluate: Evaluate, folder: Path) -> None:
    table = frame().assign(late=lambda table: table.late.map({0: "on time", 1: "late"}))
    write_table(table, "words.parquet")
    model = LogisticRegression().fit(table[["wind", "rain"]], table.late)
    joblib.dump(model, "words.joblib")
    found = evaluate("words.joblib", data="words.parquet", positive_label="late", decision_threshold=0.7)
    chosen = model.predict_proba(table[["wind", "rain"]])[:, list(model.classes_).index("late")] >= 0.7
    assert found.positive_label == "late"
    assert values(found)["recall"] == pytest.approx(recall_score(table.late == "late", chosen))


def test_a_regression_has_the_metrics_of_scikit_learn(evaluate: Evaluate, line: str) -> None:
    found = evaluate(line, target="wind")
    table = frame()
    predicted = joblib.load(line).predict(table[["rain"]])
    assert found.task == "regression"
    expected = {
        "mae": mean_absolute_error(table.wind, predicted),
        "rmse": root_mean_squared_error(table.wind, predicted),
    }
    assert {name: values(found)[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_a_multiclass_model_has_the_metrics_of_scikit_learn(evaluate: Evaluate, folder: Path) -> None:
    table = frame().assign(when=lambda table: np.digitize(table.wind, [-0.7, 0.7]).astype(str))
    write_table(table, "three.parquet")
    model = LogisticRegression().fit(table[["rain", "late"]], table.when)
    joblib.dump(model, "three.joblib")
    found = evaluate("three.joblib", data="three.parquet", target="when")
    scores = model.predict_proba(table[["rain", "late"]])
    assert found.task == "multiclass"
    expected = {
        "accuracy": accuracy_score(table.when, model.classes_[scores.argmax(axis=1)]),
        "log_loss": log_loss(table.when, scores),
        "roc_auc_ovr": roc_auc_score(table.when, scores, multi_class="ovr"),
    }
    assert {name: values(found)[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def test_a_model_sees_columns_with_the_types_of_training(evaluate: Evaluate, folder: Path) -> None:
    """Text with gaps, booleans and dates, as pandas reads them from a file."""
    table = frame().assign(
        carrier=lambda table: table.day.map(lambda day: [None, "AA", "UA", "DL"][day % 4]),
        night=lambda table: table.wind > 1,
        date=lambda table: pd.Timestamp("2013-01-01") + pd.to_timedelta(table.day, unit="D"),
    )
    write_table(table, "types.parquet")
    encoder = OneHotEncoder(handle_unknown="error")
    columns = ["carrier", "night"]
    joblib.dump(make_pipeline(encoder, LogisticRegression()).fit(table[columns], table.late), "types.joblib")
    found = evaluate("types.joblib", data="types.parquet")
    assert found.result == "pass"
    expected = joblib.load("types.joblib").predict_proba(table[columns])[:, 1]
    assert values(found)["roc_auc"] == pytest.approx(roc_auc_score(table.late, expected))


def test_the_champion_is_scored_on_the_same_rows(evaluate: Evaluate, trained: str, write_model: WriteModel) -> None:
    promote(trained)
    found = evaluate(write_model(GOOD, features=2), name="flights", registry="file:registry", cluster="day")
    assert found.reasons == []
    assert found.champion_sha256 == digest_path(trained)
    assert (found.champion_name, found.cluster) == ("@champion", ["day"])
    for name, difference in found.differences.items():
        assert difference.value == pytest.approx(values(found)[name] - (found.champion[name].value or 0))
    assert found.estimates["roc_auc"].clusters == 40


def test_the_champion_against_itself_differs_by_nothing(evaluate: Evaluate, trained: str) -> None:
    found = evaluate(trained, champion=trained)
    assert {one.value for one in found.differences.values()} == {0.0}
    assert len(found.differences) == len(found.estimates)


def test_a_first_model_needs_no_champion(evaluate: Evaluate, trained: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "mlops_actions"):
        found = evaluate(trained, name="flights", registry="file:registry")
    assert "No champion yet (@champion): the candidate is evaluated alone." in caplog.messages
    assert (found.result, found.champion_sha256, found.champion, found.differences) == ("pass", None, {}, {})


def test_a_champion_that_cannot_be_scored_leaves_the_result_open(
    evaluate: Evaluate, trained: str, write_model: WriteModel
) -> None:
    broken = write_model("def predict_proba(self, X): raise KeyError('gone')", "champion.pkl")
    found = evaluate(trained, champion=broken)
    assert found.result == "inconclusive"
    assert [(one.code, one.message) for one in found.reasons] == [
        ("champion-not-scored", "The champion raised KeyError: 'gone'.")
    ]
    assert found.estimates
    assert not found.differences


def test_the_champion_has_its_own_interpreter(evaluate: Evaluate, trained: str, write_model: WriteModel) -> None:
    champion = write_model(GOOD, "champion.pkl")
    with pytest.raises(InputError, match="champion-python: the interpreter 'old-python' does not exist"):
        evaluate(trained, champion=champion, champion_python="old-python")
    assert evaluate(trained, champion=champion, champion_python=sys.executable).differences


def test_a_model_without_probabilities_has_the_metrics_of_labels(evaluate: Evaluate, write_model: WriteModel) -> None:
    model = write_model("def predict(self, X): return (X[:, 0] > 0).astype(int)")
    found = evaluate(model)
    assert found.result == "pass"
    assert "recall" in found.estimates
    assert "roc_auc" not in found.estimates
    asked = evaluate(model, metrics="recall, roc_auc")
    assert (asked.result, [one.code for one in asked.reasons]) == ("inconclusive", ["metric-missing"])


def test_a_champion_without_probabilities_is_compared_by_labels(
    evaluate: Evaluate, trained: str, write_model: WriteModel
) -> None:
    champion = write_model("def predict(self, X): return (X[:, 0] > 0).astype(int)", "champion.pkl")
    found = evaluate(trained, champion=champion, slices="day")
    assert "roc_auc" in found.estimates
    assert "roc_auc" not in found.differences
    assert "recall" in found.differences


def test_slices_hold_every_value_and_the_pool_of_the_small_ones(evaluate: Evaluate, trained: str) -> None:
    table = frame()
    table["origin"] = np.select([table.index < 200, table.index < 340, table.index < 370], ["A", "B", "C"], "D")
    table["origin"] = table.origin.where(table.index < 385)
    write_table(table, "origins.parquet")
    found = evaluate(trained, data="origins.parquet", slices="origin", minimum_count=50)
    assert [(one.column, one.value, one.n) for one in found.slices] == [
        ("origin", "A", 200),
        ("origin", "B", 140),
        ("origin", "C", 30),
        ("origin", "D", 15),
        ("origin", "(missing)", 15),
        ("origin", "(other)", 60),
    ]
    chosen = joblib.load(trained).predict(table[["wind", "rain"]])
    pool = table.index >= 340
    other = found.slices[-1]
    assert other.estimates["accuracy"].value == pytest.approx(accuracy_score(table.late[pool], chosen[pool]))
    assert other.estimates["accuracy"].n == 60
    assert found.minimum_count == 50


def test_a_slice_that_is_small_only_for_recall_is_pooled_only_there(evaluate: Evaluate, trained: str) -> None:
    table = frame()
    table["late"] = np.where(table.index < 200, table.late, (table.index % 20 == 0).astype(int))
    table["half"] = table.index >= 200
    write_table(table, "halves.parquet")
    found = evaluate(trained, data="halves.parquet", slices="half", metrics="recall, accuracy", minimum_count=50)
    (_, second, other) = found.slices
    assert (second.value, second.estimates["recall"].n, second.estimates["accuracy"].n) == ("true", 10, 200)
    assert (other.value, list(other.estimates)) == ("(other)", ["recall"])


def test_few_clusters_leave_the_result_open(evaluate: Evaluate, trained: str) -> None:
    table = frame()
    write_table(table.assign(month=table.day % 3), "months.parquet")
    found = evaluate(trained, data="months.parquet", cluster="month")
    assert (found.result, [one.code for one in found.reasons]) == ("inconclusive", ["nothing-estimated"])
    assert found.reasons[0].message == "The rows are fewer than 6 effective clusters: no metric can carry a decision."


def test_weights_change_the_numbers(evaluate: Evaluate, trained: str) -> None:
    table = frame()
    table["weight"] = 1.0 + table.day % 3
    write_table(table, "weighted.parquet")
    found = evaluate(trained, data="weighted.parquet", weights="weight")
    chosen = joblib.load(trained).predict(table[["wind", "rain"]])
    assert values(found)["accuracy"] == pytest.approx(accuracy_score(table.late, chosen, sample_weight=table.weight))
    assert "weight" not in found.features


def test_text_files_hold_the_same_rows(evaluate: Evaluate, trained: str) -> None:
    frame().to_csv("test.csv", index=False)
    assert values(evaluate(trained, data="test.csv")) == pytest.approx(values(evaluate(trained)))


def test_single_rows_are_timed_and_the_level_is_stated(evaluate: Evaluate, trained: str) -> None:
    found = evaluate(trained)
    assert found.timing is not None
    assert found.timing.latency_p95_ms is not None
    assert 0 < found.timing.latency_p95_ms < 1000
    told = [found.timing.latency_p50_ms, found.timing.latency_p95_ms, found.timing.latency_p99_ms]
    assert told == sorted(one for one in told if one is not None)
    batches = [found.timing.batch_p50_ms, found.timing.batch_p95_ms, found.timing.batch_p99_ms]
    assert all(one is not None and one > 0 for one in batches)
    assert found.timing.peak_memory_bytes is not None
    assert 20e6 < found.timing.peak_memory_bytes < 2e9  # Python, numpy, pandas and scikit-learn
    assert (found.isolation, found.isolation_means) == ("process", "a process without environment and capabilities")
    assert found.size_bytes == Path(trained).stat().st_size


def test_rows_of_a_day_make_a_warning_and_its_advice_can_be_followed(evaluate: Evaluate, trained: str) -> None:
    generator, table = np.random.default_rng(5), frame()
    day = np.arange(len(table)) // 10
    moments = pd.Timestamp("2013-09-01 06:00") + pd.to_timedelta(day * 24 + np.arange(len(table)) % 10, unit="h")
    # On one day of four the wind works the other way round.
    table["late"] = (table.wind * np.where(day % 4, 1, -1) + generator.normal(size=len(table)) > 0).astype(int)
    write_table(table.assign(departure=moments), "test.parquet")
    given = {"features": "wind, rain"}
    alone = evaluate(trained, **given)
    (reason,) = alone.reasons
    assert (alone.result, reason.code, reason.warning) == ("pass", "rows-dependent", True)
    assert "Add `cluster: departure.date`." in reason.message
    clustered = evaluate(trained, **given, cluster="departure.date")
    assert (clustered.result, clustered.reasons, clustered.dependence) == ("pass", [], [])
    assert clustered.estimates["log_loss"].clusters == 40
    before, after = (one.estimates["log_loss"].se for one in (alone, clustered))
    assert before is not None
    assert after is not None
    assert np.sqrt(alone.dependence[0].design_effect) == pytest.approx(after / before, rel=0.1)


def test_a_long_run_says_how_far_it_is(
    evaluate: Evaluate, trained: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(exchange, "BATCH_ROWS", 150)
    monkeypatch.setattr(exchange, "PROGRESS_SECONDS", 0.0)
    evaluate(trained)
    told = [message for message in caplog.messages if "rows scored" in message]
    assert told == [f"{done} of 400 rows scored with the model." for done in (150, 300, 400)]
    assert not any("|" in message for message in caplog.messages)
