"""Compute a metric of the user's own in a sandbox that holds labels and predictions, and no model."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from mlops_actions.evaluate_model.own_metrics.code import FOLDER, Code
from mlops_actions.evaluate_model.own_metrics.names import OwnMetric
from mlops_actions.evaluate_model.own_metrics.problems import raise_problem
from mlops_actions.evaluate_model.sandbox import Sandbox, exchange_folder
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError, Problem, read_array, read_document
from mlops_actions.evaluate_model.scoring.endings import refuse_excess, without_answer
from mlops_actions.evaluate_model.scoring.exchange import send, write_column
from mlops_actions.evaluate_model.scoring.problems import plain
from mlops_actions.statistics.clusters import Floats
from mlops_actions.tables.interface import Column

log = logging.getLogger(__name__)

Role = Literal["candidate", "champion", "anchor", "baseline"]
"""Whose predictions a metric is computed of."""


@dataclass(frozen=True)
class Predicted:
    """What one model predicted, as a metric sees it."""

    prediction: Column
    """Labels as the target has them, or numbers."""
    probability: Column | None = None
    """Of the positive class (n,), or of each class (n, K); None where the model gives labels only."""


@dataclass(frozen=True)
class Given:
    """What a metric may see."""

    truth: Column
    models: Mapping[Role, Predicted]
    weights: Floats | None
    classes: Sequence[Any]
    """In the order of the probabilities; empty for regression."""
    columns: Mapping[str, Column]
    """Those that it asks for by name."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.truth.values)


class _Done(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    models: int


def compute(
    metric: OwnMetric, code: Code | None, given: Given, sandbox: Sandbox, seconds: float
) -> Mapping[Role, Floats | float]:
    """By role, a number for each row (n,), or one number where the function gives no more.

    Raises MisbehaviourError for what the function does wrong as it runs, InputError where it cannot be called at all.
    """
    log.info("Computing `%s` in %s.", metric, sandbox.means)
    with exchange_folder(sandbox.nobody) as folder:
        if code:
            code.copy(folder)
        send(folder, {"metric": _called(metric, code), **_written(given, folder)})
        ending = sandbox.run(["-I", "scorer"], folder, seconds)
        for line in ending.output:
            log.info("  %s | %s", metric.name, plain(line))
        refuse_excess(ending, sandbox, seconds)
        answer = read_document(folder / "output", _Done)
        if answer is None:
            raise MisbehaviourError("metric-ended", without_answer(ending, sandbox.limits))
        if isinstance(answer, Problem):
            raise_problem(answer, metric, sandbox)
        arrays = [
            read_array(folder / "output" / f"{number}.npy", given.rows * 8, "numbers")
            for number in range(len(given.models))
        ]
    return {role: _checked(array, role, given.rows) for role, array in zip(given.models, arrays, strict=True)}


def _called(metric: OwnMetric, code: Code | None) -> dict[str, Any]:
    return {"module": metric.module, "function": metric.function, "path": FOLDER if code else None}


def _written(given: Given, folder: Path) -> dict[str, Any]:
    def written(name: str, column: Column | None) -> dict[str, Any] | None:
        return None if column is None else write_column(folder, f"{name}.npy", column)

    return {
        "given": {
            "truth": written("truth", given.truth),
            "weights": written("weights", None if given.weights is None else Column(given.weights)),
        },
        "classes": list(given.classes),
        "models": [
            {
                "prediction": written(f"prediction{number}", model.prediction),
                "probability": written(f"probability{number}", model.probability),
            }
            for number, model in enumerate(given.models.values())
        ],
        "columns": [
            {"name": name, **write_column(folder, f"column{number}.npy", column)}
            for number, (name, column) in enumerate(given.columns.items())
        ],
    }


def _checked(array: NDArray[Any], role: Role, rows: int) -> Floats | float:
    """Raises MisbehaviourError for NaN, infinity, and anything but one number a row or one number."""
    if array.shape not in ((), (rows,)):
        shape = f"{len(array):,} numbers" if array.ndim == 1 else f"an array of shape {array.shape}"
        raise MisbehaviourError("metric-shape", f"gave {shape} for {rows:,} rows of the {role}.")
    finite = np.isfinite(array)
    if array.ndim == 0:
        if not finite:
            raise MisbehaviourError("metric-nan", f"gave {float(array):g} for the {role}.")
        return float(array)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise MisbehaviourError(
            "metric-nan",
            f"gave NaN or infinity for {len(bad):,} of {rows:,} rows of the {role}, first for row {bad[0]}.",
        )
    return array.astype(np.float64)
