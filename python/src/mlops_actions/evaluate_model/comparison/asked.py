"""Which metrics are estimated: the names that were given, at each threshold, and what a wrong prediction costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite
from typing import Protocol

import numpy as np

from mlops_actions.errors import InputError, nearest
from mlops_actions.evaluate_model.own_metrics.names import is_own, own_metrics
from mlops_actions.evaluate_model.rows.target import Target, shown
from mlops_actions.evidence.evaluation import Task
from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.metrics import METRICS, metric_of, metrics_for, read_name

ALL = "all"
"""The word for every metric of the task."""
_COST = re.compile(r"(?P<truth>.+) as (?P<prediction>.+?) *= *(?P<cost>[-+.\deE]+)")


class Asked(Protocol):
    """The inputs that say which metrics are wanted."""

    @property
    def metrics(self) -> list[str] | None:
        """Names, or None for all of the task."""

    @property
    def thresholds(self) -> list[float]:
        """Further thresholds for every metric of labels."""

    @property
    def costs(self) -> list[str]:
        """Entries such as `late as punctual = 10`."""


def check_names(asked: Asked, task: Task | None) -> None:
    """Raise InputError for what cannot be estimated whatever the data; `task` may not be known yet."""
    if task == "scores":
        # They are columns, and looked for where the table is read.
        return
    own_metrics(asked.metrics or [])
    for text in asked.metrics or []:
        if text == ALL or is_own(text):
            continue
        try:
            metric = metric_of(read_name(text))
        except ValueError as error:
            raise InputError(str(error), where="metrics") from None
        if task and task not in metric.tasks:
            raise InputError(
                f"{text!r} is no metric of task {task!r}.",
                where="metrics",
                hint=f"Known: {', '.join(metrics_for(task))}.",
            )
        if read_name(text).base == "cost" and not asked.costs:
            raise InputError(
                f"{text!r} needs costs.", where="metrics", hint="Give `costs: no as yes = 1, yes as no = 5`."
            )
    if asked.thresholds and task not in (None, "binary"):
        raise InputError(f"a task {task!r} has no thresholds.", where="thresholds", hint="Leave them out.")
    if asked.costs and task == "regression":
        raise InputError("a regression has no costs of classes.", where="costs", hint="Leave them out.")
    for entry in asked.costs:
        _cost(entry)


def asked_metrics(asked: Asked, target: Target) -> tuple[str, ...]:
    """The metrics of ours to estimate, each once and as it is written in the statement.

    Raises InputError as `check_names`, and for a class that the target does not have.
    """
    check_names(asked, target.task)
    if target.task == "scores":
        return tuple(dict.fromkeys(asked.metrics or []))
    names = list(dict.fromkeys(_spelled_out(asked, target.task)))
    labels = [shown(label) for label in target.labels]
    for name in names:
        label = read_name(name).argument
        if isinstance(label, str) and label not in labels:
            raise InputError(
                f"{name}: {label!r} is no class of {target.name!r}.", where="metrics", hint=nearest(label, labels)
            )
    return tuple(names)


def cost_matrix(costs: Sequence[str], labels: Sequence[str]) -> Floats | None:
    """The cost of each truth (rows) and prediction (columns), 0 where none is given; None without any costs.

    >>> cost_matrix(["yes as no = 5"], ["no", "yes"])
    array([[0., 0.],
           [5., 0.]])
    """
    if not costs:
        return None
    matrix = np.zeros((len(labels), len(labels)))
    for entry in costs:
        truth, prediction, cost = _cost(entry)
        for label in (truth, prediction):
            if label not in labels:
                raise InputError(f"{entry!r}: there is no class {label!r}.", where="costs", hint=nearest(label, labels))
        matrix[labels.index(truth), labels.index(prediction)] = cost
    return matrix


def _spelled_out(asked: Asked, task: Task) -> Iterator[str]:
    for text in asked.metrics or [ALL]:
        if is_own(text):
            continue
        given = text != ALL
        for name in [text] if given else [*metrics_for(task), *(["cost"] if asked.costs else [])]:
            yield str(read_name(name))
            at_thresholds = METRICS[read_name(name).base].needs == "labels" and read_name(name).at is None
            for threshold in asked.thresholds if at_thresholds else []:
                yield str(replace(read_name(name), at=threshold))


def _cost(entry: str) -> tuple[str, str, float]:
    match = _COST.fullmatch(entry.strip())
    if match and _is_number(match["cost"]):
        return match["truth"], match["prediction"], float(match["cost"])
    raise InputError(
        f"{entry!r} is no cost.", where="costs", hint="Write `truth as prediction = cost`: `late as punctual = 10`."
    )


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
