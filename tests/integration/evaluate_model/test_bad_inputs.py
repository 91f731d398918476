"""Wrong inputs: exit code 2, one message with the input's name, and nothing was scored."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions.errors import InputError, OutsideError

from .conftest import Evaluate, WriteModel, frame, promote, write_table

GOOD = "def predict_proba(self, X): return numpy.column_stack([1 - (p := 1 / (1 + numpy.exp(-X[:, 0]))), p])"


@pytest.fixture
def model(write_model: WriteModel) -> str:
    return write_model(GOOD)


def refusal(evaluate: Callable[[], object], kind: type[InputError | OutsideError] = InputError) -> str:
    with pytest.raises(kind) as caught:
        evaluate()
    return str(caught.value)


def test_a_missing_model_is_named(evaluate: Evaluate) -> None:
    assert refusal(lambda: evaluate("missing.pkl")) == "'missing.pkl' does not exist. Check the path."


def test_missing_data_is_named(evaluate: Evaluate, model: str) -> None:
    assert "'nothing.parquet'" in refusal(lambda: evaluate(model, data="nothing.parquet"))


def test_empty_data_is_refused(evaluate: Evaluate, model: str) -> None:
    write_table(frame(0), "empty.parquet")
    message = refusal(lambda: evaluate(model, data="empty.parquet"))
    assert message == "data: 'empty.parquet' has no rows. A model cannot be judged on no data."


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"target": "lat"}, "target: 'test.parquet' has no column 'lat'. Did you mean 'late'?"),
        ({"cluster": "dya"}, "cluster: 'test.parquet' has no column 'dya'. Did you mean 'day'?"),
        ({"slices": "rian"}, "slices: 'test.parquet' has no column 'rian'. Did you mean 'rain'?"),
        ({"features": "wind, rein"}, "features: 'test.parquet' has no column 'rein'. Did you mean 'rain'?"),
        ({"weights": "w"}, "weights: 'test.parquet' has no column 'w'. Known: day, late, rain, wind."),
        ({"features": "late"}, "features: 'late' is the target and cannot be a feature."),
        ({"weights": "wind"}, "weights: 'wind' must hold finite numbers from 0, not all 0, in every row."),
        ({"metrics": "roc-auc"}, "metrics: there is no metric 'roc-auc'. Did you mean 'roc_auc'?"),
        ({"metrics": "mae"}, "metrics: 'mae' is no metric of task 'binary'. Known: accuracy, balanced_accuracy, "),
        ({"positive_label": "2"}, "positive-label: '2' is not a value of 'late'. Known: 0, 1."),
        ({"target": "day", "task": "binary"}, "task: 'day' has 40 classes: '0', '1', '2', "),
        ({"python": "no-such-python"}, "python: the interpreter 'no-such-python' does not exist or is not executable."),
        ({"python": "true"}, "python: 'true' is not a Python interpreter that runs."),
        ({"champion": "@champion"}, "the model '@champion' leaves its name out."),
    ],
)
def test_a_wrong_input_is_explained(evaluate: Evaluate, model: str, inputs: dict[str, str], message: str) -> None:
    assert refusal(lambda: evaluate(model, **inputs)).startswith(message)


def test_a_target_with_one_class_is_refused(evaluate: Evaluate, model: str) -> None:
    write_table(frame().assign(late=1), "ones.parquet")
    assert refusal(lambda: evaluate(model, data="ones.parquet")) == (
        "target: every row has the same 'late', '1': nothing can be told apart. "
        "Evaluate on data with at least two classes, or give `task: regression`."
    )


def test_a_target_with_gaps_is_refused(evaluate: Evaluate, model: str) -> None:
    table = frame()
    write_table(table.assign(late=table.late.where(table.index != 5)), "gaps.parquet")
    assert refusal(lambda: evaluate(model, data="gaps.parquet")) == (
        "target: 1 of 400 rows have no 'late', the target. Leave out the rows whose outcome is not known yet."
    )


def test_text_labels_need_a_positive_one(evaluate: Evaluate, model: str) -> None:
    write_table(frame().assign(late=lambda table: table.late.map({0: "no", 1: "yes"})), "words.parquet")
    assert refusal(lambda: evaluate(model, data="words.parquet")) == (
        "positive-label: 'late' holds 'no', 'yes': which of them is the positive one? Give `positive-label`."
    )


def test_a_cluster_with_gaps_is_refused(evaluate: Evaluate, model: str) -> None:
    table = frame()
    write_table(table.assign(day=table.day.where(table.index > 1)), "gaps.parquet")
    assert refusal(lambda: evaluate(model, data="gaps.parquet", cluster="day")) == (
        "cluster: 2 rows have no 'day': it is not known which rows they belong with. "
        "Fill the column, or leave these rows out."
    )


def test_a_slice_column_with_too_many_values_is_refused(evaluate: Evaluate, model: str) -> None:
    write_table(frame(1200), "many.parquet")
    assert refusal(lambda: evaluate(model, data="many.parquet", slices="wind")) == (
        "slices: `wind` has 1,200 different values, of which `slices` takes at most 1,000. Take fewer: bins such as "
        "`distance[4]`, or a part of a date such as `day.month`."
    )


def test_a_slice_that_cannot_be_made_is_refused_before_any_model_runs(
    evaluate: Evaluate, write_model: WriteModel, caplog: pytest.LogCaptureFixture
) -> None:
    write_table(frame().assign(kind="(other)"), "kinds.parquet")
    slow = write_model("def predict_proba(self, X): raise SystemExit('it ran')")
    assert refusal(lambda: evaluate(slow, data="kinds.parquet", slices="kind")) == (
        "slices: 'kind' holds the value '(other)', which has a meaning here. Rename it."
    )
    assert "Scoring" not in caplog.text


def test_no_features_are_not_all_features(evaluate: Evaluate, model: str) -> None:
    assert refusal(lambda: evaluate(model, features=[])) == (
        "features: no column is left that a model may see. Name at least one."
    )


def test_a_format_that_is_not_known_is_refused(evaluate: Evaluate, folder: Path) -> None:
    Path("model.bin").write_bytes(b"weights")
    assert refusal(lambda: evaluate("model.bin")) == (
        "model: the model 'model.bin' is of no known format. "
        "Known: .joblib, .pkl, .pickle, .cloudpickle, .skops, .onnx, or a folder of MLflow."
    )


def test_an_interpreter_without_packages_is_told_what_to_install(evaluate: Evaluate, model: str) -> None:
    bare = bare_interpreter()
    assert refusal(lambda: evaluate(model, python=bare)) == (
        f"python: the model needs the module 'joblib', which {bare!r} does not have. "
        f"Install it with `{bare} -m pip install joblib`, or name the Python that the model was trained with."
    )


def test_a_shim_on_path_is_followed_to_the_program_behind_it(evaluate: Evaluate, model: str) -> None:
    shim = Path("shim")
    bare = bare_interpreter()
    shim.write_text(f'#!/bin/sh\n[ "$NEEDED" = here ] && exec "{bare}" "$@"\nexit 9\n')
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    os.environ["NEEDED"] = "here"
    try:
        assert "does not have" in refusal(lambda: evaluate(model, python="./shim"))
    finally:
        del os.environ["NEEDED"]


def test_a_model_of_another_scikit_learn_is_refused(evaluate: Evaluate, trained: str) -> None:
    content = Path(trained).read_bytes()
    import sklearn

    version = sklearn.__version__.encode()
    assert version in content
    Path("old.joblib").write_bytes(content.replace(version, b"0." + version[2:]))
    message = refusal(lambda: evaluate("old.joblib"))
    assert f"the model was trained with scikit-learn 0.{sklearn.__version__[2:]}, and " in message
    assert f" has {sklearn.__version__}: it could predict something else. Install the version" in message
    assert f"-m pip install scikit-learn==0.{sklearn.__version__[2:]}`" in message


def test_a_damaged_registry_is_an_outside_failure(evaluate: Evaluate, model: str, trained: str) -> None:
    promote(trained)
    (entry,) = Path("registry").rglob("log/*.json")
    entry.write_bytes(entry.read_bytes()[:-20])
    refusal(lambda: evaluate(model, name="flights", registry="file:registry"), OutsideError)


def bare_interpreter() -> str:
    """A virtual environment without any package."""
    import venv

    venv.create("bare", with_pip=False, symlinks=True)
    return str(Path("bare/bin/python").absolute())
