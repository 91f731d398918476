"""The judgement of a whole rollout: the evidence so far, one look more, and what to do now.

`begin`, `update`, `next_step` and `decide` are pure: the same blocks give the same decision, whoever was killed and
resumed in between. What must not change: metrics, margins, dispersions and alpha are fixed before the first look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from mlops_actions.errors import InputError, nearest
from mlops_actions.statistics.sequential.counts import NOTHING, Block, Counts
from mlops_actions.statistics.sequential.dispersion import Dispersion
from mlops_actions.statistics.sequential.processes import Hypotheses, Processes, start_weight

_UNSEEN = Block(NOTHING, NOTHING)
_LARGEST_LOG = 690.0
"""Shown e-values stay finite."""


@dataclass(frozen=True)
class Metric:
    """Something that each request does or does not do: fail, be slower than 200 ms, be answered wrongly."""

    name: str
    dispersion: Dispersion
    history: Counts = NOTHING
    """The baseline's counts from before the canary."""
    margin: float = 0.01
    ratio: float = 1.0
    promotes: bool = True
    """False: it can roll back, but a step does not wait for it (one of several cuts of a latency)."""
    weight: float = 1.0
    """Its part in the mean that rolls back: five cuts of one latency have a fifth each."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise InputError(f"the weight of a metric is above 0, not {self.weight!r}.", where=f"metric {self.name}")
        # Building a null checks margin and ratio.
        _ = self.hypotheses.not_worse

    @property
    def hypotheses(self) -> Hypotheses:
        return Hypotheses(self.margin, self.ratio, self.dispersion.value)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a rollout has shown so far; `documents` writes it to JSON and reads it back."""

    metrics: tuple[Metric, ...]
    alpha: float
    planned_looks: int
    looks: int
    processes: Processes
    """Of the leading shape (metrics,)."""


class Action(StrEnum):
    ROLL_BACK = "roll-back"
    ADVANCE = "advance"
    CONTINUE = "continue"


@dataclass(frozen=True)
class Reason:
    code: str
    message: str
    metric: str | None = None


@dataclass(frozen=True)
class Judgement:
    """One metric's numbers at this look."""

    metric: str
    canary: Counts
    baseline: Counts
    """Since the canary started."""
    worse: float
    """The e-value against "the canary is not worse by more than the margin"."""
    non_inferior: float | None
    """The e-value, in this step alone, against "worse by the margin or more"; None where no step waits for it."""


@dataclass(frozen=True)
class Decision:
    """What to do, and the numbers behind it."""

    action: Action
    threshold: float
    """1 / alpha: what evidence must reach."""
    worse: float
    """The weighted mean over the metrics."""
    judgements: tuple[Judgement, ...]
    reasons: tuple[Reason, ...]


def begin(metrics: Sequence[Metric], *, alpha: float = 0.05, planned_looks: int) -> Evidence:
    """The evidence before the first look.

    Raises InputError without a metric that a promotion waits for, on a metric named twice, and on an alpha or a
    number of looks that makes no sense.
    """
    names = [metric.name for metric in metrics]
    if len(set(names)) < len(names):
        raise InputError(f"a metric is named twice: {', '.join(names)}.")
    if not any(metric.promotes for metric in metrics):
        raise InputError("at least one metric has to be shown to be good enough, or every canary would be promoted.")
    if not 0 < alpha < 1:
        raise InputError(f"alpha is between 0 and 1, not {alpha!r}.", where="alpha", hint="Write 0.05.")
    if planned_looks < 1:
        raise InputError(f"the deadline leaves room for {planned_looks} looks.", where="deadline")
    histories = [metric.history for metric in metrics]
    processes = Processes.begin([one.bad for one in histories], [one.total for one in histories])
    return Evidence(tuple(metrics), alpha, planned_looks, looks=0, processes=processes)


def update(evidence: Evidence, look: Mapping[str, Block | None]) -> Evidence:
    """The evidence after one more look. A metric that is missing, None or has an empty arm teaches nothing.

    >>> from mlops_actions.statistics.sequential.dispersion import BY_CLUSTER
    >>> evidence = begin([Metric("errors", BY_CLUSTER, Counts(100, 10_000))], planned_looks=100)
    >>> evidence = update(evidence, {"errors": Block(Counts(6, 20), Counts(2, 180))})
    >>> decision = decide(evidence)
    >>> decision.action, round(decision.worse)
    (<Action.ROLL_BACK: 'roll-back'>, 679)
    """
    names = [metric.name for metric in evidence.metrics]
    if unknown := [name for name in look if name not in names]:
        raise InputError(f"this rollout does not judge {unknown[0]!r}.", hint=nearest(unknown[0], names))
    number = evidence.looks + 1
    weight = start_weight(number, evidence.planned_looks)
    blocks = [look.get(name) or _UNSEEN for name in names]
    canary, baseline = ([block.canary for block in blocks], [block.baseline for block in blocks])
    processes = evidence.processes.observe(_hypotheses(evidence.metrics), _arm(canary), _arm(baseline), weight)
    return replace(evidence, looks=number, processes=processes)


