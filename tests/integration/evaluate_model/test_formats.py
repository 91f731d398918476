"""The same model in every format has the same metrics; what a format cannot carry is told."""

from __future__ import annotations

import json
import platform
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss, mean_absolute_error, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from mlops_actions.errors import InputError
from mlops_actions.evidence.evaluation import Evaluation

from .conftest import Evaluate, frame, write_table


def carriers() -> pd.DataFrame:
    """The rows of test.parquet with a carrier."""
    table = frame()
    return table.assign(carrier=np.array(["AA", "DL", "UA"])[table.day % 3])


def pipeline(table: pd.DataFrame) -> Pipeline:
    encoder = make_column_transformer((OneHotEncoder(), ["carrier"]), (StandardScaler(), ["wind", "rain"]))
    return make_pipeline(encoder, LogisticRegression()).fit(table[["carrier", "wind", "rain"]], table.late)


def value(found: Evaluation, metric: str) -> float:
    assert found.reasons == []
    estimate = found.estimates[metric].value
    assert estimate is not None
    return estimate


def refusal(evaluate: Evaluate, model: str, **inputs: object) -> str:
    with pytest.raises(InputError) as caught:
        evaluate(model, **inputs)
    return str(caught.value)


class TestCloudpickle:
    def test_a_function_of_the_training_script_comes_with_the_model(self, evaluate: Evaluate, folder: Path) -> None:
        table = frame()
        doubled = make_pipeline(FunctionTransformer(lambda table: 2 * table), LogisticRegression())
        doubled.fit(table[["wind", "rain"]], table.late)
        Path("model.cloudpickle").write_bytes(cloudpickle.dumps(doubled))
        expected = roc_auc_score(table.late, doubled.predict_proba(table[["wind", "rain"]])[:, 1])
        assert value(evaluate("model.cloudpickle", features="wind, rain"), "roc_auc") == pytest.approx(expected)

    def test_a_function_of_another_python_says_which_one_is_needed(self, evaluate: Evaluate, folder: Path) -> None:
        Path("model.cloudpickle").write_bytes(cloudpickle.dumps(CodeOfPython310()))
        (reason,) = evaluate("model.cloudpickle").reasons
        assert reason.code == "model-unreadable"
        assert reason.message.startswith("The model cannot be loaded: TypeError: code")
        assert reason.message.endswith(
            "It holds functions pickled by value, which only the minor version of Python that wrote them can run; "
            f"here it is {platform.python_version()}."
        )


