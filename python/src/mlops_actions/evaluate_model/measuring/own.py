"""Metrics of the user's own: computed for every model, then estimated like ours, or judged as points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.evaluate_model.comparison.pairing import OwnNumbers, Scored, sample_of
from mlops_actions.evaluate_model.measuring.baseline import baseline_of
from mlops_actions.evaluate_model.own_metrics.code import Code
from mlops_actions.evaluate_model.own_metrics.computing import Given, Predicted, Role, compute
from mlops_actions.evaluate_model.own_metrics.names import OwnMetric, own_metrics
from mlops_actions.evaluate_model.rows.target import Label, shown
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.sandbox import Sandbox
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.evidence import Material, Reason
from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation
from mlops_actions.statistics.sample import Predictions
from mlops_actions.tables.interface import Column

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs

Codes = Mapping[OwnMetric, Code | None]


def find_own(inputs: Inputs, test_set: TestSet) -> Codes:
    """The metrics of the user's own that are asked for, each with its code.

    Raises InputError where one asks for a column that is not there, or that is the target.
    """
    found = {one: Code.of(one) for one in own_metrics(inputs.metrics or [])}
    for one in found:
        for column in one.columns:
            test_set.require(column, "metrics")
    return found


def materials_of(codes: Codes) -> list[Material]:
    """The code that is read, where it lies in the working directory."""
    return [code.material(metric) for metric, code in codes.items() if code]


def with_own(inputs: Inputs, codes: Codes, test_set: TestSet, scored: Scored, sandbox: Sandbox | None) -> Scored:
    """The same with what the user's metrics give, and a reason for each that gives nothing, or a single number."""
    if not codes:
        return scored
    assert sandbox is not None
    models = _models(inputs, test_set, scored)
    rows: dict[Role, dict[str, Floats]] = defaultdict(dict)
    points: dict[Role, dict[str, float]] = defaultdict(dict)
    reasons = []
    for metric, code in codes.items():
        given = replace(models, columns=test_set.table.arrays(list(metric.columns)) if metric.columns else {})
        try:
            numbers = compute(metric, code, given, sandbox, inputs.time_limit)
            kinds = {isinstance(one, float) for one in numbers.values()}
            if len(kinds) > 1:
                raise MisbehaviourError("metric-shape", "gave one number for one model, and one a row for another.")
        except MisbehaviourError as error:
            reasons.append(Reason(code=error.code, message=f"`{metric}` {error.message}", where="metrics"))
            continue
        for role, one in numbers.items():
            if isinstance(one, float):
                points[role][metric.name] = one
            else:
                rows[role][metric.name] = one
        if kinds == {True}:
            reasons.append(_as_point(metric))
    return replace(scored, own=OwnNumbers(rows, points), reasons=(*scored.reasons, *reasons))


def with_points(table: Evaluation, own: OwnNumbers, other: Role = "champion") -> Evaluation:
    """The same with metrics that gave one number, as points, and their differences to another model."""
    ours, theirs = own.points.get("candidate", {}), own.points.get(other, {})
    differences = {name: Estimate.point(one - theirs[name]) for name, one in ours.items() if name in theirs}
    return Evaluation(
        {**table.estimates, **_points(ours)},
        {**table.champion, **_points(theirs)},
        {**table.differences, **differences},
    )


def _points(values: Mapping[str, float]) -> dict[str, Estimate]:
    return {name: Estimate.point(one) for name, one in values.items()}


def _as_point(metric: OwnMetric) -> Reason:
    message = (
        f"`{metric}` gives one number for all rows: it is judged as a point, without interval and slices. "
        "Return a number a row, whose mean is the metric, to have both."
    )
    return Reason(code="metric-as-point", message=message, where="metrics", warning=True)


def _models(inputs: Inputs, test_set: TestSet, scored: Scored) -> Given:
    """What every metric may see of the models; the baseline is one of them."""
    target, classes = test_set.target, scored.classes(test_set.target)
    sample = sample_of(inputs, test_set, scored)
    found: dict[Role, Predictions] = {"candidate": sample.candidate}
    for role in scored.rivals:
        rival = sample_of(inputs, test_set, scored, role).champion
        assert rival is not None
        found[role] = rival
    # Of several baselines the one that the metrics of absolute errors have.
    found["baseline"] = list(baseline_of(sample, ["own"], scored.trained)[1].values())[-1]
    return Given(
        truth=_column(sample.truth, classes),
        models={role: _predicted(one, classes) for role, one in found.items()},
        weights=test_set.sampling.weights,
        classes=target.labels if target.task == "binary" else classes,
        columns={},
    )


def _predicted(model: Predictions, classes: Sequence[Label]) -> Predicted:
    if model.values is not None:
        return Predicted(Column(model.values))
    assert model.labels is not None
    return Predicted(_column(model.labels, classes), None if model.scores is None else Column(model.scores))


def _column(codes: NDArray[Any], classes: Sequence[Label]) -> Column:
    """Codes as the labels of the data; numbers stay numbers, where there are no classes."""
    if not classes:
        return Column(codes)
    if any(isinstance(label, str) for label in classes):
        return Column(codes, None, [shown(label) for label in classes])
    return Column(np.array(classes)[codes])
