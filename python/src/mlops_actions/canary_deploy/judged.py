"""What a rollout judges, fixed before the first weight: the errors always, and what else the inputs ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlops_actions.canary_deploy.baseline import Baseline, History
from mlops_actions.canary_deploy.metrics.interface import BY_CLUSTER, ERRORS, MIRRORED
from mlops_actions.canary_deploy.metrics.latency import bound_of, latency_name
from mlops_actions.errors import InputError, nearest
from mlops_actions.statistics import sequential
from mlops_actions.statistics.sequential import Metric

_SLOW_SHARES = (0.5, 0.25, 0.1, 0.05, 0.01)
"""Of the stable side's requests: a latency is cut where about so many are slower."""


@dataclass(frozen=True)
class Wanted:
    """What is to be judged, as the inputs say it."""

    error_margin: float
    """As a rate: of errors, and of requests slower than the limit."""
    latency: float | None = None
    """Seconds that a request may take."""
    margins: Mapping[str, float] = field(default_factory=dict)
    """Of each counter of the user's own, as a rate."""
    mirrored: bool = False
    """Whether copies of requests are judged, where their errors are counted."""
    cluster: str | None = None
    """What errors are counted by, such as a user, instead of by request."""


def choose_metrics(wanted: Wanted, baseline: Baseline) -> tuple[Metric, ...]:
    """The metrics with what the stable side showed of each, errors first.

    InputError for what its source does not count: it would be judged on no data.
    """
    errors = _errors(wanted, baseline)
    own = [_metric(name, baseline, margin, "metrics") for name, margin in wanted.margins.items()]
    judges_copies = wanted.mirrored and MIRRORED in baseline.metrics
    copies = [_metric(MIRRORED, baseline, wanted.error_margin, "metrics-source")] if judges_copies else []
    return (errors, *_latency(wanted, baseline), *own, *copies)


def _errors(wanted: Wanted, baseline: Baseline) -> Metric:
    if wanted.cluster is None:
        return _metric(ERRORS, baseline, wanted.error_margin, "metrics-source")
    history = _history(BY_CLUSTER, baseline, "cluster")
    return Metric(BY_CLUSTER, sequential.BY_CLUSTER, history.counts, margin=wanted.error_margin)


def _latency(wanted: Wanted, baseline: Baseline) -> list[Metric]:
    """The user's limit, which promotes, and cuts of the stable side's own distribution; together they count as one."""
    if wanted.latency is None:
        return []
    limit = latency_name(wanted.latency)
    if limit not in baseline.metrics:
        bounds = sorted(bound for name in baseline.metrics if (bound := bound_of(name)) is not None)
        if not bounds:
            raise InputError(
                "latency was asked for, and what counts the requests does not time them.",
                where="latency",
                hint="Name one that does as 'metrics-source'; see the guide of canary-deploy.",
            )
        listed = ", ".join(f"{1000 * bound:g}ms" for bound in bounds)
        raise InputError(
            f"how many requests take longer than {1000 * wanted.latency:g}ms is not counted.",
            where="latency",
            hint=f"Write one of the bounds of the buckets that are: {listed}.",
        )
    cuts = [name for name in _cuts(baseline) if name != limit]
    weight = 1 / (1 + len(cuts))
    judged = _metric(limit, baseline, wanted.error_margin, "latency", weight=weight)
    return [
        judged,
        *(_metric(name, baseline, wanted.error_margin, "latency", weight=weight, promotes=False) for name in cuts),
    ]


def _cuts(baseline: Baseline) -> list[str]:
    """The bounds that are nearest to each share of slow requests; none that all or no requests exceed."""
    latencies = {
        name: one.rate
        for name, one in baseline.metrics.items()
        if bound_of(name) is not None and 0 < one.counts.bad < one.counts.total
    }
    nearest_cuts = (
        min(latencies, key=lambda name: abs(latencies[name] - share)) for share in _SLOW_SHARES if latencies
    )
    return list(dict.fromkeys(nearest_cuts))


def _metric(
    name: str, baseline: Baseline, margin: float, where: str, *, weight: float = 1.0, promotes: bool = True
) -> Metric:
    history = _history(name, baseline, where)
    return Metric(name, history.dispersion, history.counts, margin=margin, weight=weight, promotes=promotes)


def _history(name: str, baseline: Baseline, where: str) -> History:
    if name not in baseline.metrics:
        raise InputError(
            f"nothing counted {name!r} while the stable side was watched.",
            where=where,
            hint=f"{nearest(name, baseline.metrics)} What 'metrics-source' has to give for it is in the guide.",
        )
    return baseline.metrics[name]
