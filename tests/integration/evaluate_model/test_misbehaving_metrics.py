"""Metrics of a user's own that do what no metric should: each is told by its name, and none is a pass."""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import pandas as pd
import pytest

from mlops_actions.errors import InputError

from .conftest import PROFIT, Evaluate, WriteModel, frame, write_metric, write_table


@pytest.fixture
def answers(trained: str) -> str:
    """Predictions of the model, which then need not run."""
    write_table(pd.DataFrame({"prediction": joblib.load(trained).predict(frame()[["wind", "rain"]])}), "p.parquet")
    return "p.parquet"


class TestFailing:
    """What goes wrong as it runs leaves the other metrics, and is never a pass."""

    @pytest.mark.parametrize(
        ("body", "code", "message"),
        [
            ("raise RuntimeError('no\\n::error::idea')", "metric-raised", "raised RuntimeError: no ::error::idea."),
            ("return 'much'", "metric-raised", "raised ValueError: could not convert string to float: 'much'."),
            ("return None", "metric-raised", "returned nothing."),
            ("return numpy.inf", "metric-nan", "gave inf for the candidate."),
            (
                "return numpy.where(truth, numpy.nan, 1)",
                "metric-nan",
                f"gave NaN or infinity for {int(frame().late.sum())} of 400 rows of the candidate, "
                f"first for row {int(frame().late.argmax())}.",
            ),
            ("return prediction[1:]", "metric-shape", "gave 399 numbers for 400 rows of the candidate."),
            (
                "return numpy.ones((400, 2))",
                "metric-shape",
                "gave an array of shape (400, 2) for 400 rows of the candidate.",
            ),
            ("return numpy.ones((400, 9))", "predictions-count", "wrote more to 0.npy than 7,296 bytes."),
            (
                "return 1.0 if prediction.std() else truth",
                "metric-shape",
                "gave one number for one model, and one a row for another.",
            ),
            ("os._exit(0)", "metric-ended", "ended the process before it had answered."),
            ("os.kill(os.getpid(), 11)", "metric-ended", "ended the process by signal 11 before it had answered."),
            (
                "open('output/answer.json', 'w').write('{}'); os._exit(0)",
                "answer-forged",
                "left an answer that the scorer would not write.",
            ),
            (
                "os.symlink('/etc/hostname', 'output/answer.json'); os._exit(0)",
                "answer-forged",
                "put something else in the place of answer.json.",
            ),
            (
                "open('output/answer.json', 'w').write('{\"answer\": {\"models\": 2}}'); os._exit(0)",
                "numbers-count",
                "left no numbers.",
            ),
            ("sys.exit(3)", "metric-ended", "ended the process with exit code 3 before it had answered."),
        ],
    )
    def test_as_it_runs(self, evaluate: Evaluate, answers: str, body: str, code: str, message: str) -> None:
        write_metric(f"def profit(truth, prediction): {body}")
        found = evaluate(None, predictions=answers, metrics="accuracy, my_metrics:profit")
        assert (found.result, list(found.estimates)) == ("inconclusive", ["accuracy"])
        assert [(one.code, one.message, one.where, one.warning) for one in found.reasons] == [
            (code, f"`my_metrics:profit` {message}", "metrics", False)
        ]

    @pytest.mark.parametrize(
        ("body", "limit", "message"),
        [
            ("while True: pass", {"time_limit": "3s"}, "was not done within the time-limit of 3 seconds."),
            (
                "return [bytearray(50_000_000) for _ in range(100)]",
                {"memory_limit": "400MB"},
                "raised MemoryError. `memory-limit` allows 400 MB.",
            ),
        ],
    )
    def test_for_taking_more_than_it_may(
        self, evaluate: Evaluate, answers: str, body: str, limit: dict[str, str], message: str
    ) -> None:
        write_metric(f"def profit(truth, prediction):\n    {body}")
        (reason,) = evaluate(None, predictions=answers, metrics="accuracy, my_metrics:profit", **limit).reasons
        assert reason.message == f"`my_metrics:profit` {message}"


class TestRefused:
    """A function that cannot be called is an input to correct."""

    @pytest.mark.parametrize(
        ("text", "body", "message"),
        [
            (
                "my_metrics:profits",
                PROFIT,
                "`my_metrics:profits`: 'my_metrics' has no function 'profits'. Did you mean 'profit'?",
            ),
            (
                "my_metrics:profit",
                "import nowhere_to_be_found",
                "`my_metrics:profit`: 'my_metrics' needs the module 'nowhere_to_be_found', which {python!r} does not "
                "have. Install it with `{python} -m pip install nowhere_to_be_found`.",
            ),
            (
                "my_metrics:profit",
                "import train",
                "`my_metrics:profit`: 'my_metrics' imports 'train', and of the working directory only 'my_metrics' "
                "itself is handed over. Put both into one package, such as `my_metrics.profit`.",
            ),
            (
                "my_metrics:profit",
                "raise ValueError('no price')",
                "`my_metrics:profit`: 'my_metrics' cannot be imported: ValueError: no price",
            ),
            (
                "another:profit",
                PROFIT,
                "`another:profit`: there is no module 'another', neither in the working directory nor among the "
                "packages of {python!r}. Put it into another.py, or into a folder 'another' with an __init__.py.",
            ),
            (
                "my_metrics:profit",
                "def profit(truth, prediction, amount): return amount",
                "`my_metrics:profit`: nothing fills its parameter 'amount'. "
                "Where that is a column, write `my_metrics:profit(amount)`.",
            ),
            (
                "my_metrics:profit",
                "def profit(truth, prediction, weights): return weights",
                "`my_metrics:profit`: it takes 'weights', and there are none. Give `weights`, or a default.",
            ),
            (
                "my_metrics:profit(wind)",
                PROFIT,
                "`my_metrics:profit(wind)`: it has no parameter 'wind' to take that column.",
            ),
            ("my_metrics:profit(wimd)", PROFIT, "'test.parquet' has no column 'wimd'. Did you mean 'wind'?"),
        ],
    )
    def test_with_what_to_write_instead(
        self, evaluate: Evaluate, answers: str, text: str, body: str, message: str
    ) -> None:
        write_metric(body)
        Path("train.py").write_text("", encoding="utf-8")
        with pytest.raises(InputError) as caught:
            evaluate(None, predictions=answers, metrics=text)
        assert str(caught.value) == f"metrics: {message.format(python=sys.executable)}"


def test_neither_model_nor_workspace_is_there(
    evaluate: Evaluate, trained: str, isolation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an isolation that hides files, the workspace is out of sight too; the model is in no sandbox of a metric."""
    write_metric(
        f"""
        def seen(truth, prediction):
            there = sorted(os.listdir("input"))
            if any("model" in name for name in there):
                raise RuntimeError(there)
            if "TOKEN" in os.environ:
                raise RuntimeError("a secret")
            return float(os.path.exists({str(Path(trained).resolve())!r}))
        """
    )
    monkeypatch.setenv("TOKEN", "secret")
    found = evaluate(trained, metrics="my_metrics:seen", isolation=isolation)
    assert found.estimates["seen"].value == (0.0 if isolation == "strict" else 1.0)


def test_a_model_that_fails_is_not_asked_about(evaluate: Evaluate, write_model: WriteModel) -> None:
    write_metric("raise SystemExit('never imported')")
    found = evaluate(write_model("def predict_proba(self, X): raise RuntimeError('x')"), metrics="my_metrics:profit")
    assert (found.result, [one.code for one in found.reasons]) == ("fail", ["model-raised"])
