"""Besides the champion: an older model, no model at all, and what the model itself once reached."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Provenance, Statement, digest_path
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.registries import open_registry

from .conftest import Evaluate, frame, promote, write_table

REGISTERED = {"name": "flights", "registry": "file:registry"}


def keep(evaluation: Evaluation, model: str, day: int = 1) -> None:
    """Keep an evaluation beside the model in the registry, as a promotion does."""
    moment = datetime(2026, 1, day, tzinfo=UTC)
    stated = evaluation.model_copy(update={"provenance": Provenance(tool="0.1.0", started=moment, finished=moment)})
    store = EvidenceStore(f"kept-{day}")
    store.write(Statement(model, digest_path(model), stated))
    open_registry("file:registry").keep("flights", digest_path(model), store.find(Evaluation))


def test_every_model_is_measured_against_none(evaluate: Evaluate, trained: str) -> None:
    found = evaluate(trained)
    baseline, truth = found.references["baseline"], frame().late
    dummy = DummyClassifier(strategy="prior").fit(frame()[["wind"]], truth)
    assert (baseline.name, baseline.sha256) == ("majority class of the test set", None)
    assert baseline.estimates["accuracy"].value == accuracy_score(truth, dummy.predict(frame()[["wind"]]))
    prior = dummy.predict_proba(frame()[["wind"]])[:, 1]
    assert baseline.estimates["brier"].value == pytest.approx(brier_score_loss(truth, prior))
    for metric in ("accuracy", "brier", "roc_auc"):
        ours, theirs = found.estimates[metric].value, baseline.estimates[metric].value
        assert ours is not None
        assert theirs is not None
        assert baseline.differences[metric].value == pytest.approx(ours - theirs)
    lower = baseline.differences["roc_auc"].lower
    assert lower is not None
    assert lower > 0.2


def test_an_anchor_is_paired_like_the_champion(evaluate: Evaluate, trained: str, folder: Path) -> None:
    table = frame()
    joblib.dump(LogisticRegression().fit(table[["rain", "day"]], table.late), "old.joblib")
    promote("old.joblib")
    promote(trained)
    found = evaluate(trained, anchor="flights:1", **REGISTERED)
    anchor, as_champion = found.references["anchor"], evaluate(trained, champion="old.joblib")
    assert (anchor.name, anchor.sha256) == ("flights:1", digest_path("old.joblib"))
    assert anchor.estimates == as_champion.champion
    assert anchor.differences == as_champion.differences
    assert {one.name: one.digest["sha256"] for one in found.materials}["anchor"] == digest_path("old.joblib")


def test_an_anchor_that_is_not_there_is_a_wrong_input(evaluate: Evaluate, trained: str) -> None:
    promote(trained)
    with pytest.raises(InputError, match="'flights' has no version 7 in the registry 'file:registry'"):
        evaluate(trained, anchor="flights:7", **REGISTERED)


def test_the_order_of_rows_is_in_the_statement(evaluate: Evaluate, trained: str) -> None:
    first = evaluate(trained).row_order
    write_table(frame().sample(frac=1, random_state=0, ignore_index=True), "turned.parquet")
    assert first == evaluate(trained).row_order
    assert first != evaluate(trained, data="turned.parquet").row_order


def test_a_deployed_model_on_worse_days_is_shown_to_have_degraded(evaluate: Evaluate, trained: str) -> None:
    promote(trained)
    keep(evaluate(trained), trained)
    noise = np.random.default_rng(1).integers(0, 2, size=400)
    write_table(frame().assign(late=noise), "fresh.parquet")
    found = evaluate("flights@champion", data="fresh.parquet", **REGISTERED)
    own = found.references["recorded"]
    assert (own.name, own.sha256) == ("own evaluation of 2026-01-01", digest_path(trained))
    assert own.differences["accuracy"].method == "independent"
    assert found.degraded is True
    told = next(one for one in found.reasons if one.code == "degraded")
    assert told.warning
    assert told.message.startswith(
        "The model is worse than at its promotion: accuracy 0.6975 → 0.5325, balanced_accuracy 0.6969 → 0.5331, "
    )
    assert found.result == "pass"


def test_a_deployed_model_on_days_like_those_has_not(evaluate: Evaluate, trained: str) -> None:
    promote(trained)
    keep(evaluate(trained, metrics="accuracy, roc_auc"), trained)
    generator = np.random.default_rng(11)
    fresh = frame().assign(wind=generator.normal(size=400))
    fresh["late"] = (fresh.wind + generator.normal(size=400) > 0).astype(int)
    write_table(fresh, "fresh.parquet")
    assert evaluate("flights@champion", data="fresh.parquet", **REGISTERED).degraded is False
    few = evaluate("flights@champion", data="fresh.parquet", cluster="day", **REGISTERED)
    assert few.degraded is False
    write_table(fresh.assign(day=fresh.day % 4), "few.parquet")
    assert evaluate("flights@champion", data="few.parquet", cluster="day", **REGISTERED).degraded is None


def test_the_first_promotion_counts_so_that_small_steps_add_up(evaluate: Evaluate, trained: str) -> None:
    promote(trained)
    keep(evaluate(trained), trained, day=2)
    write_table(frame(100), "later.parquet")
    keep(evaluate(trained, data="later.parquet"), trained, day=3)
    write_table(frame(150), "fresh.parquet")
    found = evaluate("flights@champion", data="fresh.parquet", **REGISTERED)
    assert found.references["recorded"].name == "own evaluation of 2026-01-02"


def test_the_very_data_of_the_promotion_tell_nothing(
    evaluate: Evaluate, trained: str, caplog: pytest.LogCaptureFixture
) -> None:
    promote(trained)
    keep(evaluate(trained), trained)
    with caplog.at_level("INFO", "mlops_actions"):
        found = evaluate("flights@champion", **REGISTERED)
    assert "The evaluation at promotion was on the same data: it cannot tell whether the model degraded." in (
        caplog.messages
    )
    assert (found.degraded, found.references["recorded"].differences) == (None, {})


def test_a_model_that_was_never_promoted_has_no_record(evaluate: Evaluate, trained: str) -> None:
    found = evaluate(trained, **REGISTERED)
    assert (found.degraded, set(found.references)) == (None, {"baseline"})
