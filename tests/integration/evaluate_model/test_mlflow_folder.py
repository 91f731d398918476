"""Model folders of MLflow, written by hand in the form that its documentation gives."""

from __future__ import annotations

import pickle
import sys
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_path

from .conftest import Evaluate, frame

PYTHON = ".".join(map(str, sys.version_info[:3]))
SOURCE = "def doubled(table): return 2 * table\n"
OTHER = f"3.{sys.version_info.minor - 1}.4"

WriteFolder = Callable[..., str]


@pytest.fixture
def write_folder(folder: Path) -> WriteFolder:
    """Write a model folder with a description and files; returns its name."""

    def write(flavours: str, name: str = "saved", **files: bytes) -> str:
        Path(name).mkdir()
        for file, content in files.items():
            (Path(name) / file.replace("_", ".", 1)).write_bytes(content)
        described = textwrap.indent(textwrap.dedent(flavours).strip(), "  ")
        text = f"artifact_path: model\nflavors:\n{described}\nmlflow_version: 3.4.0\nutc_time_created: '2026-01-01'\n"
        (Path(name) / "MLmodel").write_text(text)
        return name

    return write


def sklearn_flavours(python: str = PYTHON, file: str = "model.pkl", more: str = "") -> str:
    return f"""
        python_function:
          env: {{conda: conda.yaml, virtualenv: python_env.yaml}}
          loader_module: mlflow.sklearn
          model_path: {file}
          predict_fn: predict
          python_version: {python}
        sklearn:
          code: null
          pickled_model: {file}
          serialization_format: cloudpickle
          sklearn_version: 1.9.1
          {more}
        """


def doubling() -> Any:
    """A model with a function that is pickled by value."""
    table = frame()
    model = make_pipeline(FunctionTransformer(lambda table: 2 * table), LogisticRegression())
    return model.fit(table[["wind", "rain"]], table.late)


def refusal(evaluate: Evaluate, model: str, **inputs: object) -> str:
    with pytest.raises(InputError) as caught:
        evaluate(model, **inputs)
    return str(caught.value)


def test_the_flavour_of_scikit_learn_gives_probabilities_without_mlflow(
    evaluate: Evaluate, write_folder: WriteFolder
) -> None:
    model = doubling()
    name = write_folder(sklearn_flavours(), model_pkl=cloudpickle.dumps(model))
    found = evaluate(name, features="wind, rain", champion=name)
    expected = roc_auc_score(frame().late, model.predict_proba(frame()[["wind", "rain"]])[:, 1])
    assert found.estimates["roc_auc"].value == pytest.approx(expected)
    assert found.champion_sha256 == digest_path(name)
    assert found.size_bytes == sum(file.stat().st_size for file in Path(name).iterdir())


def test_functions_of_another_python_are_refused(evaluate: Evaluate, write_folder: WriteFolder) -> None:
    name = write_folder(sklearn_flavours(OTHER), model_pkl=cloudpickle.dumps(doubling()))
    assert refusal(evaluate, name) == (
        f"python: the model holds functions that Python {OTHER} pickled by value, and {sys.executable!r} is Python "
        f"{PYTHON}: only the same minor version can run them. Name a Python {OTHER[:-2]}, or save the model again."
    )


def test_a_model_without_functions_may_come_from_another_python(evaluate: Evaluate, write_folder: WriteFolder) -> None:
    table = frame()
    model = LogisticRegression().fit(table[["wind", "rain"]], table.late)
    name = write_folder(sklearn_flavours(OTHER), model_pkl=cloudpickle.dumps(model))
    assert evaluate(name).estimates


def test_types_of_a_skops_file_are_not_trusted_because_the_folder_says_so(
    evaluate: Evaluate, write_folder: WriteFolder
) -> None:
    table = frame()
    model = make_pipeline(FunctionTransformer(np.nan_to_num), LogisticRegression())
    model.fit(table[["wind", "rain"]], table.late)
    strange = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    name = write_folder(
        sklearn_flavours(file="model.skops", more=f"skops_trusted_types: {strange}"), model_skops=skops.io.dumps(model)
    )
    assert refusal(evaluate, name).startswith("trusted-types: the model 'saved' holds types that nobody trusts: ")
    assert evaluate(name, trusted_types=strange, features="wind, rain").estimates


