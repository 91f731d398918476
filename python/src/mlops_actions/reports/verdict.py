"""The verdict's page: the decision in one sentence, then each rule."""

from __future__ import annotations

from collections.abc import Sequence
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
        *(
            _forest(rule, [one for one in slices if one.rule == rule])
            for rule in dict.fromkeys(one.rule for one in slices)
        ),
        Table("Every reason", ("rule", "why"), tuple((rule.rule, rule.message) for rule in rules), folded=True),
    )
    return Page("Gate", verdict.result, verdict.decision, blocks)


def _rule(rule: RuleOutcome) -> Interval:
    return _drawn(rule, (_outcome(rule), rule.rule, *_numbers(rule)))


def _forest(text: str, slices: Sequence[RuleOutcome]) -> Intervals:
    """The slices of one rule, as they came: what decides is first."""
    rows = tuple(_drawn(one, (one.slice or "", _outcome(one), *_numbers(one))) for one in slices)
    return Intervals(f"By slice: {text}", ("slice", "outcome", *_NUMBERS, "dashed at the limit"), rows, folded=True)


def _drawn(rule: RuleOutcome, cells: tuple[Cell, ...]) -> Interval:
    known = rule.limit is not None and (rule.lower is not None or rule.upper is not None)
    value = rule.value if known else None
    return Interval(cells, value, rule.lower, rule.upper, rule.limit, cast("Outcome", rule.result))


def _outcome(rule: RuleOutcome) -> str:
    return marked("warn" if rule.severity == "warn" and rule.result == "fail" else rule.result)


def _numbers(rule: RuleOutcome) -> tuple[Cell, ...]:
    value = Measure(rule.value, rule.lower, rule.upper, signed=rule.champion is not None)
    return (number(rule.champion), value, number(rule.limit))
