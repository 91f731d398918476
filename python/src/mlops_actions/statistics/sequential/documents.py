"""A rollout's evidence as plain JSON and back, so that a killed run resumes with all that it had learnt.

The shape is a format: what an older release of v1 wrote is read by every later one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential.alternatives import NON_INFERIOR_ALTERNATIVES, WORSE_ALTERNATIVES
from mlops_actions.statistics.sequential.counts import Counts
from mlops_actions.statistics.sequential.dispersion import Dispersion
from mlops_actions.statistics.sequential.e_values import FloatArray
from mlops_actions.statistics.sequential.processes import Processes
from mlops_actions.statistics.sequential.rollout import Evidence, Metric, begin

VERSION: Final = 1

_T = TypeVar("_T")


def to_document(evidence: Evidence) -> dict[str, Any]:
    """A dictionary of numbers, strings and lists that `json.dumps(..., allow_nan=False)` takes."""
    seen = evidence.processes
    return {
        "version": VERSION,
        "alpha": evidence.alpha,
        "planned_looks": evidence.planned_looks,
        "looks": evidence.looks,
        "metrics": [
            {
                "name": metric.name,
                "margin": metric.margin,
                "ratio": metric.ratio,
                "weight": metric.weight,
                "promotes": metric.promotes,
                "history": [metric.history.bad, metric.history.total],
                "dispersion": [metric.dispersion.value, metric.dispersion.source, metric.dispersion.looks],
                "canary": [int(seen.canary_bad[at]), int(seen.canary_total[at])],
                "baseline": [int(seen.baseline_bad[at]), int(seen.baseline_total[at])],
                "started": seen.started,
                # JSON has no infinity: null is an alternative that has not started.
                "log_started": [None if math.isinf(x) else x for x in seen.log_started[at].tolist()],
                "log_products": seen.log_products[at].tolist(),
            }
            for at, metric in enumerate(evidence.metrics)
        ],
    }


def from_document(document: Mapping[str, Any], *, where: str = "state") -> Evidence:
    """The evidence that `to_document` wrote; InputError naming the field of `where` that is missing or wrong."""
    version = _field(document, "version", int, where)
    if version != VERSION:
        raise InputError(f"the rollout's state has version {version}, this release reads {VERSION}.", where=where)
    rows = _field(document, "metrics", list, where)
    read = [_metric(row, f"{where}: metrics[{position}]") for position, row in enumerate(rows)]
    looks = _field(document, "looks", int, where)
    alpha, planned_looks = _field(document, "alpha", float, where), _field(document, "planned_looks", int, where)
    try:
        fresh = begin([metric for metric, _ in read], alpha=alpha, planned_looks=planned_looks)
    except InputError as error:
        raise InputError(error.message, where=where) from None
    if looks < 0:
        raise InputError(f"looks is {looks}, below 0.", where=where)
    return Evidence(fresh.metrics, fresh.alpha, fresh.planned_looks, looks, _together(read, where))


def _together(read: Sequence[tuple[Metric, Processes]], where: str) -> Processes:
    """The processes of all metrics as one; they have started together."""
    each = [processes for _, processes in read]
    if any(one.started != each[0].started for one in each):
        raise InputError("the metrics have not `started` together.", where=where)
    arrays = ("canary_bad", "canary_total", "baseline_bad", "baseline_total", "log_started", "log_products")
    stacked = {name: np.stack([getattr(one, name) for one in each]) for name in arrays}
    return Processes(started=each[0].started, **stacked)


def _metric(row: Any, where: str) -> tuple[Metric, Processes]:
    if not isinstance(row, Mapping):
        raise InputError(f"an object is needed, found {type(row).__name__}.", where=where)
    value, source, looks = _list(row, "dispersion", 3, where)
    if source not in ("clusters", "measured", "assumed"):
        raise InputError(f"the source of a dispersion is unknown: {source!r}.", where=where)
    history, canary, baseline = (Counts(*_list(row, key, 2, where)) for key in ("history", "canary", "baseline"))
    metric = Metric(
        name=_field(row, "name", str, where),
        dispersion=Dispersion(_number(value, "dispersion", where), source, int(_number(looks, "dispersion", where))),
        history=history,
        margin=_field(row, "margin", float, where),
        ratio=_field(row, "ratio", float, where),
        promotes=_field(row, "promotes", bool, where),
        weight=_field(row, "weight", float, where),
    )
    started = _field(row, "started", float, where)
    if not 0 <= started <= 1 + 1e-9 or baseline.bad < history.bad or baseline.total < history.total:
        raise InputError("`started` or `baseline` cannot have come from a rollout.", where=where)
    processes = Processes(
        canary_bad=np.asarray(float(canary.bad)),
        canary_total=np.asarray(float(canary.total)),
        baseline_bad=np.asarray(float(baseline.bad)),
        baseline_total=np.asarray(float(baseline.total)),
        log_started=_logs(row, "log_started", WORSE_ALTERNATIVES, where, none=-math.inf),
        started=started,
        log_products=_logs(row, "log_products", NON_INFERIOR_ALTERNATIVES, where),
    )
    return metric, processes


def _field(row: Mapping[str, Any], key: str, kind: type[_T], where: str) -> _T:
    if key not in row:
        raise InputError(f"`{key}` is missing.", where=where)
    value = _number(row[key], key, where) if kind is float else row[key]
    # bool is an int to isinstance.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"`{key}` is {repr(value)[:60]}, of the wrong type.", where=where)
    return value


def _list(row: Mapping[str, Any], key: str, length: int, where: str) -> list[Any]:
    values = _field(row, key, list, where)
    if len(values) != length:
        raise InputError(f"`{key}` has {len(values)} values, {length} are needed.", where=where)
    return values


def _logs(row: Mapping[str, Any], key: str, length: int, where: str, none: float | None = None) -> FloatArray:
    values = _list(row, key, length, where)
    return np.array([none if value is None and none is not None else _number(value, key, where) for value in values])


def _number(value: Any, key: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"`{key}` holds {repr(value)[:60]}, a finite number is needed.", where=where)
    return float(value)
