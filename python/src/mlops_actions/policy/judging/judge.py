"""Judging (pure): rules and facts in, findings out.

A plain rule passes by an intersection-union test, every member of its family at 1 - alpha, and fails by Holm; a guard
fails by Holm and passes otherwise. For failing, the rules that block share alpha.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, isfinite
from typing import Literal

from mlops_actions.evidence.verdict import RuleOutcome
from mlops_actions.policy.facts import Facts
from mlops_actions.policy.judging import explain
from mlops_actions.policy.judging.finding import Finding, Need, Result
from mlops_actions.policy.judging.members import Member, members
from mlops_actions.policy.language.rule import (
    Against,
    Guard,
    Measured,
    Passed,
    Quantity,
    Rule,
    Severity,
    Topic,
    Worst,
)
from mlops_actions.statistics.budget import Look, level
from mlops_actions.statistics.families import (
    Judgement,
    Outcome,
    judge_forbidden,
    judge_shown,
    rows_needed,
    split_alpha,
    worst,
)


@dataclass(frozen=True)
class Terms:
    """On what terms a policy is judged."""

    confidence: float
    """One-sided, where a rule does not name its own."""
    points: bool
    """Compare values as they are, without intervals."""
    without_champion: Literal["skip", "fail"]
    today: date
    look: Look | None = None
    """The look at a test set that others used before; None where looks are not budgeted."""

    def confidence_of(self, rule: Rule) -> float:
        """At which a rule is judged: its own or the policy's, with the error shared among the test set's candidates."""
        confidence = rule.confidence or self.confidence
        return confidence if self.look is None else 1.0 - level(1.0 - confidence, self.look)


def judge(rules: Sequence[Rule], facts: Facts, terms: Terms) -> list[Finding]:
    """Judge every rule; the names in them must have been checked (`members.check_names`)."""
    sharing = sum(_shares_alpha(rule, facts, terms) for rule in rules)
    return [_judge(rule, facts, terms, sharing) for rule in rules]


def _shares_alpha(rule: Rule, facts: Facts, terms: Terms) -> bool:
    """Whether the rule can block by chance: points cannot, nor can a rule that is not judged."""
    sampled = any(_has_error(comparison.quantity, facts) for comparison in rule.comparisons)
    judged = not rule.names_champion or facts.champion.state == "compared"
    return sampled and judged and not terms.points and rule.severity_on(terms.today) == "block"


def _has_error(quantity: Quantity, facts: Facts) -> bool:
    return not isinstance(quantity, Measured) or quantity.name in facts.timed.estimates


def _judge(rule: Rule, facts: Facts, terms: Terms, sharing: int) -> Finding:
    severity = rule.severity_on(terms.today)
    if isinstance(rule.demand, Passed):
        return _passed(rule, rule.demand.of, severity, facts)
    if rule.names_champion and facts.champion.state != "compared":
        return _without_champion(rule, severity, facts, terms)
    if unknown := rule.references - facts.references:
        return _without_reference(rule, severity, min(unknown))
    family = members(rule, facts, points=terms.points)
    if missing := _unmeasured(rule, family):
        return _plain(rule, severity, *missing)
    confidence = terms.confidence_of(rule)
    fail_alpha = split_alpha(1.0 - confidence, sharing if severity == "block" else 1)
    return _family(rule, severity, family, facts, confidence, fail_alpha)


def _family(
    rule: Rule, severity: Severity, family: list[Member], facts: Facts, confidence: float, fail_alpha: float
) -> Finding:
    guard = isinstance(rule.demand, Guard)
    claims = {index: member.claim for index, member in enumerate(family)}
    judgement = (judge_forbidden if guard else judge_shown)(claims, confidence, fail_alpha)
    result: Result = judgement.outcome.value
    deciding = _deciding(family, judgement, confidence, guard=guard)
    need = None if guard or result != "inconclusive" else _need(deciding, len(family), facts, confidence)
    if not deciding:
        return _plain(rule, severity, result, "no-data", f"{rule.comparisons[0].quantity} has no slices to judge.")
    if guard:
        code, headline = explain.guard(judgement, family, deciding, confidence, fail_alpha)
    else:
        code, headline = explain.shown(judgement, family, deciding, confidence)
    message = headline
    if result == "inconclusive" and not guard:
        message = f"{headline} {explain.outlook(need, deciding, facts.clusters)}"
    slices = {member.slice for member in family}
    summary = _outcome(rule, severity, deciding[0], result, message, confidence, need)
    if len(slices) > 1:
        bounds = _worst_bounds(family, confidence) if isinstance(family[0].comparison.quantity, Worst) else {}
        summary = summary.model_copy(update={"slice": None, **bounds})
    return Finding(
        rule=rule,
        severity=severity,
        result=result,
        code=code,
        headline=headline,
        message=message,
        outcomes=(summary, *(_each(rule, severity, family, judgement, confidence) if len(slices) > 1 else ())),
        need=need,
        margin=explain.margin(family, confidence) if result == "inconclusive" and not guard else None,
        absolute=not (guard or rule.names_champion or isinstance(family[0].comparison.quantity, Measured)),
    )


def _deciding(family: list[Member], judgement: Judgement[int], confidence: float, *, guard: bool) -> list[Member]:
    """The members that the outcome rests on, the one that decides most first."""
    if judgement.outcome is Outcome.FAIL:
        chosen = judgement.rejected
    elif judgement.outcome is Outcome.INCONCLUSIVE:
        chosen = judgement.undecidable if guard else judgement.open
    else:
        chosen = tuple(index for index in range(len(family)) if index not in judgement.undecidable)
    return sorted((family[index] for index in chosen), key=lambda member: _slack(member, confidence, guard=guard))


def _slack(member: Member, confidence: float, *, guard: bool) -> tuple[bool, float]:
    """How far the bound clears the limit; of a guard, how far from the harm it stays. What is known comes first."""
    claim = member.claim.denied if guard else member.claim
    if not claim.decidable:
        return True, 0.0
    estimate = claim.estimate
    room = estimate.lower(confidence) - claim.limit if claim.upward else claim.limit - estimate.upper(confidence)
    return False, room


def _need(open_members: list[Member], size: int, facts: Facts, confidence: float) -> Need | None:
    """What the most demanding open member needs; None where one of them would not be settled by more rows."""
    if open_members and isinstance(open_members[0].comparison.quantity, Measured):
        return None
    needs = []
    for member in open_members:
        estimate = member.claim.estimate
        total = rows_needed(member.claim, confidence, size, member.truth)
        now = estimate.clusters if facts.clusters else estimate.n
        if total is None or total <= now or not estimate.counted:
            return None
        rows = ceil(member.rows * total / now)
        needs.append(Need(now, total, rows, bool(facts.clusters), member.truth is not None))
        if not facts.clusters:
            needs[-1] = Need(member.rows, rows, rows, False, member.truth is not None)
    return max(needs, key=lambda need: need.total / need.now) if needs else None


def _each(
    rule: Rule, severity: Severity, family: list[Member], judgement: Judgement[int], confidence: float
) -> Iterator[RuleOutcome]:
    """One outcome a slice: of `abs` and chains the claim that decides there."""
    worst_of: dict[str | None, tuple[int, int]] = {}
    for index, member in enumerate(family):
        rank = _rank(index, judgement, guard=isinstance(rule.demand, Guard))
        worst_of[member.slice] = min(worst_of.get(member.slice, (rank, index)), (rank, index))
    for rank, index in worst_of.values():
        member, result = family[index], _RESULTS[rank]
        yield _outcome(rule, severity, member, result, explain.member(member, confidence), confidence, None)


_RESULTS: tuple[Result, ...] = ("fail", "inconclusive", "pass")


def _rank(index: int, judgement: Judgement[int], *, guard: bool) -> int:
    if index in judgement.rejected:
        return 0
    return 1 if index in (judgement.undecidable if guard else judgement.open) else 2


def _worst_bounds(family: list[Member], confidence: float) -> dict[str, float | None]:
    estimates = {member.slice: member.claim.estimate for member in family}
    values = [estimate.value for estimate in estimates.values() if isfinite(estimate.value)]
    least = family[0].comparison.above
    lower, upper = worst(estimates, confidence, least=least)
    extreme = (min if least else max)(values, default=None)
    return {"value": extreme, "lower": _finite(lower), "upper": _finite(upper)}


def _outcome(
    rule: Rule, severity: Severity, member: Member, result: Result, message: str, confidence: float, need: Need | None
) -> RuleOutcome:
    estimate = member.claim.estimate
    point = estimate.scale == "point"
    return RuleOutcome(
        rule=rule.text,
        slice=member.slice,
        result=result,
        value=_finite(estimate.value),
        lower=None if point else _finite(estimate.lower(confidence)),
        upper=None if point else _finite(estimate.upper(confidence)),
        limit=member.claim.limit,
        candidate=None if member.candidate is None else _finite(member.candidate),
        champion=None if member.champion is None else _finite(member.champion),
        confidence=None if point else confidence,
        n=member.few[0] if member.few else estimate.n if estimate.counted and not point else None,
        rows_needed=need.rows if need else None,
        clusters_needed=need.total if need and need.clustered else None,
        severity=severity,
        owner=rule.owner,
        where=rule.where,
        message=message,
    )


def _passed(rule: Rule, topic: Topic, severity: Severity, facts: Facts) -> Finding:
    stated = facts.stated.get(topic)
    if stated is None:
        return _plain(rule, severity, "inconclusive", *explain.UNSTATED[topic])
    code, message = explain.STATED[topic, stated.result]
    if stated.reasons:
        message = f"{message.rstrip('.')}: {stated.reasons[0].message}"
    return _plain(rule, severity, stated.result, code, f"{message.rstrip('.')}.")


def _without_champion(rule: Rule, severity: Severity, facts: Facts, terms: Terms) -> Finding:
    champion = facts.champion
    if champion.state == "never":
        if terms.without_champion == "skip":
            message = f"does not apply: {champion.note}"
            return _plain(rule, severity, "not-applicable", "no-champion", message)
        return _plain(rule, severity, "fail", "no-champion", f"{champion.note} without-champion is 'fail'.")
    if champion.state == "gone":
        return _plain(rule, severity, "fail", "champion-gone", champion.note)
    return _plain(rule, severity, "inconclusive", f"champion-{champion.state}", champion.note)


def _without_reference(rule: Rule, severity: Severity, against: Against) -> Finding:
    advice = {
        "anchor": "give evaluate-model the input `anchor`",
        "baseline": "run evaluate-model of this release",
        "recorded": "the model has not been promoted under this name yet, or its evaluation then is not kept",
    }
    message = f"nothing is known of the {against}: {advice.get(against, '')}."
    return _plain(rule, severity, "inconclusive", f"no-{against}", message)


def _unmeasured(rule: Rule, family: list[Member]) -> tuple[Result, str, str] | None:
    quantity = rule.comparisons[0].quantity
    if not isinstance(quantity, Measured) or any(isfinite(member.claim.estimate.value) for member in family):
        return None
    if quantity.name == "age":
        message = "no training statement about this model says when it was trained; run `mlops-actions record`."
        return "fail", "training-missing", message
    if rule.comparisons[0].factor:
        message = f"{quantity} was not measured beside the champion's: give evaluate-model `compare-latency: true`."
        return "inconclusive", "not-measured", message
    return "inconclusive", "not-measured", f"{quantity} was not measured by evaluate-model."


def _plain(rule: Rule, severity: Severity, result: Result, code: str, message: str) -> Finding:
    """A finding without numbers."""
    limit = rule.comparisons[0].limit if rule.comparisons else None
    outcome = RuleOutcome(
        rule=rule.text,
        result=result,
        limit=limit,
        severity=severity,
        owner=rule.owner,
        where=rule.where,
        message=message,
    )
    return Finding(rule, severity, result, code, message, message, (outcome,))


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
