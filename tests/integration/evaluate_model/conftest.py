"""Real data, real models and real interpreters, small."""

from __future__ import annotations

import pickle
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.action import Inputs, run
from mlops_actions.evaluate_model.sandbox import choose, find_interpreter
from mlops_actions.evidence import EvidenceStore, Material, Statement, digest_path
from mlops_actions.evidence.data_report import CheckResult, DataReport
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.registries import Author, open_registry

ROWS = 400

Evaluate = Callable[..., Evaluation]
WriteModel = Callable[..., str]


PROFIT = "def profit(truth, prediction): return 5 * (truth * prediction) - 2 * prediction"


class Written:
    """Unpickles as an instance of the class `Model` of a source text, which needs no module to be importable."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __reduce__(self) -> tuple[Any, ...]:
        made = f"(lambda names: (exec({self.source!r}, names), names['Model']())[1])({{}})"
        return (eval, (made, {}))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with test.parquet: two features, a day and whether it was late."""
    monkeypatch.chdir(tmp_path)
    table = frame()
    write_table(table, "test.parquet")
    return tmp_path


def frame(rows: int = ROWS) -> pd.DataFrame:
    generator = np.random.default_rng(7)
    table = pd.DataFrame({"wind": generator.normal(size=rows), "rain": generator.normal(size=rows)})
    table["day"] = np.arange(rows) % 40
    table["late"] = (table.wind + generator.normal(size=rows) > 0).astype(int)
    return table


def write_table(table: pd.DataFrame, name: str) -> None:
    """Write a Parquet file into the current directory."""
    with duckdb.connect() as connection:
        connection.register("given", table)
        connection.execute(f"COPY given TO '{name}' (FORMAT parquet)")


def write_metric(body: str, name: str = "my_metrics.py") -> None:
    """Write a module with a metric into the current directory."""
    Path(name).write_text(f"import numpy, os, sys, time\n{textwrap.dedent(body)}\n", encoding="utf-8")


@pytest.fixture
def evaluate(folder: Path) -> Evaluate:
    """Run the action on test.parquet and return its predicate."""

    def run_it(model: str | None, **inputs: object) -> Evaluation:
        given = {"data": "test.parquet", "target": "late", "isolation": "process", "python": sys.executable}
        statement: Statement[Evaluation] = run(Inputs.model_validate({**given, "model": model, **inputs}))
        return statement.predicate

    return run_it


@pytest.fixture(params=["process", "strict"])
def isolation(request: pytest.FixtureRequest) -> str:
    """Each level that this machine reaches; what it lacks for one is said."""
    if request.param == "strict":
        try:
            choose("strict", find_interpreter(sys.executable, "python"))
        except InputError as error:
            pytest.skip(str(error))
    return str(request.param)


@pytest.fixture
def write_model(folder: Path) -> WriteModel:
    """Write a model whose methods are given as source; it says that it was trained on wind, rain and day."""

    def write(body: str, name: str = "model.pkl", features: int = 3) -> str:
        own = f"n_features_in_ = {features}\nclasses_ = numpy.array([0, 1])\n{textwrap.dedent(body).strip()}\n"
        source = "import os, sys, numpy\nclass Model:\n" + textwrap.indent(own, "    ")
        Path(name).write_bytes(pickle.dumps(Written(source)))
        return name

    return write


@pytest.fixture
def trained(folder: Path) -> str:
    """A logistic regression on wind and rain."""
    table = frame()
    joblib.dump(LogisticRegression().fit(table[["wind", "rain"]], table.late), "good.joblib")
    return "good.joblib"


@pytest.fixture
def line(folder: Path) -> str:
    """A linear regression of wind on rain."""
    table = frame()
    joblib.dump(LinearRegression().fit(table[["rain"]], table.wind), "line.joblib")
    return "line.joblib"


def report_on(data: Material, unavailable: str | None = None, unique: str | None = None, by: str = "unique") -> None:
    """Store a data-report about data that calls a column not available at prediction time, or unique."""
    check = CheckResult(
        id="unique", column=unique, check=by, result="pass", failed=0, total=ROWS, message="They are unique."
    )
    report = DataReport(
        result="pass",
        rows=ROWS,
        columns=[],
        checks=[check] if unique else [],
        unavailable=[unavailable] if unavailable else [],
    )
    EvidenceStore("mlops-evidence").write(Statement("test.parquet", data.digest["sha256"], report))


def promote(model: str, name: str = "flights") -> None:
    """Make a model file the champion of `name` in the registry `file:registry`."""
    registry = open_registry("file:registry")
    blob = registry.store(Path(model), digest_path(model))
    assert registry.point(registry.head(name), "champion", blob, "promote", Author("a test")) is not None
