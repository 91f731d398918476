"""From a rule and the facts to the claims that are judged: one for the whole, or one a slice or pair of groups."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan

from mlops_actions.errors import InputError, nearest
from mlops_actions.policy.facts import OTHER, Facts, Scope
from mlops_actions.policy.language.rule import (
    REFERENCES,
    Comparison,
    Gap,
    Guard,
    InSlice,
    Measured,
    Overall,
    PerSlice,
    Ratio,
    Rule,
    Worst,
)
from mlops_actions.statistics.contrasts import combine, negate
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.families import Claim
from mlops_actions.statistics.metrics import known_metric


@dataclass(frozen=True)
class Member:
    """One claim of a rule's family, and what it speaks of."""

    comparison: Comparison
    slice: str | None
    """Such as `carrier == "AA"`; None for all rows."""
    claim: Claim
    champion: float | None
    """The reference's own value, where the rule names one: mostly the champion's."""
    rows: int
    """Rows of the slice, whatever the metric's denominator."""
    truth: float | None = None
    """What a candidate just as good as the champion would show, where that satisfies the rule (non-inferiority)."""
    candidate: float | None = None
    """The candidate's own value, where the rule names a reference."""
    few: tuple[int, int] | None = None
    """Rows in the denominator, and how many are needed, where they are too few."""


def check_names(rules: Sequence[Rule], facts: Facts, where: str, missing: str = "") -> None:
    """Raise InputError for a metric, a column or a group that the evidence, called `where`, does not hold.

    `missing` says why a metric may not be there.
    """
    for rule in rules:
        for comparison in rule.comparisons:
            match comparison.quantity:
                case Measured():
                    continue
                case Overall() | InSlice() | PerSlice() as asked:
                    pass
                case Worst(of=asked) | Gap(of=asked) | Ratio(of=asked):
                    pass
            _check_metric(rule, asked.metric, facts, where, missing)
            if not isinstance(asked, Overall) and asked.column not in facts.slices:
                raise InputError(
                    f"`{rule.text}`: {where} has no slices by {asked.column!r}.",
                    where=rule.where,
                    hint=nearest(asked.column, facts.slices) or f"Add {asked.column} to `slices` of evaluate-model.",
                )
            if isinstance(comparison.quantity, Worst):
                _check_worst(rule, comparison, comparison.quantity.of)


def _check_metric(rule: Rule, metric: str, facts: Facts, where: str, missing: str) -> None:
    if metric in facts.whole.estimates:
        return
    known = [*facts.whole.estimates, *facts.measured]
    hint = nearest(metric, [*REFERENCES, *known])
    if not hint.startswith("Did"):
        hint = nearest(metric, known)
    if known_metric(metric) and not hint.startswith("Did"):
        hint = f"It holds {', '.join(sorted(facts.whole.estimates)) or 'none'}."
    if missing and not hint.startswith("Did"):
        hint = missing
    elif not metric.isidentifier() and known_metric(metric):
        hint = f"Give evaluate-model `metrics: all, {metric}`."
    raise InputError(f"`{rule.text}`: {where} has no metric {metric!r}.", where=rule.where, hint=hint)


def _check_worst(rule: Rule, comparison: Comparison, asked: PerSlice) -> None:
    """`worst` judges every slice, so the limit has to be on the bad side."""
    known = known_metric(asked.metric)
    better = known.higher_is_better if known else None
    wanted_above = comparison.above != isinstance(rule.demand, Guard)
    if better is None:
        message, hint = f"neither side of {asked.metric} is known to be worse.", f"Write {asked} with a limit."
    elif better != wanted_above:
        side = "low" if better else "high"
        message, hint = f"the worst {asked.metric} is a {side} one.", "Turn the comparison round."
    else:
        return
    raise InputError(f"`{rule.text}`: {message}", where=rule.where, hint=hint)


def members(rule: Rule, facts: Facts, *, points: bool) -> list[Member]:
    """Every claim of a rule, those of `abs` and of chains in the same family. Not for `passed(...)`, `worst`."""
    return [one for comparison in rule.comparisons for one in _members(comparison, facts, points)]


