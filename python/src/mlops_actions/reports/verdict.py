"""The verdict's page: the decision in one sentence, then each rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from mlops_actions.evidence.statement import Statement
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.reports.page import (
    Block,
    Cell,
    Interval,
    Intervals,
    Measure,
    Outcome,
    Page,
    Table,
    Text,
    marked,
    number,
)

_NUMBERS = ("compared with", "candidate", "difference", "limit")
_ORDER = ("fail", "inconclusive", "pass", "not-applicable")
_DRAWN = 60
"""Slices of one rule that are drawn; further ones are a table."""


def page(statement: Statement[Verdict]) -> Page:
    """The rules, why those that did not pass did not and what can be done, then each slice and each reason in full."""
    verdict = statement.predicate
    rules = [rule for rule in verdict.rules if rule.slice is None]
    slices = [rule for rule in verdict.rules if rule.slice is not None]
    blocks: tuple[Block, ...] = (
        *_terms(verdict),
        Intervals(
            "Rules", ("outcome", "rule", *_NUMBERS, "dashed at the limit"), tuple(map(_rule, rules)), common=False
        ),
        *(Text(f"{rule.rule}: {rule.message}") for rule in rules if rule.result in ("fail", "inconclusive")),
        *(Text(f"You can: {choice}") for choice in verdict.choices),
        *(block for rule in dict.fromkeys(one.rule for one in slices) for block in _by_slice(rule, slices)),
        Table("Every reason", ("rule", "why"), tuple((rule.rule, rule.message) for rule in rules), folded=True),
    )
    return Page("Gate", verdict.result, verdict.decision, blocks)


def _terms(verdict: Verdict) -> Iterator[Text]:
    """What to know before the numbers: what they rest on, warnings that no rule tells, and how worn the test set is."""
    if verdict.judged_on == "points":
        yield Text("Judged as points: the metrics came without uncertainty.")
    told = {rule.where for rule in verdict.rules if rule.where}
    yield from (Text(f"Warning: {one.message}") for one in verdict.reasons if one.warning and one.where not in told)
    if look := verdict.look:
        one = look.candidates == 1
        judged = f"This test set has judged {look.candidates} candidate{'' if one else 's'}, this one included"
        budget = f", of {look.budget} that the policy allows" if look.budget else ""
        uncounted = "" if look.counted else " The look was not counted: the registry could not be written."
        yield Text(f"{judged}{budget}.{uncounted}")


def _rule(rule: RuleOutcome) -> Interval:
    return _drawn(rule, (_outcome(rule), rule.rule, *_numbers(rule)))


def _by_slice(rule: str, slices: Sequence[RuleOutcome]) -> Iterator[Block]:
    """The slices of one rule: those that did not pass first, then as they came."""
    found = sorted((one for one in slices if one.rule == rule), key=lambda one: _ORDER.index(one.result))
    rows = tuple(_drawn(one, (one.slice or "", _outcome(one), *_numbers(one))) for one in found)
    headings = ("slice", "outcome", *_NUMBERS)
    yield Intervals(f"By slice: {rule}", (*headings, "dashed at the limit"), rows[:_DRAWN], folded=True)
    yield Table(f"Further slices: {rule}", headings, tuple(row.cells for row in rows[_DRAWN:]), folded=True)


def _drawn(rule: RuleOutcome, cells: tuple[Cell, ...]) -> Interval:
    known = rule.limit is not None and (rule.lower is not None or rule.upper is not None)
    value = rule.value if known else None
    return Interval(cells, value, rule.lower, rule.upper, rule.limit, cast("Outcome", rule.result))


def _outcome(rule: RuleOutcome) -> str:
    return marked("warn" if rule.severity == "warn" and rule.result == "fail" else rule.result)


def _numbers(rule: RuleOutcome) -> tuple[Cell, ...]:
    """A rule that compares shows both values and their difference, another one its value alone."""
    compares = rule.champion is not None
    value = Measure(rule.value, rule.lower, rule.upper, signed=compares)
    own: tuple[Cell, Cell] = (number(rule.candidate), value) if compares else (value, "–")
    return (number(rule.champion), *own, number(rule.limit))