def next_step(evidence: Evidence) -> Evidence:
    """The evidence when the weight moves on: `worse` is kept, `non-inferior` starts afresh."""
    return replace(evidence, processes=evidence.processes.next_step())


def decide(evidence: Evidence) -> Decision:
    """What the evidence asks for, at a look or after a restart.

    Roll back when the mean of the metrics' `worse` e-processes reaches 1/alpha: a mean of e-values is one under any
    dependence (Vovk & Wang, "E-values: calibration, combination and applications", Annals of Statistics 2021), so
    by Ville's inequality a rollout that is not worse is rolled back with probability at most alpha, over all looks.
    Advance when each metric's `non-inferior` reaches it in this step. Neither: continue, never a pass.
    """
    threshold = 1 / evidence.alpha
    log_worse = evidence.processes.log_worse
    shares = np.array([metric.weight for metric in evidence.metrics])
    shares = shares / shares.sum()
    log_family = float(np.logaddexp.reduce(log_worse + np.log(shares)))
    judgements = _judgements(evidence)

    if log_family >= math.log(threshold):
        action = Action.ROLL_BACK
        worst = int(np.argmax(log_worse + np.log(shares)))
        told = [(evidence.metrics[worst], judgements[worst])]
    else:
        told = list(zip(evidence.metrics, judgements, strict=True))
        shown = [j.non_inferior >= threshold for j in judgements if j.non_inferior is not None]
        action = Action.ADVANCE if all(shown) else Action.CONTINUE
    reasons = [_reason(action, metric, judgement, threshold) for metric, judgement in told]
    reasons += [
        Reason("dispersion-assumed", f"the dispersion is {metric.dispersion}", metric.name)
        for metric, _ in told
        if metric.dispersion.source == "assumed"
    ]
    return Decision(action, threshold, _shown(log_family), judgements, tuple(reasons))


def _hypotheses(metrics: Sequence[Metric]) -> Hypotheses:
    """Of all metrics at once."""
    margins, ratios, dispersions = (
        np.array(values)
        for values in zip(*((one.margin, one.ratio, one.dispersion.value) for one in metrics), strict=True)
    )
    return Hypotheses(margins, ratios, dispersions)


def _arm(counts: Sequence[Counts]) -> tuple[list[int], list[int]]:
    return [one.bad for one in counts], [one.total for one in counts]


def _judgements(evidence: Evidence) -> tuple[Judgement, ...]:
    seen = evidence.processes
    worse, non_inferior = seen.log_worse.tolist(), seen.log_non_inferior.tolist()
    return tuple(
        Judgement(
            metric=metric.name,
            canary=Counts(int(seen.canary_bad[at]), int(seen.canary_total[at])),
            baseline=Counts(
                int(seen.baseline_bad[at]) - metric.history.bad, int(seen.baseline_total[at]) - metric.history.total
            ),
            worse=_shown(worse[at]),
            non_inferior=_shown(non_inferior[at]) if metric.promotes else None,
        )
        for at, metric in enumerate(evidence.metrics)
    )


def _reason(action: Action, metric: Metric, judgement: Judgement, threshold: float) -> Reason:
    arms = f"canary {_rate(judgement.canary)}, baseline {_rate(judgement.baseline)}"
    factor = f" and the factor {metric.ratio:g}" if metric.ratio != 1 else ""
    points = f"{100 * metric.margin:g} point{'' if metric.margin == 0.01 else 's'}"
    margin = f"the margin of {points}{factor}"
    if not judgement.canary.total or not judgement.baseline.total:
        silent = "canary" if not judgement.canary.total else "baseline"
        return Reason("no-requests", f"{arms}: nothing is learnt while the {silent} gets no request", metric.name)
    if action is Action.ROLL_BACK:
        return Reason("worse", f"{arms}: worse by more than {margin}, evidence {judgement.worse:.3g}", metric.name)
    if judgement.non_inferior is None:
        return Reason("not-shown-worse", f"{arms}: not shown to be worse, evidence {judgement.worse:.3g}", metric.name)
    if judgement.non_inferior >= threshold:
        text = f"{arms}: shown to be within {margin}, evidence {judgement.non_inferior:.3g}"
        return Reason("non-inferior", text, metric.name)
    text = (
        f"{arms}: not yet shown to be within {margin} (evidence {judgement.non_inferior:.3g}) "
        f"nor to be worse (evidence {judgement.worse:.3g}); {threshold:.3g} is needed"
    )
    return Reason("undecided", text, metric.name)


def _rate(counts: Counts) -> str:
    return "no requests" if counts.rate is None else f"{counts.bad:,} of {counts.total:,} ({100 * counts.rate:.2g} %)"


def _shown(log_e: float) -> float:
    return math.exp(min(log_e, _LARGEST_LOG))
