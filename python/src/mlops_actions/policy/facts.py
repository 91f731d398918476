"""What is known about one model when its rules are judged: plain values, read from statements or a metrics file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import inf, nan
from typing import TYPE_CHECKING, Literal

from mlops_actions.errors import InputError
from mlops_actions.evidence import Reason, Result
from mlops_actions.policy.language.rule import Against, Topic
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.groups import difference

if TYPE_CHECKING:
    from mlops_actions.evidence.evaluation import Disparity, EstimateRecord, Evaluation

MEGABYTE = 1_000_000
OTHER = "(other)"
"""The slice that evaluate-model pools the small ones of a column into."""
MISSING = Estimate(nan, nan, inf, 0, 0.0, 0, "identity", "missing")
"""A metric that is not there: it can neither pass nor fail anything."""

Records = Mapping[str, "EstimateRecord | Estimate"]


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
class Stated:
    """What the statements about the data, or about the model, come to together."""

    result: Result
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Facts:
    """Everything that a rule can be judged on."""

    whole: Scope
    slices: Mapping[str, Mapping[str, Scope]] = field(default_factory=dict)
    """Column → value → metrics."""
    protected: frozenset[str] = frozenset()
    """Columns whose groups are all judged: one that is too small is named, not pooled."""
    between: Mapping[tuple[str, str], Mapping[tuple[str, str], float]] = field(default_factory=dict)
    """(metric, column) → pair of groups → standard error of their difference, where the evaluation measured it."""
    minimum_count: int = 0
    """Rows in a metric's denominator below which a slice is judged only as a part of `OTHER`."""
    clusters: tuple[str, ...] = ()
    """Columns whose equal values make rows dependent."""
    measured: Mapping[str, float | None] = field(default_factory=dict)
    """Plain numbers: size_mb, age (in days) and latencies that were not repeated; None where one is not known."""
    timed: Scope = Scope(0)
    """Latencies, over repeats."""
    champion: Champion = Champion("unknown")
    is_champion: bool = False
    """Whether the candidate is, byte for byte, the champion."""
    stated: Mapping[Topic, Stated] = field(default_factory=dict)
    """What a rule asks to have passed; nothing where nobody stated anything of it."""

    @property
    def references(self) -> frozenset[Against]:
        """What the evaluation compared with; the champion's state says more about it."""
        known: list[Against] = [name for name, one in self.whole.others.items() if one.estimates]
        return frozenset(["champion", *known])

    def gaps(self, metric: str, column: str) -> dict[tuple[str, str], Estimate]:
        """Differences of a metric between the groups of a column, one for each unordered pair.

        Where the evaluation did not measure its standard error, it follows from the groups' own: their rows differ,
        so variances add; with clusters that span groups the standard errors add, which no correlation beats.
        """
        errors = self.between.get((metric, column), {})
        # The pool is made of small groups, which are named themselves.
        groups = {name: scope for name, scope in self.slices.get(column, {}).items() if name != OTHER}
        return {
            (g, h): difference(
                groups[g].candidate(metric),
                groups[h].candidate(metric),
                errors.get((g, h)),
                clustered=bool(self.clusters),
            )
            for g, h in combinations(groups, 2)
        }


def facts_of(evaluation: Evaluation) -> Facts:
    """The facts in an evaluation. Estimates are read when a rule asks for them: there may be thousands."""
    slices: dict[str, dict[str, Scope]] = {}
    for part in evaluation.slices:
        scope = Scope(part.n, part.estimates, part.champion, part.differences)
        slices.setdefault(part.column, {})[part.value] = scope
    latency, timed = evaluation.timing.latency_p95_ms if evaluation.timing else None, Scope(0)
    if repeated := evaluation.latency:
        latency, timed = None, Scope(repeated.repeats, repeated.estimates, repeated.champion, repeated.differences)
    size = None if evaluation.size_bytes is None else evaluation.size_bytes / MEGABYTE
    others: dict[Against, Reference] = {
        role: Reference(one.estimates, one.differences) for role, one in evaluation.references.items()
    }
    return Facts(
        whole=Scope(evaluation.n, evaluation.estimates, evaluation.champion, evaluation.differences, others),
        slices=slices,
        protected=frozenset(evaluation.protected),
        between=_between(evaluation.fairness),
        minimum_count=evaluation.minimum_count,
        clusters=tuple(evaluation.cluster),
        measured={"size_mb": size, "latency_p95_ms": latency},
        timed=timed,
    )


def _between(entries: Sequence[Disparity]) -> dict[tuple[str, str], dict[tuple[str, str], float]]:
    found: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for entry in entries:
        errors = found.setdefault((entry.metric, entry.column), {})
        for (i, later), row in zip(enumerate(entry.groups), entry.standard_errors or [], strict=False):
            for earlier, error in zip(entry.groups[:i], row, strict=False):
                if error is not None:
                    errors[earlier, later] = errors[later, earlier] = error
    return found


def _estimate(records: Records, metric: str) -> Estimate:
    record = records.get(metric)
    if record is None:
        return MISSING
    try:
        return record if isinstance(record, Estimate) else record.estimate()
    except ValueError as error:
        raise InputError(f"the evaluation's estimate of {metric} cannot be read: {error}.") from None
