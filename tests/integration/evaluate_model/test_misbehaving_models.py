"""Models that do what no model should: the statement fails, names it, and nothing is left behind."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import joblib
import pytest

from mlops_actions.tables import open_table

from .conftest import Evaluate, WriteModel, frame, report_on

GOOD = "def predict_proba(self, X): return numpy.column_stack([1 - (p := 1 / (1 + numpy.exp(-X[:, 0]))), p])"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            "def predict_proba(self, X): raise RuntimeError('no\\n::error::idea')",
            "model-raised",
            "The model raised RuntimeError: no ::error::idea.",
        ),
        (
            "def predict_proba(self, X): return numpy.full((len(X), 2), numpy.nan)",
            "predictions-nan",
            "The model returned NaN or infinity for 400 of 400 rows, first for row 0.",
        ),
        (
            "def predict_proba(self, X): return numpy.full((len(X), 2), 0.5)[1:]",
            "predictions-count",
            "The model returned 399 predictions for 400 rows.",
        ),
        (
            "def predict_proba(self, X): return numpy.tile([-0.5, 1.5], (len(X), 1))",
            "predictions-range",
            "The model returned the probability -0.5, outside 0 to 1.",
        ),
        (
            "def predict_proba(self, X): return numpy.tile([0.5, 0.6], (len(X), 1))",
            "predictions-sum",
            "The model returned probabilities that do not sum to one in 400 rows: 1.1 in row 0.",
        ),
        (
            "def predict_proba(self, X): return numpy.full(len(X), 0.5)",
            "predictions-shape",
            "The model returned one number a row for 2 classes.",
        ),
        (
            "def predict(self, X): return ['late'] * len(X)",
            "predictions-unusable",
            "The model cannot be scored: ",
        ),
        ("pass", "no-predict", "The model is a Model and cannot predict."),
        (
            "def __init__(self): raise ValueError('broken')",
            "model-unreadable",
            "The model cannot be loaded: ValueError: broken.",
        ),
        (
            "def predict_proba(self, X): os._exit(0)",
            "model-ended",
            "The model ended the process before it had answered.",
        ),
        (
            "def predict_proba(self, X): os.kill(os.getpid(), 11)",
            "model-ended",
            "The model ended the process by signal 11 before it had answered.",
        ),
        (
            "def predict_proba(self, X): os.kill(os.getpid(), 9)",
            "model-ended",
            "The model was killed before it had answered; the memory may not have been enough.",
        ),
        (
            "def predict_proba(self, X): open('output/answer.json', 'w').write('{\"answer\": 1}'); os._exit(0)",
            "answer-forged",
            "The model left an answer that the scorer would not write.",
        ),
        (
            "def predict_proba(self, X): os.symlink('/etc/hostname', 'output/answer.json'); os._exit(0)",
            "answer-forged",
            "The model put something else in the place of answer.json.",
        ),
        (
            "def predict_proba(self, X): os.mkdir('output/answer.json'); os._exit(0)",
            "answer-forged",
            "The model put something else in the place of answer.json.",
        ),
        (
            "def predict_proba(self, X): os.mkfifo('output/answer.json'); os._exit(0)",
            "answer-forged",
            "The model put something else in the place of answer.json.",
        ),
    ],
)
def test_a_model_that_misbehaves_fails(
    evaluate: Evaluate, write_model: WriteModel, body: str, code: str, message: str
) -> None:
    found = evaluate(write_model(body))
    assert found.result == "fail"
    assert found.estimates == {}
    (reason,) = found.reasons
    assert reason.code == code
    assert reason.message.startswith(message)


def test_a_class_of_the_training_script_is_told_where_it_belongs(evaluate: Evaluate, folder: Path) -> None:
    path = folder / "mine.pkl"
    path.write_bytes(b"c__main__\nMine\n.")
    (reason,) = evaluate(str(path)).reasons
    assert reason.code == "model-unreadable"
    assert "AttributeError" in reason.message
    assert reason.message.endswith("Put the class into a module that is installed where it is scored.")


def test_a_model_that_never_ends_is_stopped_with_its_children(
    evaluate: Evaluate, write_model: WriteModel, isolation: str, folder: Path
) -> None:
    mark = f"{os.getpid()}-{time.time_ns()}"
    body = f"""
    def predict_proba(self, X):
        if not os.fork():
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", "{mark}"])
        while True:
            pass
    """
    begin = time.monotonic()
    found = evaluate(write_model(body), time_limit="3s", isolation=isolation)
    assert time.monotonic() - begin < 30
    assert [reason.message for reason in found.reasons] == [
        "The model was not done within the time-limit of 3 seconds."
    ]
    time.sleep(0.2)
    assert mark not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_what_a_model_prints_cannot_be_a_command_or_an_answer(
    evaluate: Evaluate, write_model: WriteModel, caplog: pytest.LogCaptureFixture
) -> None:
    body = """
    def predict_proba(self, X):
        print("::set-output name=result::pass")
        print('{"answer": {"method": "predict_proba", "classes": [0, 1]}}', flush=True)
        os.write(2, b"\\x1b[2J" + b"long" * 10000)
        raise ValueError("wrong")
    """
    with caplog.at_level(logging.INFO, "mlops_actions"):
        found = evaluate(write_model(body))
    assert found.result == "fail"
    printed = [line for line in caplog.messages if line.startswith("  model | ")]
    assert "  model | ::set-output name=result::pass" in printed
    assert all(len(line) < 400 and "\x1b" not in line and "\n" not in line for line in printed)


def test_a_model_finds_no_secret_of_its_parent(folder: Path, write_model: WriteModel, isolation: str) -> None:
    assert "found hunter2 in os.environ" in evaluated_with_secret(write_model, "none")
    assert "found nothing" in evaluated_with_secret(write_model, isolation)


def evaluated_with_secret(write_model: WriteModel, isolation: str) -> str:
    """The reason that a model gives which looks for a secret that the evaluating process was started with."""
    model = write_model("""
    def predict_proba(self, X):
        places = {"os.environ": str(dict(os.environ))}
        for name in (os.getppid(), 1):
            try:
                places[name] = open("/proc/%d/environ" % name).read()
            except OSError:
                pass
        found = [str(place) for place, text in places.items() if "hunter2" in text]
        raise ValueError("found hunter2 in " + " and ".join(found) if found else "found nothing")
    """)
    code = f"""if True:
        from mlops_actions.evaluate_model.action import Inputs, run
        given = dict(model={model!r}, data="test.parquet", target="late", isolation={isolation!r})
        print(run(Inputs(python={sys.executable!r}, **given)).predicate.reasons[0].message)
    """
    environment = {**os.environ, "API_TOKEN": "hunter2", "GITHUB_TOKEN": "hunter2", "INPUT_KEY": "hunter2"}
    ending = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return ending.stdout


def test_a_model_that_needs_an_unavailable_column_fails_by_name(evaluate: Evaluate, trained: str) -> None:
    report_on(open_table("test.parquet").material("data"), "rain")
    found = evaluate(trained)
    assert found.result == "fail"
    assert [(one.code, one.message) for one in found.reasons] == [
        (
            "unavailable-column",
            "The model needs 'rain', which the contract says is not available at prediction time.",
        )
    ]
    assert found.features == ["wind", "day"]
    assert found.unavailable == ["rain"]
    assert "data-report" in [one.name for one in found.materials]


def test_a_model_that_only_saw_an_unavailable_column_in_training_is_scored(evaluate: Evaluate, folder: Path) -> None:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    table = frame()
    columns = make_column_transformer(("passthrough", ["wind"]))
    model = make_pipeline(columns, LogisticRegression()).fit(table.drop(columns="late"), table.late)
    joblib.dump(model, "wind.joblib")
    report_on(open_table("test.parquet").material("data"), "rain")
    assert evaluate("wind.joblib").result == "pass"


@pytest.mark.parametrize("check", ["unique", "primaryKey"])
def test_row_ids_are_kept_from_a_model_unless_features_name_them(evaluate: Evaluate, trained: str, check: str) -> None:
    report_on(open_table("test.parquet").material("data"), unique="rain", by=check)
    (reason,) = evaluate(trained).reasons
    assert reason.message == (
        "The model needs 'rain'. 'rain' is kept back as row id; name it in `features` to hand it over."
    )
    assert evaluate(trained, features="wind, rain").result == "pass"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"features": "wind"}, "The model needs 'rain'. 'rain' is not among the `features`."),
        (
            {"cluster": "rain"},
            "The model needs 'rain'. 'rain' is kept back as cluster; name it in `features` to hand it over.",
        ),
        ({"target": "rain", "task": "regression"}, "The model needs 'rain', which is the target."),
    ],
)
def test_a_missing_column_is_explained(evaluate: Evaluate, trained: str, inputs: dict[str, str], message: str) -> None:
    (reason,) = evaluate(trained, **inputs).reasons
    assert reason.message == message


def test_a_column_that_the_data_lacks_is_named_with_the_nearest(evaluate: Evaluate, folder: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    table = frame().rename(columns={"rain": "rainy"})
    joblib.dump(LogisticRegression().fit(table[["wind", "rainy"]], table.late), "other.joblib")
    (reason,) = evaluate("other.joblib").reasons
    assert reason.message == "The model needs 'rainy'. The data has no such column. Did you mean 'rain'?"


def test_a_model_of_other_labels_fails(evaluate: Evaluate, folder: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    table = frame()
    joblib.dump(LogisticRegression().fit(table[["wind", "rain"]], table.late.astype(str)), "text.joblib")
    (reason,) = evaluate("text.joblib").reasons
    assert reason.code == "labels-differ"
    assert reason.message == (
        "The model knows the labels '0', '1', and 'late' holds '0', '1': its own are text, those of the data numbers; "
        "store the target as in training."
    )


def test_a_model_of_too_few_columns_without_names_is_told_so(evaluate: Evaluate, write_model: WriteModel) -> None:
    (reason,) = evaluate(write_model(GOOD, features=2)).reasons
    assert reason.message == (
        "The model was trained on 2 columns without names, and 3 are handed over; "
        "name them in `features`, in the order of training."
    )


def test_nothing_is_left_in_the_temporary_folder(
    evaluate: Evaluate, write_model: WriteModel, isolation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    body = "def predict_proba(self, X): os.makedirs('output/a/b'); open('output/a/b/c', 'w').close(); 1 / 0"
    evaluate(write_model(body), isolation=isolation)
    assert list((tmp_path / "scratch").iterdir()) == []
