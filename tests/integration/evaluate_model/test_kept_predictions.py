"""A champion that was evaluated on the same rows does not run again: what it predicted is in the registry."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mlops_actions.evaluate_model.scoring import kept_predictions
from mlops_actions.evidence import digest_path
from mlops_actions.registries import open_registry

from .conftest import Evaluate, WriteModel, frame, promote, write_table

REGISTERED = {"name": "flights", "registry": "file:registry"}
READ = "The champion's predictions of these rows are kept in the registry: it does not run again."


@pytest.fixture
def champion(evaluate: Evaluate, trained: str) -> str:
    """The champion, evaluated and promoted."""
    evaluate(trained, **REGISTERED)
    promote(trained)
    return trained


@pytest.fixture
def other(folder: Path) -> str:
    """A weaker candidate."""
    table = frame()
    joblib.dump(LogisticRegression().fit(table[["rain", "wind"]] ** 2, table.late), "other.joblib")
    return "other.joblib"


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def kept() -> list[Path]:
    return [path for path in Path("registry/models").rglob("predictions/*/*/*") if path.is_file()]


def test_kept_predictions_are_those_that_the_champion_would_make(
    evaluate: Evaluate, champion: str, other: str, told: pytest.LogCaptureFixture
) -> None:
    read = evaluate(other, **REGISTERED)
    assert READ in told.messages
    told.clear()
    ran = evaluate(other, champion=champion)
    assert READ not in told.messages
    assert read.champion == ran.champion
    assert read.differences == ran.differences
    material = next(one for one in read.materials if one.name == "predictions")
    assert material.uri is not None
    assert digest_path(material.uri.removeprefix("file:")) == material.digest["sha256"]


def test_a_champion_that_cannot_run_any_more_is_still_compared(
    evaluate: Evaluate, write_model: WriteModel, trained: str, folder: Path
) -> None:
    """It can be loaded once only."""
    body = f"""
    def __init__(self):
        open({str(folder / "ran")!r}, "x").close()
    def predict(self, rows):
        return (numpy.asarray(rows)[:, 0] > 0).astype(int)
    """
    given = {"features": ["wind", "rain"], "isolation": "none", **REGISTERED}
    evaluate(write_model(body, "champion.pkl", features=2), **given)
    promote("champion.pkl")
    assert evaluate(trained, **given).differences["accuracy"].value is not None
    assert evaluate(trained, champion_python=sys.executable, **given).reasons[0].code == "champion-not-scored"


def test_labels_and_numbers_come_back_as_they_were(
    evaluate: Evaluate, line: str, told: pytest.LogCaptureFixture
) -> None:
    numbers = {"target": "wind", "features": ["rain"]}
    alone = evaluate(line, **numbers, **REGISTERED)
    promote(line)
    table = frame()
    joblib.dump(LogisticRegression().fit(table[["rain"]], table.late), "labels.joblib")
    assert evaluate("labels.joblib", **numbers, **REGISTERED).champion == alone.estimates
    assert READ in told.messages


@pytest.mark.parametrize("change", ["rows", "order", "columns", "interpreter"])
def test_another_question_is_not_answered_by_them(
    change: str, evaluate: Evaluate, champion: str, other: str, told: pytest.LogCaptureFixture
) -> None:
    write_table(frame(399), "rows.parquet")
    write_table(frame().sample(frac=1, random_state=0, ignore_index=True), "order.parquet")
    asked: dict[str, dict[str, object]] = {
        "rows": {"data": "rows.parquet"},
        "order": {"data": "order.parquet"},
        "columns": {"features": ["wind", "rain"]},
        "interpreter": {"champion_python": sys.executable},
    }
    assert evaluate(other, **REGISTERED, **asked[change]).differences
    assert READ not in told.messages


def test_a_weaker_isolation_does_not_do_for_a_stronger_one(
    evaluate: Evaluate, trained: str, other: str, told: pytest.LogCaptureFixture
) -> None:
    evaluate(trained, isolation="none", **REGISTERED)
    promote(trained)
    evaluate(other, isolation="process", **REGISTERED)
    assert READ not in told.messages
    evaluate(trained, isolation="process", **REGISTERED)
    told.clear()
    evaluate(other, isolation="none", **REGISTERED)
    assert READ in told.messages


def test_damaged_ones_are_told_and_the_champion_runs(
    evaluate: Evaluate, champion: str, other: str, told: pytest.LogCaptureFixture
) -> None:
    (path,) = kept()
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert evaluate(other, **REGISTERED).differences
    key = path.relative_to("registry/models/flights")
    assert f"The predictions that are kept at {key} are damaged: delete that object of the registry." in told.messages
    assert READ not in told.messages


def test_only_the_models_own_evaluation_leaves_them(evaluate: Evaluate, trained: str, other: str) -> None:
    promote(trained)
    assert evaluate(other, **REGISTERED).differences
    assert {path.parts[-3] for path in kept()} == {digest_path(other)}


@pytest.mark.parametrize("given", [{"keep_predictions": False}, {"name": None, "champion": "good.joblib"}])
def test_nothing_is_kept_where_that_is_not_wanted_or_there_is_no_name(
    given: dict[str, object], evaluate: Evaluate, trained: str
) -> None:
    evaluate(trained, **{**REGISTERED, **given})
    assert not Path("registry").exists()


def test_a_registry_that_refuses_does_not_stop_an_evaluation(
    evaluate: Evaluate, champion: str, other: str, told: pytest.LogCaptureFixture
) -> None:
    """A file where the folder would be refuses root too."""
    in_the_way = open_registry("file:registry")
    assert in_the_way.attach("flights", f"predictions/{digest_path(other)}", b"")
    assert evaluate(other, **REGISTERED).result == "pass"
    assert "Predictions not kept: the registry 'file:registry' cannot be written: " in told.text


def test_a_great_many_are_not_kept(
    evaluate: Evaluate, trained: str, monkeypatch: pytest.MonkeyPatch, told: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kept_predictions, "MOST_BYTES", np.dtype(float).itemsize * 2 * 400 - 1)
    evaluate(trained, **REGISTERED)
    assert "Predictions not kept: 0 MB are more than 0." in told.messages
    assert not Path("registry").exists()
