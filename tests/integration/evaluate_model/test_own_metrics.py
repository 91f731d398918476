"""A user's own metric: estimated from its number a row, in a sandbox that holds no model."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import jaccard_score

from mlops_actions.evidence import EvidenceStore, Statement, digest_path
from mlops_actions.quality_gate.action import Inputs as GateInputs
from mlops_actions.quality_gate.action import run as gate

from .conftest import PROFIT, Evaluate, frame, write_metric, write_table


def predicted(model: str) -> pd.Series:
    return pd.Series(joblib.load(model).predict(frame()[["wind", "rain"]]))


def profits(model: str) -> pd.Series:
    prediction = predicted(model)
    return 5 * (frame().late * prediction) - 2 * prediction


@pytest.fixture
def weaker(folder: Path) -> str:
    """A model that looks at rain first."""
    table = frame()
    joblib.dump(LogisticRegression().fit(table[["wind", "rain"]], table.rain + table.wind > 0.5), "weaker.joblib")
    return "weaker.joblib"


@pytest.fixture
def evaluate(evaluate: Evaluate) -> Evaluate:
    """Without the calls that measure latency."""
    return partial(evaluate, latency_repeats=0)


class TestEstimated:
    def test_the_mean_of_its_number_a_row_with_the_error_of_clusters(self, evaluate: Evaluate, trained: str) -> None:
        write_metric(PROFIT)
        found = evaluate(trained, metrics="all, my_metrics:profit", cluster="day")
        rows = profits(trained)
        one = found.estimates["profit"]
        assert found.result == "pass"
        assert one.value == pytest.approx(rows.mean())
        # Forty days of ten rows: their means are as good as forty independent numbers.
        assert one.se == pytest.approx(rows.groupby(frame().day).mean().sem(), rel=1e-6)
        assert (one.n, one.clusters, one.method) == (400, 40, "mean")
        assert "roc_auc" in found.estimates

    def test_paired_with_the_champion_and_with_no_model_at_all(
        self, evaluate: Evaluate, trained: str, weaker: str
    ) -> None:
        write_metric(PROFIT)
        found = evaluate(trained, metrics="my_metrics:profit", champion=weaker, anchor=weaker)
        difference = profits(trained) - profits(weaker).astype(int)
        assert found.differences["profit"].value == pytest.approx(difference.mean())
        assert found.differences["profit"].se == pytest.approx(difference.sem(), rel=1e-6)
        assert found.references["anchor"].differences["profit"] == found.differences["profit"]
        always = 5 * frame().late - 2 if frame().late.mean() > 0.5 else 0 * frame().late
        assert found.references["baseline"].estimates["profit"].value == pytest.approx(always.mean())

    def test_in_slices(self, evaluate: Evaluate, trained: str) -> None:
        write_metric(PROFIT)
        found = evaluate(trained, metrics="my_metrics:profit", slices="rain[2]", features="wind, rain")
        means = profits(trained).groupby(frame().rain < float(found.slices[0].value.removeprefix("< "))).mean()
        assert [one.estimates["profit"].value for one in found.slices] == pytest.approx([means[True], means[False]])

    def test_weighted(self, evaluate: Evaluate, trained: str) -> None:
        write_metric(PROFIT)
        write_table(frame().assign(weight=frame().index % 3), "weighted.parquet")
        found = evaluate(trained, data="weighted.parquet", metrics="my_metrics:profit", weights="weight")
        assert found.estimates["profit"].value == pytest.approx(np.average(profits(trained), weights=frame().index % 3))

    def test_a_share_where_each_row_is_zero_or_one(self, evaluate: Evaluate, trained: str) -> None:
        write_metric("def hit(truth, prediction): return truth == prediction")
        found = evaluate(trained, metrics="accuracy, my_metrics:hit")
        hit, accuracy = found.estimates["hit"], found.estimates["accuracy"]
        assert (hit.value, hit.lower, hit.upper) == pytest.approx((accuracy.value, accuracy.lower, accuracy.upper))
        assert hit.method == "wilson"

    def test_its_code_is_among_the_materials(self, evaluate: Evaluate, trained: str) -> None:
        write_metric(PROFIT)
        found = evaluate(trained, metrics="my_metrics:profit")
        (code,) = [one for one in found.materials if one.name == "metric"]
        assert (code.uri, code.digest) == ("my_metrics:profit", {"sha256": digest_path("my_metrics.py")})


class TestGiven:
    """What the function's parameters are."""

    def test_a_column_that_is_named(self, evaluate: Evaluate, trained: str) -> None:
        write_metric("def gust(truth, probability, rain): return probability * rain")
        found = evaluate(trained, metrics="my_metrics:gust(rain)")
        probability = joblib.load(trained).predict_proba(frame()[["wind", "rain"]])[:, 1]
        assert found.estimates["gust"].value == pytest.approx((probability * frame().rain).mean())

    def test_labels_as_the_data_has_them(self, evaluate: Evaluate, folder: Path) -> None:
        write_metric(
            """
            def told(truth, prediction, classes, weights=None):
                assert weights is None and list(classes) == ["no", "yes"]
                return (truth == "yes") & (prediction == "no")
            """
        )
        write_table(frame().assign(late=np.where(frame().late, "yes", "no")), "words.parquet")
        write_table(pd.DataFrame({"prediction": ["no"] * 400}), "p.parquet")
        found = evaluate(
            model=None, predictions="p.parquet", data="words.parquet", positive_label="yes", metrics="my_metrics:told"
        )
        assert found.estimates["told"].value == pytest.approx(frame().late.mean())

    def test_numbers_of_a_regression(self, evaluate: Evaluate, line: str) -> None:
        write_metric("def asymmetric(y_true, y_pred): return numpy.maximum(3 * (y_true - y_pred), y_pred - y_true)")
        found = evaluate(line, target="wind", features="rain", metrics="mae, my_metrics:asymmetric")
        off = frame().wind - LinearRegression().fit(frame()[["rain"]], frame().wind).predict(frame()[["rain"]])
        assert found.estimates["asymmetric"].value == pytest.approx(np.maximum(3 * off, -off).mean())

    def test_probabilities_of_each_class(self, evaluate: Evaluate, folder: Path) -> None:
        write_metric("def sure(truth, probability): return probability.max(axis=1)")
        table = frame().assign(when=lambda table: np.digitize(table.wind, [-0.7, 0.7]).astype(str))
        write_table(table, "three.parquet")
        given = pd.DataFrame({"probability_0": 0.2, "probability_1": 0.7, "probability_2": [0.1] * 400})
        write_table(given, "p.parquet")
        found = evaluate(
            model=None, predictions="p.parquet", data="three.parquet", target="when", metrics="my_metrics:sure"
        )
        assert found.estimates["sure"].value == pytest.approx(0.7)

    def test_a_package_of_several_modules(self, evaluate: Evaluate, trained: str) -> None:
        Path("money").mkdir()
        write_metric("PRICE = 5", "money/prices.py")
        write_metric(f"from .prices import PRICE\n{PROFIT.replace('5', 'PRICE')}", "money/gain.py")
        Path("money/__pycache__").mkdir()
        Path("money/__pycache__/left.pyc").write_bytes(b"left out")
        found = evaluate(trained, metrics="money.gain:profit")
        assert found.estimates["profit"].value == pytest.approx(profits(trained).mean())

    def test_what_one_call_changes_the_next_does_not_see(self, evaluate: Evaluate, trained: str, weaker: str) -> None:
        write_metric("def hit(truth, prediction):\n    found = truth == prediction\n    truth[:] = 0\n    return found")
        found = evaluate(trained, champion=weaker, metrics="accuracy, my_metrics:hit")
        assert found.champion["hit"].value == found.champion["accuracy"].value


