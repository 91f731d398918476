"""Predictions that were made elsewhere have the metrics that their model would have."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, roc_auc_score

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.action import Inputs, run
from mlops_actions.evidence import Statement, digest_path
from mlops_actions.evidence.evaluation import Evaluation

from .conftest import frame, write_table


def statement(**inputs: object) -> Statement[Evaluation]:
    given = {"data": "test.parquet", "target": "late", "python": "no-python-is-needed"}
    return run(Inputs.model_validate({**given, **inputs}))


def evaluate(**inputs: object) -> Evaluation:
    return statement(**inputs).predicate


def value(found: Evaluation, metric: str) -> float:
    assert found.reasons == []
    estimate = found.estimates[metric].value
    assert estimate is not None
    return estimate


def refusal(**inputs: object) -> str:
    with pytest.raises(InputError) as caught:
        evaluate(**inputs)
    return str(caught.value)


@pytest.fixture
def scores(folder: Path) -> pd.Series:
    """A probability of each row of test.parquet."""
    return pd.Series(1 / (1 + np.exp(-frame().wind)))


class TestRead:
    def test_probabilities_of_the_positive_class(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"probability": scores}), "p.parquet")
        told = statement(predictions="p.parquet")
        found = told.predicate
        assert value(found, "roc_auc") == pytest.approx(roc_auc_score(frame().late, scores))
        assert value(found, "log_loss") == pytest.approx(log_loss(frame().late, scores))
        assert (told.name, told.sha256) == ("p.parquet", digest_path("p.parquet"))
        assert (found.source, found.isolation, found.size_bytes, found.timing) == ("predictions", None, None, None)
        assert found.features == []
        assert [one.name for one in found.materials] == ["data", "predictions"]

    def test_probabilities_of_each_class(self, scores: pd.Series) -> None:
        table = frame().assign(when=lambda table: np.digitize(table.wind, [-0.7, 0.7]).astype(str))
        write_table(table, "three.parquet")
        given = pd.DataFrame({"probability_1": 0.5, "probability_2": scores / 2, "probability_0": (1 - scores) / 2})
        write_table(given, "p.parquet")
        found = evaluate(data="three.parquet", target="when", predictions="p.parquet")
        expected = given[["probability_0", "probability_1", "probability_2"]].to_numpy()
        assert value(found, "log_loss") == pytest.approx(log_loss(table.when, expected))
        assert value(found, "accuracy") == pytest.approx(
            accuracy_score(table.when, expected.argmax(axis=1).astype(str))
        )

    def test_labels(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"prediction": (scores > 0.6).astype(int)}), "p.parquet")
        found = evaluate(predictions="p.parquet")
        assert value(found, "accuracy") == pytest.approx(accuracy_score(frame().late, scores > 0.6))
        assert "roc_auc" not in found.estimates

    def test_labels_that_are_always_the_same(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"prediction": 0 * scores.astype(int)}), "p.parquet")
        assert value(evaluate(predictions="p.parquet"), "accuracy") == pytest.approx((frame().late == 0).mean())

    def test_numbers(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"prediction": scores}), "p.parquet")
        found = evaluate(target="wind", predictions="p.parquet")
        assert value(found, "mae") == pytest.approx(mean_absolute_error(frame().wind, scores))

    def test_a_csv_joined_by_two_keys(self, folder: Path, scores: pd.Series) -> None:
        table = frame().assign(hour=lambda table: table.index // 40)
        write_table(table, "keyed.parquet")
        given = table[["day", "hour"]].assign(probability=scores)
        more = pd.concat([given, given.assign(day=given.day + 100)]).sample(frac=1, random_state=1)
        more.to_csv("p.csv", index=False)
        found = evaluate(data="keyed.parquet", predictions="p.csv", key="day, hour", slices="day")
        assert value(found, "roc_auc") == pytest.approx(roc_auc_score(table.late, scores))
        assert len([one for one in found.slices if one.value != "(other)"]) == 40

    def test_the_subject_is_the_model_where_one_is_named(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"probability": scores}), "p.parquet")
        Path("model.bin").write_bytes(b"weights of another world")
        told = statement(predictions="p.parquet", model="model.bin")
        assert (told.name, told.sha256) == ("model.bin", digest_path("model.bin"))
        assert told.predicate.size_bytes == 24

    def test_a_champion_is_scored_on_the_same_rows(self, trained: str, scores: pd.Series) -> None:
        import sys

        write_table(pd.DataFrame({"probability": scores}), "p.parquet")
        found = evaluate(predictions="p.parquet", champion=trained, python=sys.executable, isolation="process")
        champion = joblib.load(trained).predict_proba(frame()[["wind", "rain"]])[:, 1]
        expected = roc_auc_score(frame().late, scores) - roc_auc_score(frame().late, champion)
        assert found.differences["roc_auc"].value == pytest.approx(expected)
        assert (found.isolation, found.features) == ("process", ["wind", "rain", "day"])


class TestFailing:
    """What no model should predict is a result, not an error."""

    @pytest.mark.parametrize(
        ("column", "values", "code", "message"),
        [
            (
                "probability",
                [0.5, None],
                "predictions-nan",
                "gives no 'probability' for 200 of 400 rows, first for row 1.",
            ),
            (
                "probability",
                [0.5, np.inf],
                "predictions-nan",
                "returned NaN or infinity for 200 of 400 rows, first for row 1.",
            ),
            ("probability", [0.5, 1.5], "predictions-range", "returned the probability -0.5, outside 0 to 1."),
            (
                "probability",
                ["a", "b"],
                "predictions-unusable",
                "gives text in 'probability', which should hold numbers.",
            ),
            (
                "prediction",
                [1, 2],
                "labels-differ",
                "tells 3 classes apart ('1', '2', '0'), and 'late' holds two; give `task: multiclass`.",
            ),
            (
                "prediction",
                ["0", "1"],
                "labels-differ",
                "knows the labels '0', '1', and 'late' holds '0', '1': its own are "
                "text, those of the data numbers; store the target as in training.",
            ),
            ("prediction", [1, None], "predictions-nan", "gives no 'prediction' for 200 of 400 rows, first for row 1."),
        ],
    )
    def test_of_two_classes(self, folder: Path, column: str, values: list[object], code: str, message: str) -> None:
        write_table(pd.DataFrame({column: values * 200}), "p.parquet")
        found = evaluate(predictions="p.parquet")
        assert (found.result, [(one.code, one.message, one.where) for one in found.reasons]) == (
            "fail",
            [(code, f"The model {message}", "p.parquet")],
        )

    def test_of_probabilities_that_do_not_sum_to_one(self, folder: Path) -> None:
        write_table(pd.DataFrame({"probability_0": [0.5] * 400, "probability_1": [0.4] * 400}), "p.parquet")
        (reason,) = evaluate(predictions="p.parquet").reasons
        assert reason.message == ("The model returned probabilities that do not sum to one in 400 rows: 0.9 in row 0.")

    def test_of_a_class_without_a_column(self, folder: Path) -> None:
        write_table(pd.DataFrame({"probability_0": [0.5] * 400, "probability_2": [0.5] * 400}), "p.parquet")
        (reason,) = evaluate(predictions="p.parquet").reasons
        assert reason.message == (
            "The model knows the labels '0', '2', and 'late' holds '0', '1'; it was trained on another target."
        )


class TestRefused:
    """Inputs that a person has to correct."""

    def test_no_source_or_two(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"probability": scores}), "p.parquet")
        assert refusal() == (
            "evaluate-model needs one of the inputs 'model', 'predictions' and 'endpoint'. "
            "Give --model, INPUT_MODEL, or 'model' below 'evaluate-model' in mlops.yml."
        )
        assert refusal(predictions="p.parquet", endpoint="http://127.0.0.1:9") == (
            "both 'predictions' and 'endpoint' are given. Evaluate one of them."
        )
        assert refusal(model="p.parquet", key="day") == (
            "key: a key joins predictions to the data, and there are none. Leave it out."
        )

    def test_another_number_of_rows(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"probability": scores[:-1]}), "p.parquet")
        assert refusal(predictions="p.parquet").startswith("predictions: 'p.parquet' has 399 rows, and the data 400. ")

    def test_columns_of_other_names(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"score": scores, "id": 1}), "p.parquet")
        start = "predictions: 'p.parquet' has no column with predictions; it has score, id. Name it "
        assert refusal(predictions="p.parquet") == f"{start}`probability` (of '1'), or `prediction` for labels."
        assert refusal(predictions="p.parquet", target="wind") == f"{start}`prediction`."
        assert refusal(predictions="p.parquet", target="day", task="multiclass") == (
            f"{start}`probability_…`, one for each class, or `prediction` for labels."
        )

    def test_a_key_that_is_not_there(self, scores: pd.Series) -> None:
        write_table(pd.DataFrame({"probability": scores, "dya": 1}), "p.parquet")
        assert refusal(predictions="p.parquet", key="dya") == (
            "key: 'test.parquet' has no column 'dya'. Did you mean 'day'?"
        )
        assert refusal(predictions="p.parquet", key="day") == (
            "key: 'p.parquet' has no column 'day'. Did you mean 'dya'?"
        )
