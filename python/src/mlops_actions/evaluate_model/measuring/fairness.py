"""How far the groups of a protected column are apart, in every metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from math import isfinite

from mlops_actions.evaluate_model.measuring.cuts import Cut
from mlops_actions.evidence.evaluation import Disparity, Extreme
from mlops_actions.statistics import groups
from mlops_actions.statistics.between import errors_between
from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation
from mlops_actions.statistics.metrics import Task, known_metric
from mlops_actions.statistics.sample import Sample

_METRICS: Mapping[Task, tuple[str, ...]] = {
    "binary": ("selection_rate", "recall", "false_positive_rate", "precision", "calibration_in_the_large"),
    "multiclass": ("accuracy", "recall_macro"),
    "regression": ("mean_error", "mae"),
    "scores": (),
}


def metrics_between_groups(task: Task) -> tuple[str, ...]:
    """What groups are compared in, whatever other metrics are asked for."""
    return _METRICS[task]


def disparities(
    sample: Sample,
    cut: Cut,
    parts: Sequence[tuple[str, int, Evaluation]],
    minimum: int,
    confidence: float,
) -> Iterator[Disparity]:
    """Each metric between the groups of a protected column; `parts` are the groups' own estimates.

    Standard errors of differences are kept where clusters span groups; of independent rows they follow from the
    groups' own. Bounds of the greatest gap and the least ratio are those by which a gate judges all pairs.
    """
    names = list(parts[0][2].estimates)
    alone = replace(sample, champion=None)
    errors = errors_between(alone, names, cut.codes, len(cut.values)) if sample.sampling.columns else {}
    for name in names:
        values = {value: found.estimates[name] for value, _rows, found in parts}
        yield _disparity(cut.column, name, values, errors.get(name), minimum, confidence)


def _disparity(
    column: str, metric: str, values: Mapping[str, Estimate], errors: Floats | None, minimum: int, confidence: float
) -> Disparity:
    few = [value for value, one in values.items() if one.n < minimum]
    judged = {value: one for value, one in values.items() if value not in few}
    place = {value: i for i, value in enumerate(values)}
    pairs = {
        (g, h): groups.difference(
            judged[g],
            judged[h],
            None if errors is None else float(errors[place[g], place[h]]),
            clustered=errors is not None,
        )
        for g, h in combinations(judged, 2)
    }
    known = known_metric(metric)
    # Of a number that may be negative a ratio says nothing.
    ratio = groups.least_ratio(judged, pairs, confidence) if known and known.bounds[0] == 0.0 else None
    return Disparity(
        column=column,
        metric=metric,
        groups=list(values),
        too_few=few,
        standard_errors=None if errors is None else [_digits(row[:i]) for i, row in enumerate(errors)],
        gap=_extreme(groups.greatest_gap(pairs, confidence), confidence),
        ratio=_extreme(ratio, confidence),
    )


def _extreme(found: groups.Extreme | None, confidence: float) -> Extreme | None:
    if found is None:
        return None
    lower, upper = (bound if isfinite(bound) else None for bound in (found.lower, found.upper))
    return Extreme(
        first=found.first, second=found.second, value=found.value, lower=lower, upper=upper, confidence=confidence
    )


def _digits(row: Floats) -> list[float | None]:
    """Six digits, a millionth of the error itself."""
    return [float(f"{error:.6g}") if isfinite(error) else None for error in row]