class TestAsPoint:
    def test_a_function_of_scikit_learn_gives_one_number(self, evaluate: Evaluate, trained: str, weaker: str) -> None:
        found = evaluate(trained, champion=weaker, metrics="sklearn.metrics:jaccard_score", slices="rain[2]")
        own, other = (jaccard_score(frame().late, predicted(model)) for model in (trained, weaker))
        one = found.estimates["jaccard_score"]
        assert (one.value, one.lower, one.upper) == pytest.approx((own, own, own))
        assert one.method == "point"
        assert found.differences["jaccard_score"].value == pytest.approx(own - other)
        assert "jaccard_score" in found.references["baseline"].estimates
        assert found.slices[0].estimates == {}
        assert [(one.code, one.message, one.warning) for one in found.reasons if one.code == "metric-as-point"] == [
            (
                "metric-as-point",
                "`sklearn.metrics:jaccard_score` gives one number for all rows: it is judged as a point, without "
                "interval and slices. Return a number a row, whose mean is the metric, to have both.",
                True,
            )
        ]


def test_the_guide_and_a_gate(evaluate: Evaluate, weaker: str, trained: str) -> None:
    """The function of the guide, judged by the rules of the guide, on flights that end better and worse for us."""
    guide = (Path(__file__).parents[3] / "docs" / "actions" / "evaluate-model.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n# my_metrics.py\n(.*?)```", guide, re.DOTALL)
    (metrics,) = re.findall(r"    metrics: (all, my_metrics.*)", guide)
    Path("my_metrics.py").write_text(code, encoding="utf-8")
    table = frame().assign(distance=100.0 * (1 + frame().day % 4), carrier=np.where(frame().day % 2, "AA", "B6"))
    write_table(table, "flights.parquet")
    found = evaluate(
        trained,
        data="flights.parquet",
        champion=weaker,
        metrics=metrics,
        slices="carrier",
        cluster="day",
        name="flights",
    )
    gain = predicted(trained) * (table.late * (5 + 0.01 * table.distance) - 2)
    assert found.estimates["profit"].value == pytest.approx(gain.mean())
    EvidenceStore("mlops-evidence").write(Statement("good.joblib", digest_path(trained), found))
    for rules, result in (
        ("profit > 0.5\nprofit >= champion - 0.1\nforbid profit[carrier] < 0", "pass"),
        ("profit <= champion", "fail"),
        ("profit > 0.5\nprofit[carrier] > 100", "fail"),
    ):
        assert gate(GateInputs(rules=rules, name="flights")).predicate.result == result
