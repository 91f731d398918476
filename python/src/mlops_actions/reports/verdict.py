"""The verdict's page: the decision in one sentence, then each rule."""

from __future__ import annotations

from typing import cast

from mlops_actions.evidence.statement import Statement
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.reports.page import Interval, Outcome, Page, Table, Text, interval, marked, number
from mlops_actions.reports.scales import charts_of

_NUMBERS = ("champion", "value, or difference", "interval", "limit")


def page(statement: Statement[Verdict]) -> Page:
    """The rules, why those that did not pass did not, then each slice and each reason in full."""
    verdict = statement.predicate
    rules = [rule for rule in verdict.rules if rule.slice is None]
    slices = [rule for rule in verdict.rules if rule.slice is not None]
    points = (Text("Judged as points: the metrics came without uncertainty."),) if verdict.judged_on == "points" else ()
    blocks = (
        *points,
        Table(
            "Rules",
            ("outcome", "rule", *_NUMBERS),
            tuple((_outcome(rule), rule.rule, *_numbers(rule)) for rule in rules),
        ),
        *(Text(f"{rule.rule}: {rule.message}") for rule in rules if rule.result in ("fail", "inconclusive")),
        *charts_of(
            "Distance to each rule's limit", ((_magnitude(rule), bar) for rule in verdict.rules if (bar := _bar(rule)))
        ),
        Table(
            "By slice",
            ("outcome", "rule", "slice", *_NUMBERS),
            tuple((_outcome(rule), rule.rule, rule.slice or "", *_numbers(rule)) for rule in slices),
            folded=True,
        ),
        Table("Every reason", ("rule", "why"), tuple((rule.rule, rule.message) for rule in rules), folded=True),
    )
    return Page("Gate", verdict.result, verdict.decision, blocks)


def _outcome(rule: RuleOutcome) -> str:
    return marked("warn" if rule.severity == "warn" and rule.result == "fail" else rule.result)


def _numbers(rule: RuleOutcome) -> tuple[str, ...]:
    known = rule.lower is not None or rule.upper is not None
    shown = interval(rule.lower, rule.upper) if known else "–"
    sign = "+" if rule.champion is not None and (rule.value or 0.0) > 0 else ""
    return (number(rule.champion), sign + number(rule.value), shown, number(rule.limit))


def _magnitude(rule: RuleOutcome) -> float:
    return max(abs(one or 0.0) for one in (rule.value, rule.limit, rule.champion))


def _bar(rule: RuleOutcome) -> Interval | None:
    """The interval, moved so that rules with different limits share one axis."""
    if rule.value is None or rule.limit is None or (rule.lower is None and rule.upper is None):
        return None
    lower, upper = (None if bound is None else bound - rule.limit for bound in (rule.lower, rule.upper))
    return Interval(rule.slice or rule.rule, rule.value - rule.limit, lower, upper, 0.0, cast("Outcome", rule.result))