class CodeOfPython310:
    """Is pickled as cloudpickle pickled a function's code in Python 3.10."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (types.CodeType, (0, 0, 0, 0, 1, 67, b"d\x00S\x00", (None,), (), (), "model.py", "f", 1, b"", (), ()))


class TestSkops:
    def test_it_has_the_metrics_of_the_pickle(self, evaluate: Evaluate, folder: Path) -> None:
        table = carriers()
        write_table(table, "carriers.parquet")
        model = pipeline(table)
        skops.io.dump(model, "model.skops")
        joblib.dump(model, "model.joblib")
        found = evaluate("model.skops", data="carriers.parquet", champion="model.joblib")
        assert {one.value for one in found.differences.values()} == {0.0}
        expected = log_loss(table.late, model.predict_proba(table))
        assert value(found, "log_loss") == pytest.approx(expected, rel=1e-9)

    def test_types_that_nobody_trusts_are_listed_and_nothing_is_loaded(self, evaluate: Evaluate, folder: Path) -> None:
        table = frame()
        model = make_pipeline(FunctionTransformer(json.loads, validate=False), LogisticRegression())
        model.steps[1][1].fit(table[["wind"]], table.late)
        skops.io.dump(model, "model.skops")
        assert refusal(evaluate, "model.skops") == (
            "trusted-types: the model 'model.skops' holds types that nobody trusts: json.loads. Nothing was loaded. "
            "Where you know what they do, write `trusted-types: json.loads`."
        )

    def test_types_that_the_user_trusts_are_loaded(self, evaluate: Evaluate, folder: Path) -> None:
        table = frame()
        model = make_pipeline(FunctionTransformer(np.nan_to_num), LogisticRegression())
        model.fit(table[["wind", "rain"]], table.late)
        skops.io.dump(model, "model.skops")
        names = skops.io.get_untrusted_types(file="model.skops")
        assert names, "this model should hold a type that skops does not know"
        found = evaluate("model.skops", trusted_types=", ".join(names), features="wind, rain")
        assert value(found, "roc_auc") == pytest.approx(
            roc_auc_score(table.late, model.predict_proba(table[["wind", "rain"]])[:, 1])
        )

    def test_another_scikit_learn_is_refused(self, evaluate: Evaluate, folder: Path) -> None:
        import sklearn

        table = frame()
        skops.io.dump(LogisticRegression().fit(table[["wind"]], table.late), "model.skops")
        rewrite_version("model.skops", sklearn.__version__, "1.3.2")
        message = refusal(evaluate, "model.skops")
        assert message.startswith("python: the model was trained with scikit-learn 1.3.2, and ")

    def test_a_damaged_file_fails_the_model(self, evaluate: Evaluate, folder: Path) -> None:
        with zipfile.ZipFile("model.skops", "w") as archive:
            archive.writestr("schema.json", "{")
        found = evaluate("model.skops")
        assert (found.result, found.reasons[0].code) == ("fail", "model-unreadable")


def rewrite_version(path: str, old: str, new: str) -> None:
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert old in content["schema.json"].decode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, one in content.items():
            archive.writestr(name, one.replace(old.encode(), new.encode()) if name == "schema.json" else one)


class TestOnnx:
    """Real exports of scikit-learn models."""

    @pytest.mark.parametrize("zipmap", [True, False])
    def test_columns_go_in_by_name_and_probabilities_come_out(
        self, evaluate: Evaluate, folder: Path, zipmap: bool
    ) -> None:
        table = carriers()
        # Another order than that of the inputs.
        write_table(table[["late", "rain", "carrier", "wind", "day"]], "carriers.parquet")
        model = pipeline(table)
        export(model, "model.onnx", text=["carrier"], numbers=["wind", "rain"], zipmap=zipmap)
        found = evaluate("model.onnx", data="carriers.parquet")
        assert value(found, "log_loss") == pytest.approx(log_loss(table.late, model.predict_proba(table)), abs=1e-5)

    def test_a_matrix_goes_in_as_one(self, evaluate: Evaluate, folder: Path) -> None:
        table = frame()
        matrix = table[["rain", "wind"]].to_numpy(np.float32)
        model = LogisticRegression().fit(matrix, table.late)
        export_matrix(model, matrix, "model.onnx")
        found = evaluate("model.onnx", features="rain, wind")
        assert value(found, "roc_auc") == pytest.approx(
            roc_auc_score(table.late, model.predict_proba(matrix)[:, 1]), abs=1e-4
        )
        wrong = evaluate("model.onnx")
        assert [one.message for one in wrong.reasons] == [
            "The model was trained on 2 columns without names, and 3 are handed over; "
            "name them in `features`, in the order of training."
        ]

    def test_text_labels_keep_their_names(self, evaluate: Evaluate, folder: Path) -> None:
        table = frame().assign(late=lambda table: table.late.map({0: "no", 1: "yes"}))
        write_table(table, "words.parquet")
        matrix = table[["rain", "wind"]].to_numpy(np.float32)
        model = LogisticRegression().fit(matrix, table.late)
        export_matrix(model, matrix, "model.onnx", zipmap=False)
        found = evaluate("model.onnx", data="words.parquet", features="rain, wind", positive_label="yes")
        expected = roc_auc_score(table.late == "yes", model.predict_proba(matrix)[:, 1])
        assert value(found, "roc_auc") == pytest.approx(expected, abs=1e-4)

    def test_a_class_that_never_wins_is_known_by_the_graph(self, evaluate: Evaluate, folder: Path) -> None:
        table = frame().assign(late=lambda table: np.where(table.index < 4, 30, np.where(table.late, 20, 10)))
        write_table(table, "rare.parquet")
        matrix = table[["rain", "wind"]].to_numpy(np.float32)
        model = LogisticRegression().fit(matrix, table.late)
        assert 30 not in model.predict(matrix)
        export_matrix(model, matrix, "model.onnx", zipmap=False)
        found = evaluate("model.onnx", data="rare.parquet", features="rain, wind")
        assert value(found, "log_loss") == pytest.approx(log_loss(table.late, model.predict_proba(matrix)), abs=1e-4)

    def test_a_regression(self, evaluate: Evaluate, folder: Path) -> None:
        table = frame()
        scaler = make_column_transformer((StandardScaler(), ["rain", "day"]))
        model = make_pipeline(scaler, LinearRegression()).fit(table[["rain", "day"]], table.wind)
        export(model, "model.onnx", numbers=["rain", "day"])
        found = evaluate("model.onnx", target="wind")
        expected = mean_absolute_error(table.wind, model.predict(table[["rain", "day"]]))
        assert value(found, "mae") == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"wind": None}, "needs 'wind'. The data has no such column. Did you mean 'winds'?"),
            ({"wind": "strong"}, "needs numbers in 'wind', which holds text."),
            ({"carrier": 7}, "needs text in 'carrier', which holds whole numbers."),
            (
                {"carrier": ["AA", None] * 200},
                "needs text in every row of 'carrier', and some are missing: ONNX has none that are missing, "
                "so fill them as in training.",
            ),
        ],
    )
    def test_columns_that_do_not_fit_are_named(
        self, evaluate: Evaluate, folder: Path, change: dict[str, Any], message: str
    ) -> None:
        table = carriers()
        export(pipeline(table), "model.onnx", text=["carrier"], numbers=["wind", "rain"])
        changed = table.assign(winds=1.0, **change)
        write_table(changed.drop(columns=[name for name, one in change.items() if one is None]), "changed.parquet")
        found = evaluate("model.onnx", data="changed.parquet")
        assert (found.result, [one.message for one in found.reasons]) == ("fail", [f"The model {message}"])

    def test_missing_numbers_stay_missing(self, evaluate: Evaluate, folder: Path) -> None:
        table = frame().assign(rain=lambda table: table.rain.where(table.day % 4 > 0))
        write_table(table, "gaps.parquet")
        matrix = table[["wind", "rain"]].to_numpy(np.float32)
        model = make_pipeline(SimpleImputer(), LogisticRegression()).fit(matrix, table.late)
        export_matrix(model, matrix, "model.onnx")
        found = evaluate("model.onnx", data="gaps.parquet", features="wind, rain")
        expected = roc_auc_score(table.late, model.predict_proba(matrix)[:, 1])
        assert value(found, "roc_auc") == pytest.approx(expected, abs=1e-3)

    def test_a_file_that_is_newer_than_onnxruntime_is_told_what_to_install(
        self, evaluate: Evaluate, folder: Path
    ) -> None:
        import onnx
        import onnxruntime

        export(LinearRegression().fit(frame()[["rain"]], frame().wind), "model.onnx", numbers=["rain"])
        model = onnx.load("model.onnx")
        model.ir_version = 60
        Path("model.onnx").write_bytes(model.SerializeToString())
        message = refusal(evaluate, "model.onnx", target="wind")
        assert message.startswith(
            f"python: the model is newer than onnxruntime {onnxruntime.__version__} of {sys.executable!r}: "
            "Unsupported model IR version: 60, max supported IR version: "
        )
        assert message.endswith(
            "-m pip install --upgrade onnxruntime`), or export the model with a lower target opset."
        )


def export(model: Any, path: str, *, text: list[str] | None = None, numbers: list[str], zipmap: bool = True) -> None:
    """One input a column, by name."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    types = [(name, StringTensorType([None, 1])) for name in text or []]
    types += [(name, FloatTensorType([None, 1])) for name in numbers]
    options = {"zipmap": zipmap} if hasattr(model, "predict_proba") else None
    Path(path).write_bytes(to_onnx(model, initial_types=types, options=options).SerializeToString())


def export_matrix(model: Any, matrix: Any, path: str, *, zipmap: bool = True) -> None:
    """One input of all columns, as is the habit with models that know no names."""
    from skl2onnx import to_onnx

    Path(path).write_bytes(to_onnx(model, matrix[:1], options={"zipmap": zipmap}).SerializeToString())
