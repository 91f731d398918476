"""The rows of a sample as each metric wants to see them, and the influence of each on the metric."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators, Influence
from mlops_actions.statistics.metrics import Metric, confusion, read_name
from mlops_actions.statistics.metrics.confusion import Confusion
from mlops_actions.statistics.metrics.functions import BETA, CONFUSION, NUMERIC, NUMERIC_WITH, PROBABILITY, SCORED
from mlops_actions.statistics.metrics.names import Name, OperatingPoint
from mlops_actions.statistics.metrics.operating import at_operating_point
from mlops_actions.statistics.metrics.ranking import Classes, Ranked
from mlops_actions.statistics.sample import Predictions, Sample


@dataclass(frozen=True)
class Rows:
    """Rows as they are, or runs of rows that share truth and labels, which is all that label metrics look at."""

    frame: Frame
    truth: NDArray[Any]
    sample: Sample
    labels: tuple[Codes, ...] = ()
    """Labels of candidate and champion for each run; empty where rows are as they are."""
    merged: dict[float | None, Rows] = field(default_factory=dict)
    """The same rows merged by labels, by the threshold that gives these."""
    ranked: dict[tuple[int, int], Ranked] = field(default_factory=dict)
    """The rows in the order of a model's scores, by the model's identity and the class."""

    @classmethod
    def of(cls, sample: Sample, frame: Frame) -> Rows:
        """The sample's rows in this frame, as they are."""
        return cls(frame, sample.truth, sample)

    def seen_by(self, metric: Metric) -> Rows:
        """The rows, merged into runs where the metric looks at labels alone and runs are fewer."""
        if metric.needs == "rows":
            return self
        name = read_name(metric.name)
        if isinstance(name.at, OperatingPoint) or not _is_of_labels(name):
            return self
        if name.at not in self.merged:
            self.merged[name.at] = self._merge(name.at)
        return self.merged[name.at]

    def influence(self, metric: Metric, model: Predictions, column: int | None) -> Influence:
        """The metric of one model, linearised; `column` is 0 for the candidate, 1 for the champion."""
        if metric.needs == "rows":
            return self._everything.mean(model.rows[metric.name], hits=metric.scale == "wilson")
        name = read_name(metric.name)
        if isinstance(name.at, OperatingPoint):
            return at_operating_point(self._rank(model, None), self._confusion(name), name.at)
        if _is_of_labels(name):
            labels = self.labels[column] if self.labels and column is not None else model.labels_at(name.at)
            return self._of_labels(name, labels)
        if name.base in SCORED:
            return SCORED[name.base](self._rank(model, name.argument))
        if name.base in PROBABILITY and model.scores is not None:
            return PROBABILITY[name.base](self._everything, self.truth, model.scores)
        if model.values is not None:
            parameter = name.argument
            numeric = NUMERIC_WITH[name.base](parameter) if isinstance(parameter, float) else NUMERIC[name.base]
            return numeric(self._everything, self.truth, model.values)
        raise ValueError(f"{metric.name} cannot be computed from these predictions")

    def _merge(self, threshold: float | None) -> Rows:
        sample = self.sample
        models = [model for model in (sample.candidate, sample.champion) if model is not None]
        parts = [self.truth, *(model.labels_at(threshold) for model in models)]
        dims = (sample.classes,) * len(parts)
        merged = self.frame.collapse(np.ravel_multi_index(parts, dims), sample.classes ** len(parts))
        if merged is None:
            return self
        truth, *labels = np.unravel_index(merged[1], dims)
        return Rows(merged[0], truth, sample, tuple(labels))

    def _of_labels(self, name: Name, labels: Codes) -> Influence:
        metric = self._confusion(name)
        if not isinstance(name.argument, str):
            return confusion.influence(self.frame, self.truth, labels, self.sample.classes, metric)
        one = self.sample.code(name.argument)
        truth, hit = ((codes == one).astype(np.intp) for codes in (self.truth, labels))
        return confusion.influence(self.frame, truth, hit, 2, metric)

    def _confusion(self, name: Name) -> Confusion:
        if isinstance(name.argument, float):
            return BETA[name.base](name.argument)
        if name.base == "cost" and self.sample.costs is not None:
            return confusion.cost(self.sample.costs)
        return CONFUSION[name.base]

    def _rank(self, model: Predictions, of_class: float | str | None) -> Ranked:
        """The rows ranked by this model, sorted once for all metrics."""
        code = self.sample.code(of_class) if isinstance(of_class, str) else 1
        key = (id(model), code)
        if key not in self.ranked:
            if model.scores is None:
                raise ValueError("these predictions have no scores")
            if isinstance(of_class, str):
                scores = model.scores[:, code]
                self.ranked[key] = Ranked(Classes(self.frame, self.truth == code), scores, np.argsort(scores))
            else:
                self.ranked[key] = Ranked(self._classes, model.scores, model.order)
        return self.ranked[key]

    @cached_property
    def _classes(self) -> Classes:
        return Classes(self.frame, self.truth == 1)

    @cached_property
    def _everything(self) -> Denominators:
        return Denominators.everything(self.frame)


def _is_of_labels(name: Name) -> bool:
    return name.base in CONFUSION or name.base in BETA or name.base == "cost"
