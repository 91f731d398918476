"""Slices and protected groups, from a table's columns to the statement and the gate."""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model import action
from mlops_actions.evaluate_model.action import Inputs
from mlops_actions.evidence import EvidenceStore
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.quality_gate.action import Inputs as GateInputs
from mlops_actions.quality_gate.action import run as gate

from .conftest import Evaluate, frame, write_table


@pytest.fixture
def flights(folder: Path) -> pd.DataFrame:
    """test.parquet with more to slice by: groups that meet on every day, miles with gaps, and times."""
    generator = np.random.default_rng(1)
    table = frame(2000)
    table["sex"] = generator.choice(["f", "m"], 2000)
    table["race"] = generator.choice(["a", "b", "c"], 2000)
    table["home town"] = generator.choice(["x, y", "z"], 2000)
    table["miles"] = np.where(generator.random(2000) < 0.1, np.nan, generator.gamma(2, 300, 2000).round())
    table["time"] = pd.Timestamp("2013-01-01") + pd.to_timedelta(generator.integers(0, 365 * 24, 2000), "h")
    write_table(table, "test.parquet")
    return table


FEATURES = "wind, rain"
SLICES = 'sex & miles[4], miles[300, 600], miles.missing, time.month, "home town"'


def test_every_kind_of_slice_has_its_rows(evaluate: Evaluate, flights: pd.DataFrame, trained: str) -> None:
    found = evaluate(trained, slices=SLICES, features=FEATURES)
    columns = list(dict.fromkeys(one.column for one in found.slices))
    assert columns == ["sex & miles[4]", "miles[300, 600]", "miles.missing", "time.month", '"home town"']
    rows = {(one.column, one.value): one for one in found.slices}
    june = flights[flights.time.dt.month == 6]
    chosen = np.asarray(joblib.load(trained).predict(june[["wind", "rain"]]))
    assert rows["time.month", "6"].n == len(june)
    assert rows["time.month", "6"].estimates["recall"].value == pytest.approx(recall_score(june.late, chosen))
    assert rows["miles[300, 600]", "[300, 600)"].n == flights.miles.between(300, 600, inclusive="left").sum()
    assert rows["miles.missing", "true"].n == flights.miles.isna().sum()
    assert rows['"home town"', "x, y"].n == (flights["home town"] == "x, y").sum()
    crossed = [one for one in found.slices if one.column == "sex & miles[4]"]
    assert sum(one.n for one in crossed) == 2000
    assert crossed[0].cross == {"sex": "f", "miles[4]": crossed[0].value.partition(" & ")[2]}


def test_protected_groups_are_compared_and_judged(flights: pd.DataFrame, trained: str) -> None:
    inputs = {"model": trained, "data": "test.parquet", "target": "late", "isolation": "none", "features": FEATURES}
    inputs["python"] = sys.executable
    statement = action.run(Inputs.model_validate({**inputs, "cluster": "day", "protected": "sex, sex & race"}))
    found = statement.predicate
    assert found.protected == ["sex", "sex & race"]
    compared = {one.metric for one in found.fairness if one.column == "sex & race"}
    assert compared == set(found.estimates) >= {"selection_rate", "recall", "false_positive_rate", "precision"}
    assert {len(one.groups) for one in found.fairness} == {2, 6}
    EvidenceStore("mlops-evidence").write(statement)
    rules = """
        abs(equalized_odds[sex]) <= 0.2
        abs(gap(calibration_in_the_large[sex & race])) <= 0.5
        disparate_impact[sex] >= 0.5
        forbid abs(predictive_parity[sex & race]) > 0.5
        recall[(sex & race) == "f & a"] > 0.2
        recall[sex] > 0.2
    """
    verdict = gate(GateInputs(rules=rules)).predicate
    assert verdict.result == "pass", [reason.message for reason in verdict.reasons]


def test_a_regression_compares_errors(evaluate: Evaluate, flights: pd.DataFrame, line: str) -> None:
    found = evaluate(line, target="wind", features="rain", task="regression", protected="sex")
    assert {"mean_error", "mae"} <= {one.metric for one in found.fairness}
    gap = next(one.gap for one in found.fairness if one.metric == "mae")
    assert gap is not None


def test_protection_adds_metrics_to_those_asked_for(evaluate: Evaluate, flights: pd.DataFrame, trained: str) -> None:
    found: Evaluation = evaluate(trained, protected="sex", metrics="roc_auc", features=FEATURES)
    assert list(found.estimates) == [
        "roc_auc", "selection_rate", "recall", "false_positive_rate", "precision", "calibration_in_the_large"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"slices": "sexx & race"}, "slices: 'test.parquet' has no column 'sexx'. Did you mean 'sex'?"),
        ({"protected": "race[3]"}, "protected: `race[3]`: 'race' holds no numbers."),
        ({"protected": "miles"}, None),
        ({"slices": "sex && race"}, None),
    ],
)
def test_what_cannot_be_cut_is_refused_before_a_model_runs(
    evaluate: Evaluate, flights: pd.DataFrame, inputs: dict[str, str], message: str | None
) -> None:
    Path("never.pkl").write_bytes(b"no model")
    with pytest.raises(InputError) as refused:
        evaluate("never.pkl", features=FEATURES, **inputs)
    role = next(iter(inputs))
    assert str(refused.value) == message if message else str(refused.value).startswith(f"{role}: `")