def _members(comparison: Comparison, facts: Facts, points: bool) -> Iterator[Member]:
    match comparison.quantity:
        case Overall(metric=metric):
            yield _member(comparison, metric, None, facts.whole, facts, points)
        case InSlice(metric=metric, column=column, value=value):
            scope = facts.slices[column].get(value, Scope(0))
            named = _member(comparison, metric, _label(column, value), scope, facts, points)
            yield _counted(named, scope.count(metric), facts.minimum_count)
        case PerSlice(metric=metric, column=column) | Worst(of=PerSlice(metric=metric, column=column)):
            for value, scope in facts.slices[column].items():
                if column in facts.protected:
                    one = _member(comparison, metric, _label(column, value), scope, facts, points)
                    yield _counted(one, scope.count(metric), facts.minimum_count)
                    continue
                # evaluate-model pooled the small slices for this metric; the pool is judged in their place.
                if metric in scope.estimates if value == OTHER else scope.count(metric) >= facts.minimum_count:
                    yield _member(comparison, metric, _label(column, value), scope, facts, points)
        case Gap(of=of) | Ratio(of=of):
            yield from _pairs(comparison, of, facts, points)
        case Measured(name=name) if comparison.factor or name in facts.timed.estimates:
            yield _member(comparison, name, None, facts.timed, facts, points)
        case Measured(name=name):
            number = facts.measured.get(name)
            claim = Claim(Estimate.point(nan if number is None else number), comparison.operator, comparison.limit)
            yield Member(comparison, None, claim, None, facts.whole.rows)


def _member(comparison: Comparison, metric: str, label: str | None, scope: Scope, facts: Facts, points: bool) -> Member:
    candidate = _as_judged(scope.candidate(metric), points)
    estimate, champion, truth = candidate, None, None
    if comparison.factor:
        reference = scope.reference(comparison.against)
        incumbent = _as_judged(reference.estimate(metric), points)
        estimate = _contrast(candidate, incumbent, _as_judged(reference.difference(metric), points), comparison, facts)
        champion = incumbent.value
        equal = (1.0 - comparison.factor) * champion
        truth = equal if comparison.limit != equal and comparison.holds(equal) else None
    claim = Claim(estimate, comparison.operator, comparison.limit)
    own = candidate.value if comparison.factor else None
    return Member(comparison, label, claim, champion, scope.rows, truth, own)


def _counted(member: Member, count: int, minimum: int) -> Member:
    """A slice or group that is named can neither pass nor fail anything with too few rows."""
    if not 0 < count < minimum:
        return member
    silent = replace(member.claim, estimate=replace(member.claim.estimate, n=0))
    return replace(member, claim=silent, few=(count, minimum))


def _contrast(
    candidate: Estimate, incumbent: Estimate, difference: Estimate, comparison: Comparison, facts: Facts
) -> Estimate:
    for part in (candidate, incumbent, difference):
        if part.undecidable in ("no-data", "undefined"):
            return part
    if facts.is_champion and comparison.factor == 1.0 and comparison.against == "champion":
        # Not a sample that happened to show no difference: the same bytes.
        return Estimate.point(0.0)
    if difference.scale == "point":
        return Estimate.point(candidate.value - comparison.factor * incumbent.value)
    return combine(candidate, incumbent, difference, b=comparison.factor, limit=comparison.limit)


def _pairs(comparison: Comparison, of: PerSlice, facts: Facts, points: bool) -> Iterator[Member]:
    groups = facts.slices[of.column]
    for (g, h), difference in facts.gaps(of.metric, of.column).items():
        for first, second, gap in ((g, h, difference), (h, g, negate(difference))):
            one, other = (_as_judged(groups[name].candidate(of.metric), points) for name in (first, second))
            estimate, limit = Estimate.point(one.value - other.value) if points else gap, comparison.limit
            if isinstance(comparison.quantity, Ratio):
                estimate, limit = combine(one, other, estimate, b=comparison.limit), 0.0
            label = f"{_label(of.column, first)} against {_quoted(second)}"
            claim = Claim(estimate, comparison.operator, limit)
            found = Member(comparison, label, claim, None, groups[first].rows + groups[second].rows)
            count = min(groups[name].count(of.metric) for name in (first, second))
            yield _counted(found, count, facts.minimum_count)


def _as_judged(estimate: Estimate, points: bool) -> Estimate:
    return Estimate.point(estimate.value) if points and isfinite(estimate.value) else estimate


def _label(column: str, value: str) -> str:
    return f"{column} == {_quoted(value)}"


def _quoted(value: str) -> str:
    """In quotes, on one line: it comes from data."""
    return json.dumps(value if len(value) <= 60 else f"{value[:59]}…", ensure_ascii=not value.isprintable())
