"""What is known about one model when its rules are judged: plain values, read from statements or a metrics file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import inf, nan, sqrt
from typing import Any, Literal

from pydantic import ValidationError

from mlops_actions.errors import InputError
from mlops_actions.evidence import Reason, Result
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation
from mlops_actions.policy.language.rule import Against
from mlops_actions.statistics.contrasts import variance
from mlops_actions.statistics.estimate import Estimate

MEGABYTE = 1_000_000
OTHER = "(other)"
"""The slice that evaluate-model pools the small ones of a column into."""
MISSING = Estimate(nan, nan, inf, 0, 0.0, 0, "identity", "missing")
"""A metric that is not there: it can neither pass nor fail anything."""

Records = Mapping[str, EstimateRecord | Estimate]


@dataclass(frozen=True)
class Reference:
    """What the candidate is compared with: its metrics by name."""

    estimates: Records = field(default_factory=dict)
    differences: Records = field(default_factory=dict)
    """Candidate − reference: paired, or of independent samples where the rows are others."""

    def estimate(self, metric: str) -> Estimate:
        """The reference's metric; `MISSING` where there is none."""
        return _estimate(self.estimates, metric)

    def difference(self, metric: str) -> Estimate:
        """By how much the candidate differs."""
        return _estimate(self.differences, metric)


@dataclass(frozen=True)
class Scope:
    """All rows, or one slice: its metrics by name."""

    rows: int
    estimates: Records = field(default_factory=dict)
    champion: Records = field(default_factory=dict)
    differences: Records = field(default_factory=dict)
    """Candidate − champion, paired."""
    others: Mapping[Against, Reference] = field(default_factory=dict)
    """What else it was compared with, by its name in a rule."""

    def candidate(self, metric: str) -> Estimate:
        """The candidate's metric; `MISSING` where there is none."""
        return _estimate(self.estimates, metric)

    def reference(self, against: Against) -> Reference:
        """What a rule compares with."""
        if against == "champion":
            return Reference(self.champion, self.differences)
        return self.others.get(against, Reference())

    def count(self, metric: str) -> int:
        """Rows in the metric's denominator (positives, for recall), of the model that has fewer."""
        counts = [records[metric].n for records in (self.estimates, self.champion) if metric in records]
        return min(counts, default=0)


@dataclass(frozen=True)
class Champion:
    """What the registry says of the champion, beside what the evaluation compared with."""

    state: Literal["compared", "never", "gone", "moved", "unknown"]
    """compared: the evaluation's is the registry's. never: there was none yet. unknown: this evidence has none."""
    sha256: str | None = None
    """Of the champion that the evaluation compared with."""
    note: str = ""
    """What is wrong, in one sentence, and what to do about it."""


@dataclass(frozen=True)
class DataFacts:
    """What validate-data said about the data that rules rest on."""

    result: Result
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything that a rule can be judged on."""

    whole: Scope
    slices: Mapping[str, Mapping[str, Scope]] = field(default_factory=dict)
    """Column → value → metrics."""
    between: Mapping[tuple[str, str], Mapping[tuple[str, str], Estimate]] = field(default_factory=dict)
    """(metric, column) → pair of groups → paired difference, where the evaluation measured it."""
    minimum_count: int = 0
    """Rows in a metric's denominator below which a slice is judged only as a part of `OTHER`."""
    clusters: tuple[str, ...] = ()
    """Columns whose equal values make rows dependent."""
    measured: Mapping[str, float | None] = field(default_factory=dict)
    """size_mb, latency_p95_ms and age (in days); None where it is not known."""
    champion: Champion = Champion("unknown")
    is_champion: bool = False
    """Whether the candidate is, byte for byte, the champion."""
    data: DataFacts | None = None
    """None where no rule asks for it."""

    @property
    def references(self) -> frozenset[Against]:
        """What the evaluation compared with; the champion's state says more about it."""
        known: list[Against] = [name for name, one in self.whole.others.items() if one.estimates]
        return frozenset(["champion", *known])

    def gaps(self, metric: str, column: str) -> dict[tuple[str, str], Estimate]:
        """Differences of a metric between the groups of a column, one for each unordered pair.

        Where the evaluation did not measure a difference, it is built from the groups' own estimates: their rows
        differ, so variances add; with clusters that span groups the standard errors add, which no correlation beats.
        """
        measured = self.between.get((metric, column), {})
        groups = self.slices.get(column, {})
        return {
            (g, h): measured.get((g, h))
            or _apart(groups[g].candidate(metric), groups[h].candidate(metric), self.clusters)
            for g, h in combinations(groups, 2)
        }


def facts_of(evaluation: Evaluation) -> Facts:
    """The facts in an evaluation. Estimates are read when a rule asks for them: there may be thousands."""
    slices: dict[str, dict[str, Scope]] = {}
    for part in evaluation.slices:
        scope = Scope(part.n, part.estimates, part.champion, part.differences)
        slices.setdefault(part.column, {})[part.value] = scope
    latency = evaluation.timing.latency_p95_ms if evaluation.timing else None
    size = None if evaluation.size_bytes is None else evaluation.size_bytes / MEGABYTE
    others: dict[Against, Reference] = {
        role: Reference(one.estimates, one.differences) for role, one in evaluation.references.items()
    }
    return Facts(
        whole=Scope(evaluation.n, evaluation.estimates, evaluation.champion, evaluation.differences, others),
        slices=slices,
        between=_between(evaluation.fairness),
        minimum_count=evaluation.minimum_count,
        clusters=tuple(evaluation.cluster),
        measured={"size_mb": size, "latency_p95_ms": latency},
    )


def _between(entries: list[dict[str, Any]]) -> dict[tuple[str, str], dict[tuple[str, str], Estimate]]:
    found: dict[tuple[str, str], dict[tuple[str, str], Estimate]] = {}
    for entry in entries:
        if {"metric", "column", "first", "second", "difference"} <= entry.keys():
            pair = (str(entry["first"]), str(entry["second"]))
            try:
                record = EstimateRecord.model_validate(entry["difference"])
            except ValidationError:
                message = f"the evaluation's difference of {entry['metric']} between groups cannot be read."
                raise InputError(message, hint="Run evaluate-model again.") from None
            found.setdefault((entry["metric"], entry["column"]), {})[pair] = _estimate(
                {"difference": record}, "difference"
            )
    return found


def _estimate(records: Records, metric: str) -> Estimate:
    record = records.get(metric)
    if record is None:
        return MISSING
    try:
        return record if isinstance(record, Estimate) else record.estimate()
    except ValueError as error:
        raise InputError(f"the evaluation's estimate of {metric} cannot be read: {error}.") from None


def _apart(first: Estimate, second: Estimate, clusters: tuple[str, ...]) -> Estimate:
    if first.scale == second.scale == "point":
        return Estimate.point(first.value - second.value)
    reasons = {first.undecidable, second.undecidable}
    if "no-data" in reasons:
        return MISSING
    one, other = variance(first), variance(second)
    return Estimate(
        value=nan if "undefined" in reasons else first.value - second.value,
        # A group that shows no variance hides some; the gap must not profit from it.
        se=0.0 if "zero-variance" in reasons else sqrt(one) + sqrt(other) if clusters else sqrt(one + other),
        df=min(first.df, second.df),
        n=first.n + second.n,
        n_effective=first.n_effective + second.n_effective,
        clusters=min(first.clusters, second.clusters) if clusters else first.clusters + second.clusters,
        scale="identity",
        method="between",
    )