def test_code_that_is_in_the_folder_is_found(evaluate: Evaluate, write_folder: WriteFolder) -> None:
    name = write_folder(sklearn_flavours().replace("code: null", "code: code"), model_pkl=naming_a_function())
    (Path(name) / "code").mkdir()
    (Path(name) / "code" / "steps_of_mine.py").write_text(SOURCE)
    assert evaluate(name, features="wind, rain").estimates


def naming_a_function() -> bytes:
    """A model that names a function of the module steps_of_mine, which is not to be found here."""
    module = types.ModuleType("steps_of_mine")
    exec(SOURCE, module.__dict__)
    sys.modules[module.__name__] = module
    try:
        table = frame()
        model = make_pipeline(FunctionTransformer(module.doubled), LogisticRegression())
        return pickle.dumps(model.fit(table[["wind", "rain"]], table.late))
    finally:
        del sys.modules[module.__name__]


def test_the_flavour_of_onnx_is_run_by_onnxruntime(evaluate: Evaluate, write_folder: WriteFolder) -> None:
    from skl2onnx import to_onnx

    table = frame()
    matrix = table[["wind", "rain"]].to_numpy(np.float32)
    model = LogisticRegression().fit(matrix, table.late)
    name = write_folder(
        """
        onnx:
          data: model.onnx
          onnx_version: 1.23.2
          providers: [CUDAExecutionProvider, CPUExecutionProvider]
        python_function:
          data: model.onnx
          loader_module: mlflow.onnx
        """,
        model_onnx=to_onnx(model, matrix[:1]).SerializeToString(),
    )
    found = evaluate(name, features="wind, rain")
    expected = roc_auc_score(table.late, model.predict_proba(matrix)[:, 1])
    assert found.estimates["roc_auc"].value == pytest.approx(expected, abs=1e-4)


def test_a_flavour_that_only_mlflow_loads_needs_it(evaluate: Evaluate, write_folder: WriteFolder) -> None:
    name = write_folder("python_function: {loader_module: mlflow.pyfunc.model, python_model: python_model.pkl}")
    assert refusal(evaluate, name) == (
        f"python: the model needs the module 'mlflow', which {sys.executable!r} does not have. Install it with "
        f"`{sys.executable} -m pip install mlflow`, or name the Python that the model was trained with."
    )


class TestRefused:
    def test_a_folder_without_a_description(self, evaluate: Evaluate, folder: Path) -> None:
        Path("saved").mkdir()
        Path("saved/weights").write_bytes(b"weights")
        assert refusal(evaluate, "saved") == (
            "model: the model 'saved' is a folder without the file MLmodel. "
            "Name the model's file, or a model folder of MLflow."
        )

    def test_flavours_that_cannot_be_scored(self, evaluate: Evaluate, write_folder: WriteFolder) -> None:
        assert refusal(evaluate, write_folder("spark: {pyspark_version: 4.0.0}\nh2o: {data: x}")) == (
            "model: the model 'saved' has the flavours spark, h2o. "
            "One of these can be scored: sklearn, onnx, python_function."
        )

    def test_a_link_to_what_is_ours(self, evaluate: Evaluate, write_folder: WriteFolder) -> None:
        Path("secret").write_text("s3cret")
        name = write_folder(sklearn_flavours(), model_pkl=b"\x80\x04N.")
        (Path(name) / "notes.txt").symlink_to(Path("secret").absolute())
        assert refusal(evaluate, name) == "model: 'saved/notes.txt' is a link. A model folder holds plain files."

    @pytest.mark.parametrize("path", ["../secret", "gone.pkl", "/etc/hostname"])
    def test_a_path_out_of_the_folder(self, evaluate: Evaluate, write_folder: WriteFolder, path: str) -> None:
        Path("secret").write_bytes(b"\x80\x04N.")
        assert refusal(evaluate, write_folder(sklearn_flavours(file=path), model_pkl=b"")) == (
            f"model: 'saved/MLmodel' names {path!r}, which is not in the folder. Save it again."
        )
