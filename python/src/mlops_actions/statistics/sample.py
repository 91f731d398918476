"""What the engine is given: the truth, one or two models' predictions, and how the rows were sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Design, Floats
from mlops_actions.statistics.metrics import Metric, Task, metric_of, read_name


@dataclass(frozen=True)
class Predictions:
    """One model's output on the rows of a sample. Whatever is None is not there; metrics that need it are refused."""

    labels: Codes | None = None
    """Predicted class codes (n,): 0 and 1 for binary, 0 … K - 1 for multiclass."""
    scores: Floats | None = None
    """Binary: score of the positive class (n,). Multiclass: probabilities (n, K)."""
    values: Floats | None = None
    """Regression: predicted numbers (n,)."""
    rows: Mapping[str, Floats] = field(default_factory=dict)
    """Numbers a row whose weighted means are metrics, by the metric's name (n,): scores of a text or a ranking that
    were made elsewhere, or a user's own metric."""

    def __post_init__(self) -> None:
        for name, array in (("scores", self.scores), ("values", self.values), *self.rows.items()):
            if array is not None and not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite")

    def take(self, rows: Codes) -> Predictions:
        """The predictions of these rows alone."""
        return Predictions(
            None if self.labels is None else self.labels[rows],
            None if self.scores is None else self.scores[rows],
            None if self.values is None else self.values[rows],
            {name: numbers[rows] for name, numbers in self.rows.items()},
        )

    def labels_at(self, threshold: float | None) -> Codes:
        """The labels, or those that a threshold of binary scores gives; ValueError where there are none."""
        if threshold is None and self.labels is not None:
            return self.labels
        if threshold is not None and self.scores is not None and self.scores.ndim == 1:
            return (self.scores >= threshold).astype(np.intp)
        raise ValueError("these predictions have no labels")

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
    """binary, multiclass, regression, or scores where predictions bring their own numbers a row."""
    truth: NDArray[Any]
    """Class codes, or numbers for regression (n,); of the task scores only its length counts."""
    candidate: Predictions
    """The model under test."""
    champion: Predictions | None = None
    """The model it is compared with, on the same rows."""
    design: Design | None = None
    """Weights and clusters; None for equally weighted independent rows."""
    classes: int = 2
    """Number of classes K."""
    labels: tuple[str, ...] = ()
    """The classes as users write them, in the order of the codes, for metrics of one class."""
    costs: Floats | None = None
    """Cost of each truth (rows) and prediction (columns), for the metric `cost` (K, K)."""

    def __post_init__(self) -> None:
        rows = len(self.truth)
        if self.design is not None and self.design.rows != rows:
            raise ValueError(f"the design has {self.design.rows} rows, the truth {rows}")
        if self.costs is not None and self.costs.shape != (self.classes, self.classes):
            raise ValueError(f"costs of {self.classes} classes have shape {self.costs.shape}")
        if self.task == "regression":
            if not np.isfinite(self.truth).all():
                raise ValueError("the truth must be finite")
        elif self.task != "scores":
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
        return replace(
            self,
            truth=self.truth[rows],
            candidate=self.candidate.take(rows),
            champion=self.champion and self.champion.take(rows),
            design=self.design and self.design.take(rows),
        )

    def code(self, label: str) -> int:
        """The code of a class; ValueError where there is no such class."""
        if label not in self.labels:
            raise ValueError(f"there is no class {label!r}")
        return self.labels.index(label)

    def metric(self, text: str) -> Metric:
        """The metric of this name; raises ValueError where it cannot be computed from this sample."""
        models = [model for model in (self.candidate, self.champion) if model is not None]
        if any(text in model.rows for model in models):
            return self._of_rows(text, models)
        name = read_name(text)
        metric = metric_of(name)
        if self.task not in metric.tasks:
            raise ValueError(f"{text} is not defined for {self.task}")
        for model in models:
            wanted = "scores" if metric.needs == "probabilities" else metric.needs
            if getattr(model, wanted) is None:
                raise ValueError(f"{text} needs predicted {wanted}")
            if metric.needs == "probabilities" and not model.are_probabilities:
                raise ValueError(f"{text} needs probabilities, found scores outside 0 … 1")
        if isinstance(name.argument, str):
            self.code(name.argument)
        if name.base == "cost" and self.costs is None:
            raise ValueError(f"{text} needs costs")
        return metric

    def _of_rows(self, name: str, models: Sequence[Predictions]) -> Metric:
        """A metric that is the mean of a number a row: a proportion where each is 0 or 1."""
        if not all(name in model.rows for model in models):
            raise ValueError(f"only one of the models has {name}")
        hits = all(bool(np.isin(model.rows[name], (0.0, 1.0)).all()) for model in models)
        scale, difference, method = ("wilson", "tango", "wilson") if hits else ("identity", "identity", "mean")
        return Metric(name, (self.task,), "rows", None, scale, difference, method)

    def _check(self, model: Predictions) -> None:
        for name in ("labels", "scores", "values"):
            array = getattr(model, name)
            if array is not None and len(array) != len(self.truth):
                raise ValueError(f"{name} has {len(array)} rows, the truth {len(self.truth)}")
        for name, numbers in model.rows.items():
            if numbers.shape != (len(self.truth),):
                raise ValueError(f"{name} has shape {numbers.shape}, the truth {len(self.truth)} rows")
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
