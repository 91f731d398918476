"""What the engine is given: the truth, one or two models' predictions, and how the rows were sampled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Design, Floats
from mlops_actions.statistics.metrics import Task


@dataclass(frozen=True)
class Predictions:
    """One model's output on the rows of a sample. Whatever is None is not there; metrics that need it are refused."""

    labels: Codes | None = None
    """Predicted class codes (n,): 0 and 1 for binary, 0 … K - 1 for multiclass."""
    scores: Floats | None = None
    """Binary: score of the positive class (n,). Multiclass: probabilities (n, K)."""
    values: Floats | None = None
    """Regression: predicted numbers (n,)."""

    def __post_init__(self) -> None:
        for name in ("scores", "values"):
            array = getattr(self, name)
            if array is not None and not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite")

    def take(self, rows: Codes) -> Predictions:
        """The predictions of these rows alone."""
        return Predictions(
            None if self.labels is None else self.labels[rows],
            None if self.scores is None else self.scores[rows],
            None if self.values is None else self.values[rows],
        )

    @cached_property
    def order(self) -> Codes:
        """The rows by ascending score."""
        if self.scores is None:
            raise ValueError("these predictions have no scores")
        return np.argsort(self.scores)

    @cached_property
    def are_probabilities(self) -> bool:
        """Whether all scores lie in [0, 1]."""
        scores = self.scores
        return scores is not None and (scores.size == 0 or bool(scores.min() >= 0.0 and scores.max() <= 1.0))


@dataclass(frozen=True)
class Sample:
    """A test set as scored by a candidate and, where there is one, by the champion."""

    task: Task
    """binary, multiclass or regression."""
    truth: NDArray[Any]
    """Class codes, or numbers for regression (n,)."""
    candidate: Predictions
    """The model under test."""
    champion: Predictions | None = None
    """The model it is compared with, on the same rows."""
    design: Design | None = None
    """Weights and clusters; None for equally weighted independent rows."""
    classes: int = 2
    """Number of classes K."""

    def __post_init__(self) -> None:
        rows = len(self.truth)
        if self.design is not None and self.design.rows != rows:
            raise ValueError(f"the design has {self.design.rows} rows, the truth {rows}")
        if self.task == "regression":
            if not np.isfinite(self.truth).all():
                raise ValueError("the truth must be finite")
        else:
            self._check_codes("truth", self.truth)
        for model in (self.candidate, self.champion):
            if model is not None:
                self._check(model)

    @property
    def sampling(self) -> Design:
        """The design, plain where none was given."""
        return self.design or Design(len(self.truth))

    @property
    def weighing(self) -> Codes | None:
        """Rows that weigh something, or None where all do: the others say nothing, and must not count as rows."""
        weights = self.sampling.weights
        return None if weights is None or weights.all() else np.flatnonzero(weights)

    def take(self, rows: Codes) -> Sample:
        """The sample of these rows alone.

        >>> Sample("regression", np.arange(4.0), Predictions(values=np.zeros(4))).take(np.array([1, 3])).truth
        array([1., 3.])
        """
        return Sample(
            self.task,
            self.truth[rows],
            self.candidate.take(rows),
            self.champion and self.champion.take(rows),
            self.design and self.design.take(rows),
            self.classes,
        )

    def _check(self, model: Predictions) -> None:
        for name in ("labels", "scores", "values"):
            array = getattr(model, name)
            if array is not None and len(array) != len(self.truth):
                raise ValueError(f"{name} has {len(array)} rows, the truth {len(self.truth)}")
        if model.labels is not None:
            self._check_codes("labels", model.labels)
        wide = self.task == "multiclass"
        if model.scores is not None and model.scores.shape[1:] != ((self.classes,) if wide else ()):
            raise ValueError(f"scores of a {self.task} model have shape {model.scores.shape}")

    def _check_codes(self, name: str, codes: NDArray[Any]) -> None:
        if codes.dtype.kind not in "iu":
            raise ValueError(f"{name} must be integer class codes, found {codes.dtype}")
        if len(codes) and not (codes.min() >= 0 and codes.max() < self.classes):
            raise ValueError(f"{name} must be class codes from 0 to {self.classes - 1}")
