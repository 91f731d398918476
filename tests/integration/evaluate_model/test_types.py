"""Models that need the very types that they were trained on: real files of pandas, real models, in real processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import cloudpickle
import duckdb
import joblib
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from xgboost import XGBClassifier

from mlflow_site import environment
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.tables import open_table

from .conftest import Evaluate

ROWS = 400
BEYOND = 2**53
"""From here on not every integer is a float."""


def table(rows: int = ROWS) -> pd.DataFrame:
    generator = np.random.default_rng(3)
    found = pd.DataFrame({"wind": generator.normal(size=rows)})
    found["carrier"] = pd.Categorical(generator.choice(["AA", "DL", "UA"], rows))
    found["gate"] = pd.Categorical(generator.integers(0, 5, rows))
    found["late"] = (found.wind + (found.carrier == "AA") + generator.normal(size=rows) > 0).astype(int)
    return found


def expected(model: object, data: pd.DataFrame, names: list[str]) -> float:
    """The accuracy of the model in this process, on the very frame that was written."""
    return float((model.predict(data[names]) == data.late).mean())  # type: ignore[attr-defined]


def write(data: pd.DataFrame) -> None:
    """A Parquet file with what pandas leaves in it by way of pyarrow, which need not be here."""
    columns = [
        {"name": str(name), "pandas_type": kind(dtype), "numpy_type": str(dtype), "metadata": more(dtype)}
        for name, dtype in data.dtypes.items()
    ]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("given", data)
        said = json.dumps({"columns": columns}).replace("'", "''")
        connection.execute(f"COPY given TO 'test.parquet' (FORMAT parquet, KV_METADATA {{pandas: '{said}'}})")


def kind(dtype: object) -> str:
    if isinstance(dtype, pd.CategoricalDtype):
        return "categorical"
    return "datetimetz" if isinstance(dtype, pd.DatetimeTZDtype) else str(dtype).lower()


def more(dtype: object) -> dict[str, object] | None:
    if isinstance(dtype, pd.CategoricalDtype):
        return {"num_categories": len(dtype.categories), "ordered": dtype.ordered}
    return {"timezone": str(dtype.tz)} if isinstance(dtype, pd.DatetimeTZDtype) else None


def saved(model: object, data: pd.DataFrame) -> str:
    write(data)
    joblib.dump(model, "model.joblib")
    return "model.joblib"


def accuracy(found: Evaluation) -> float:
    assert found.result == "pass", found.reasons
    value = found.estimates["accuracy"].value
    assert value is not None
    return value


@pytest.mark.parametrize("gaps", [False, True])
def test_lightgbm_gets_the_categories_that_it_was_trained_on(evaluate: Evaluate, gaps: bool) -> None:
    data, names = table(), ["wind", "carrier", "gate"]
    model = LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1).fit(data[names], data.late)
    if gaps:
        data.loc[::7, ["carrier", "gate"]] = None
    assert accuracy(evaluate(saved(model, data))) == expected(model, data, names)


@pytest.mark.parametrize(
    "model",
    [
        LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1),
        XGBClassifier(n_estimators=20, n_jobs=1, enable_categorical=True),
    ],
    ids=["lightgbm", "xgboost"],
)
def test_a_model_that_knows_its_categories_gets_them_from_a_file_without_types(evaluate: Evaluate, model: Any) -> None:
    data, names = table(), ["wind", "carrier", "gate"]
    model.fit(data[names], data.late)
    joblib.dump(model, "model.joblib")
    # Of the carriers the file has only two, so that their codes are others.
    few = data[data.carrier != "AA"]
    few.to_csv("test.csv", index=False)
    assert accuracy(evaluate("model.joblib", data="test.csv")) == expected(model, few, names)


def test_a_model_finds_categories_by_their_type(evaluate: Evaluate) -> None:
    data, names = table(), ["wind", "carrier", "gate"]
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype").fit(data[names], data.late)
    assert accuracy(evaluate(saved(model, data))) == expected(model, data, names)


def pipeline(body: str) -> Any:
    """A model that begins with a function of its frame, given as the source of an expression of `frame`."""
    names: dict[str, Any] = {"__name__": "own"}
    exec(f"def prepare(frame):\n    return {body}\n", names)
    return make_pipeline(
        FunctionTransformer(names["prepare"]), OneHotEncoder(handle_unknown="ignore"), LogisticRegression()
    )


def scored(evaluate: Evaluate, model: Any, data: pd.DataFrame, names: list[str]) -> Evaluation:
    """Train, and evaluate on a file of the same rows."""
    model.fit(data[names], data.late)
    write(data)
    Path("model.cloudpickle").write_bytes(cloudpickle.dumps(model))
    return evaluate("model.cloudpickle")


def agrees(evaluate: Evaluate, model: Any, data: pd.DataFrame, names: list[str]) -> None:
    found = accuracy(scored(evaluate, model, data, names))
    assert found == expected(model, data, names) > 0.9


def test_moments_keep_their_time_zone(evaluate: Evaluate) -> None:
    data = pd.DataFrame({"time": pd.date_range("2024-03-01", periods=ROWS, freq="7h", tz="America/New_York")})
    data["late"] = (data.time.dt.hour >= 12).astype(int)
    # A moment without a zone has no tz_convert, and another hour.
    agrees(evaluate, pipeline("frame.time.dt.tz_convert('America/New_York').dt.hour.to_frame()"), data, ["time"])
    agrees(evaluate, pipeline("frame.time.dt.hour.to_frame()"), data, ["time"])


def test_integers_that_no_float_can_hold_stay_what_they_are(evaluate: Evaluate) -> None:
    data = pd.DataFrame({"key": BEYOND + np.arange(ROWS)})
    data["late"] = (data.key % 2).astype(int)
    agrees(evaluate, pipeline("(frame.key % 2).to_frame()"), data, ["key"])


def test_integers_with_gaps_have_room_for_them(evaluate: Evaluate) -> None:
    data = pd.DataFrame({"key": pd.array(BEYOND + np.arange(ROWS), dtype="Int64")})
    data["late"] = (data.key % 2).astype(int)
    data.loc[::5, "key"] = pd.NA
    data["late"] = data["late"].where(data.key.notna(), 1)
    agrees(evaluate, pipeline("(frame.key % 2).fillna(7).astype('int64').to_frame()"), data, ["key"])


def test_booleans_with_gaps_are_of_the_type_that_pandas_has_for_them(evaluate: Evaluate) -> None:
    data = pd.DataFrame({"rain": pd.array([True, False, None, True] * (ROWS // 4), dtype="boolean")})
    data["late"] = data.rain.fillna(value=False).astype(int)
    agrees(evaluate, pipeline("frame.rain.fillna(False).astype('int64').to_frame()"), data, ["rain"])
    assert data.rain.dtype == "boolean"


def test_the_order_of_categories_is_never_made_up(evaluate: Evaluate) -> None:
    sizes = pd.Categorical(
        ["small", "large", "middle", "small"] * (ROWS // 4), ["small", "middle", "large"], ordered=True
    )
    data = pd.DataFrame({"size": sizes})
    data["late"] = (data["size"] > "small").astype(int)
    found = scored(evaluate, pipeline("(frame['size'] > 'small').to_frame()"), data, ["size"])
    assert found.result == "fail"
    assert "Unordered Categoricals can only compare equality or not" in found.reasons[0].message


WRITER = """
import pandas as pd
pd.DataFrame({
    "moment": pd.date_range("2024-03-01", periods=3, freq="7h", tz="America/New_York"),
    "naive": pd.date_range("2024-03-01", periods=3),
    "word": pd.Categorical(["a", "b", None]),
    "number": pd.Categorical([3, 1, 3]),
    "key": pd.array([1, None, 2**53 + 1], dtype="Int64"),
    "flag": pd.array([True, None, False], dtype="boolean"),
    "text": ["x", "y", "z"],
    "plain": [1, 2, 3],
}).to_parquet("pandas.parquet", engine="pyarrow")
"""


def test_what_pandas_itself_leaves_in_a_file_is_read(folder: Path) -> None:
    python = environment()
    if python is None:
        pytest.skip("this machine lacks a pandas with pyarrow; .ci/mlflow --install makes one")
    subprocess.run([python / "bin/python", "-c", WRITER], cwd=folder, check=True)
    columns = open_table("pandas.parquet").arrays(["moment", "naive", "word", "number", "key", "flag", "text", "plain"])
    assert {name: column.type for name, column in columns.items()} == {
        "moment": "datetime64[us, America/New_York]",
        "naive": None,
        "word": "category",
        "number": "category",
        "key": "Int64",
        "flag": "boolean",
        "text": None,
        "plain": None,
    }
    key = columns["key"]
    assert key.valid is not None
    assert key.values[key.valid].tolist() == [1, 2**53 + 1]
