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

_NUMBERS = ("champion", "value, or difference", "limit")
_ORDER = ("fail", "inconclusive", "pass", "not-applicable")
_DRAWN = 60
"""Slices of one rule that are drawn; further ones are a table."""


def page(statement: Statement[Verdict]) -> Page:
    """The rules, why those that did not pass did not, then each slice and each reason in full."""
    verdict = statement.predicate
    rules = [rule for rule in verdict.rules if rule.slice is None]
    slices = [rule for rule in verdict.rules if rule.slice is not None]
    points = (Text("Judged as points: the metrics came without uncertainty."),) if verdict.judged_on == "points" else ()
    blocks: tuple[Block, ...] = (
        *points,
        Intervals(
            "Rules", ("outcome", "rule", *_NUMBERS, "dashed at the limit"), tuple(map(_rule, rules)), common=False
        ),
        *(Text(f"{rule.rule}: {rule.message}") for rule in rules if rule.result in ("fail", "inconclusive")),
        *(block for rule in dict.fromkeys(one.rule for one in slices) for block in _by_slice(rule, slices)),
        Table("Every reason", ("rule", "why"), tuple((rule.rule, rule.message) for rule in rules), folded=True),
    )
    return Page("Gate", verdict.result, verdict.decision, blocks)


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
    value = Measure(rule.value, rule.lower, rule.upper, signed=rule.champion is not None)
    return (number(rule.champion), value, number(rule.limit))
