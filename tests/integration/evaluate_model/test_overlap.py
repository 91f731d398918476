"""A model that was trained on what it is evaluated on is found, as far as its training was recorded."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd
import pytest

from mlops_actions.evaluate_model.action import Inputs, run
from mlops_actions.evaluate_model.measuring import large
from mlops_actions.evidence import EvidenceStore, Material, Statement, digest_path
from mlops_actions.evidence.training import Training

from .conftest import Evaluate, frame, write_table


def record(model: str, data: str) -> None:
    """State that the model was trained on a file."""
    read = Material(name="data", uri=data, digest={"sha256": digest_path(data)})
    training = Training(result="pass", materials=[read], command=["python", "train.py"], exit_code=0, seconds=1.0)
    EvidenceStore("mlops-evidence").write(Statement(model, digest_path(model), training))


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def test_a_model_that_was_trained_on_this_very_data_fails(evaluate: Evaluate, trained: str) -> None:
    record(trained, "test.parquet")
    found = evaluate(trained)
    assert (found.result, found.estimates) == ("fail", {})
    assert [(one.code, one.message) for one in found.reasons] == [
        (
            "trained-on-test-data",
            "The model was trained on this very data ('test.parquet' has the same SHA-256): "
            "how it does on new rows cannot be told from it.",
        )
    ]


def test_so_does_one_whose_predictions_are_too_many_to_be_read(trained: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "MOST_ROWS", 100)
    write_table(frame().assign(probability=0.5), "rows.parquet")
    record(trained, "rows.parquet")
    given = {"model": trained, "data": "rows.parquet", "predictions": "rows.parquet", "target": "late"}
    found = run(Inputs.model_validate(given)).predicate
    assert (found.result, [one.code for one in found.reasons]) == ("fail", ["trained-on-test-data"])


def test_rows_that_are_in_the_training_data_are_counted(evaluate: Evaluate, trained: str) -> None:
    """Of other columns and in another order."""
    both = pd.concat([frame(500).tail(100), frame().head(30)]).sample(frac=1, random_state=0, ignore_index=True)
    write_table(both[["late", "rain", "day", "wind"]].assign(more=1), "train.parquet")
    record(trained, "train.parquet")
    found = evaluate(trained)
    warning = next(one for one in found.reasons if one.code == "rows-of-training-data")
    assert warning.message == (
        "30 of 400 rows (7.5 %) have the same features as a row of 'train.parquet', which the model was trained on: "
        "what it scores may be too good. Warned from 1 %; within the test set itself 0.0 % of the rows have a twin."
    )
    assert (warning.warning, found.result) == (True, "pass")


def test_few_shared_rows_are_told_in_the_log(evaluate: Evaluate, trained: str, told: pytest.LogCaptureFixture) -> None:
    write_table(frame().head(3), "train.parquet")
    record(trained, "train.parquet")
    assert "rows-of-training-data" not in [one.code for one in evaluate(trained).reasons]
    assert (
        "3 of 400 rows (0.8 %) have the same features as a row of 'train.parquet', which the model was trained on."
        in told.messages
    )


@pytest.mark.parametrize("why", ["gone", "changed", "typed"])
def test_what_cannot_be_known_is_said(
    why: str, evaluate: Evaluate, trained: str, told: pytest.LogCaptureFixture
) -> None:
    write_table(frame().astype({"day": str}) if why == "typed" else frame().head(99), "train.parquet")
    record(trained, "train.parquet")
    if why == "gone":
        Path("train.parquet").unlink()
    if why == "changed":
        write_table(frame().head(98), "train.parquet")
    assert evaluate(trained).result == "pass"
    said = {
        "gone": "",
        "changed": "what lies there is not what was recorded.",
        "typed": "it has no column 'day' of the same type.",
    }
    unknown = "Whether the training data 'train.parquet' shares rows with the test set is not known: "
    assert f"{unknown}{said[why]}" in told.text


def test_without_a_training_statement_that_is_said(
    evaluate: Evaluate, trained: str, told: pytest.LogCaptureFixture
) -> None:
    evaluate(trained)
    assert "No training statement of the model in mlops-evidence: nobody knows whether it saw these rows." in (
        told.messages
    )


@pytest.mark.parametrize("way", ["predictions", "large"])
def test_rows_are_counted_for_predictions_too(way: str, trained: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the columns that both tables have; of those that are too many to be read, in a sample."""
    monkeypatch.setattr(large, "MOST_ROWS", 100 if way == "large" else 10**6)
    write_table(frame().assign(probability=0.5), "rows.parquet")
    write_table(frame().head(30)[["rain", "wind", "late"]], "train.parquet")
    record(trained, "train.parquet")
    given = {
        "model": trained,
        "data": "rows.parquet",
        "predictions": "rows.parquet",
        "target": "late",
        "cluster": "day",
    }
    found = run(Inputs.model_validate(given)).predicate
    assert ("reduction" in found.model_dump(exclude_none=True)) == (way == "large")
    (warning,) = [one for one in found.reasons if one.code == "rows-of-training-data"]
    rows, whole = ("sampled rows", "sample") if way == "large" else ("rows", "test set")
    assert warning.message == (
        f"30 of 400 {rows} (7.5 %) have the same features as a row of 'train.parquet', which the model was trained on: "
        f"what it scores may be too good. Warned from 1 %; within the {whole} itself 0.0 % of the rows have a twin."
    )


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (["late", "wind2"], "the two have no column in common."),
        (["hour"], "the columns that both have, hour, do not tell rows apart."),
    ],
)
def test_predictions_without_columns_to_tell_rows_by(
    trained: str, told: pytest.LogCaptureFixture, columns: list[str], why: str
) -> None:
    table = frame().assign(hour=frame().index % 24, wind2=1.5)
    write_table(table[["late", "hour"]].assign(probability=0.5), "rows.parquet")
    write_table(table[columns], "train.parquet")
    record(trained, "train.parquet")
    given = {"model": trained, "data": "rows.parquet", "predictions": "rows.parquet", "target": "late"}
    assert "rows-of-training-data" not in [one.code for one in run(Inputs.model_validate(given)).predicate.reasons]
    unknown = "Whether the training data 'train.parquet' shares rows with the test set is not known: "
    assert f"{unknown}{why}" in told.messages


def test_the_baseline_is_that_of_the_training_labels(evaluate: Evaluate, trained: str) -> None:
    write_table(frame(500).tail(100).assign(late=[1] * 75 + [0] * 25), "train.parquet")
    record(trained, "train.parquet")
    baseline = evaluate(trained, latency_repeats=0).references["baseline"]
    late = frame().late
    assert baseline.name == "majority class of the training data"
    assert baseline.estimates["accuracy"].value == pytest.approx(late.mean())
    assert baseline.estimates["brier"].value == pytest.approx(((late - 0.75) ** 2).mean())


def test_without_labels_in_the_training_data_it_is_that_of_the_test_set(
    evaluate: Evaluate, trained: str, told: pytest.LogCaptureFixture
) -> None:
    write_table(frame(500).tail(100).drop(columns="late"), "train.parquet")
    record(trained, "train.parquet")
    assert evaluate(trained, latency_repeats=0).references["baseline"].name == "majority class of the test set"
    assert (
        "The labels of the training data 'train.parquet' are not known: the baseline is that of the test set."
        in told.messages
    )
