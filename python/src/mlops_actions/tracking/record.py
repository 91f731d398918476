"""A statement as what trackers keep: numbers by name, tags, and files."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_actions.evidence import Predicate, Provenance, Statement

if TYPE_CHECKING:
    from mlops_actions.evidence.data_report import DataReport
    from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation
    from mlops_actions.evidence.promotion import Promotion
    from mlops_actions.evidence.rollout import Rollout
    from mlops_actions.evidence.verdict import Verdict


@dataclass(frozen=True)
class Point:
    """One number; what is measured again and again has steps."""

    name: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Record:
    """What one action tells the tracker."""

    experiment: str
    """The model's name, as the registry and mlops.yml call it."""
    action: str
    pipeline: str | None
    """The URL of the CI run; actions of one pipeline share a run of the tracker. None: a run of its own."""
    tags: Mapping[str, str]
    points: tuple[Point, ...]
    files: Mapping[str, bytes]
    """Path below the run's artifacts → content."""
    provenance: Provenance | None


def record_of(
    statement: Statement[Predicate], action: str, experiment: str, pipeline: str | None, files: Mapping[str, bytes]
) -> Record:
    """What is written of a statement: the verdict's words as tags, its numbers as metrics, itself as a file."""
    predicate = statement.predicate
    tags = {
        f"{action}.result": predicate.result,
        f"{action}.sha256": statement.sha256,
        **({f"{action}.reason": predicate.reasons[0].message} if predicate.reasons else {}),
        **_words(predicate),
    }
    points = tuple(
        Point(f"{action}/{name}", value, step)
        for name, value, step in _NUMBERS[statement.kind](predicate)
        if value is not None and math.isfinite(value)
    )
    return Record(experiment, action, pipeline, tags, points, files, predicate.provenance)


Numbers = Iterator[tuple[str, float | None, int]]


def _of_data_report(report: DataReport) -> Numbers:
    yield "rows", report.rows, 0
    results = Counter(check.result for check in report.checks)
    for result in ("pass", "fail", "not-checked"):
        yield f"checks_{result}", results[result], 0
    for one in report.drift:
        what = "" if one.of == "value" else f"_{one.of}"
        yield f"drift/{one.column}{what}_{one.method}", one.value, 0


def _of_evaluation(evaluation: Evaluation) -> Numbers:
    yield "rows", evaluation.n, 0
    yield from _estimates("", evaluation.estimates)
    yield from _estimates("champion/", evaluation.champion)
    yield from _estimates("difference/", evaluation.differences)
    if evaluation.latency:
        yield from _estimates("", evaluation.latency.estimates)
    for part in evaluation.slices:
        yield from _estimates(f"slice/{part.column}/{part.value}/", part.estimates)


def _estimates(prefix: str, estimates: Mapping[str, EstimateRecord]) -> Numbers:
    for metric, estimate in estimates.items():
        yield f"{prefix}{metric}", estimate.value, 0
        yield f"{prefix}{metric}/lower", estimate.lower, 0
        yield f"{prefix}{metric}/upper", estimate.upper, 0


def _of_verdict(verdict: Verdict) -> Numbers:
    results = Counter(rule.result for rule in verdict.rules)
    for result in ("pass", "fail", "inconclusive", "not-applicable"):
        yield f"rules_{result}", results[result], 0


def _of_promotion(promotion: Promotion) -> Numbers:
    yield "version", promotion.version, 0


def _of_rollout(rollout: Rollout) -> Numbers:
    for step, look in enumerate(rollout.looks):
        yield "weight", look.weight, step
        yield "worse_log10", look.worse, step
        yield "non_inferior_log10", look.non_inferior, step
        for name, count in look.counts.items():
            yield name, count, step
    yield "final_weight", rollout.weight, 0


_NUMBERS: Mapping[str, Callable[[Any], Numbers]] = {
    "data-report": _of_data_report,
    "evaluation": _of_evaluation,
    "verdict": _of_verdict,
    "promotion": _of_promotion,
    "rollout": _of_rollout,
}
"""Kind → (name, value, step) of each number."""


def _words(predicate: Any) -> dict[str, str]:
    """What else people search for."""
    if predicate.KIND == "rollout":
        return {"canary-deploy.outcome": predicate.outcome}
    if predicate.KIND != "promotion":
        return {}
    version = {} if predicate.version is None else {"promote-champion.version": str(predicate.version)}
    return {"promote-champion.alias": predicate.alias, **version}
