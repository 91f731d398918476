"""The verdict's page: the decision in one sentence, then each rule."""

from __future__ import annotations

from typing import cast

from mlops_actions.evidence.statement import Statement
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.reports.page import Interval, Intervals, Outcome, Page, Table, Text, interval, marked, number

_HEADINGS = ("outcome", "rule", "slice", "champion", "value", "interval", "limit", "why")


def page(statement: Statement[Verdict]) -> Page:
    """Rules that decide first; slices of a rule below each other."""
    verdict = statement.predicate
    drawn = tuple(bar for rule in verdict.rules if (bar := _bar(rule)))
    notes = (Text("Judged as points: the metrics came without uncertainty."),) if verdict.judged_on == "points" else ()
    blocks = (
        *notes,
        Table("Rules", _HEADINGS, tuple(map(_rule, verdict.rules))),
        Intervals("Distance to each rule's limit", drawn),
    )
    return Page("Gate", verdict.result, verdict.decision, blocks)


def _rule(rule: RuleOutcome) -> tuple[str, ...]:
    outcome = "warn" if rule.severity == "warn" and rule.result == "fail" else rule.result
    return (
        marked(outcome),
        rule.rule,
        rule.slice or "",
        number(rule.champion),
        number(rule.value),
        interval(rule.lower, rule.upper) if rule.lower is not None or rule.upper is not None else "–",
        number(rule.limit),
        rule.message,
    )


def _bar(rule: RuleOutcome) -> Interval | None:
    """The interval, moved so that rules with different limits share one axis."""
    if rule.value is None or rule.limit is None or (rule.lower is None and rule.upper is None):
        return None
    lower, upper = (None if bound is None else bound - rule.limit for bound in (rule.lower, rule.upper))
    label = f"{rule.rule} {rule.slice or ''}".strip()
    return Interval(label, rule.value - rule.limit, lower, upper, 0.0, cast("Outcome", rule.result))
