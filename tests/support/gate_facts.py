"""Facts about one small evaluation, for tests of judging: a metric `score`, a champion at 0.9, slices by carrier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from mlops_actions.policy.document import inline_policy
from mlops_actions.policy.facts import Champion, Facts, Scope
from mlops_actions.policy.judging.finding import Finding
from mlops_actions.policy.judging.judge import Terms, judge
from mlops_actions.policy.judging.members import check_names
from mlops_actions.statistics.estimate import Estimate

TERMS = Terms(confidence=0.95, points=False, without_champion="skip", today=date(2030, 1, 1))
COMPARED = Champion("compared", "c" * 64)


def mean(value: float, se: float, n: int = 400, *, clusters: int | None = None) -> Estimate:
    """An estimate of a mean."""
    groups = n if clusters is None else clusters
    return Estimate(value, se, groups - 1, n, n, groups, "identity", "mean")


def scope(candidate: Estimate, difference: Estimate | None = None, rows: int = 1000) -> Scope:
    """One metric, `score`, alone or against a champion at 0.9."""
    if difference is None:
        return Scope(rows, {"score": candidate})
    return Scope(rows, {"score": candidate}, {"score": mean(0.9, 0.02)}, {"score": difference})


def facts(whole: Scope, slices: Mapping[str, Scope] | None = None, clusters: tuple[str, ...] = ()) -> Facts:
    by = {"carrier": dict(slices)} if slices else {}
    return Facts(whole, by, minimum_count=30, clusters=clusters, champion=COMPARED)


def judged(rules: str, about: Facts, terms: Terms = TERMS) -> list[Finding]:
    policy = inline_policy(rules)
    check_names(policy.rules, about, "the evaluation")
    return judge(policy.rules, about, terms)


def sentence(rules: str, about: Facts, terms: Terms = TERMS) -> tuple[str, str, str]:
    (finding,) = judged(rules, about, terms)
    return finding.result, finding.code, finding.message


SCORE = facts(scope(mean(0.85, 0.01), mean(-0.005, 0.01)))
DAYS = facts(scope(mean(0.85, 0.01), mean(0.004, 0.004, clusters=61)), clusters=("day",))
SLICES = facts(
    scope(mean(0.85, 0.01)),
    {
        "AA": scope(mean(0.90, 0.01), mean(-0.10, 0.01)),
        "UA": scope(mean(0.84, 0.02), mean(0.00, 0.02)),
        "DL": scope(mean(0.70, 0.01), mean(0.02, 0.02)),
        "tiny": scope(mean(0.10, 0.01, n=12), mean(-0.80, 0.01, n=12)),
    },
)


def named(metric: str, about: Facts) -> Facts:
    """The same facts with the candidate's metric under another name."""

    def renamed(part: Scope) -> Scope:
        return Scope(part.rows, {metric: part.estimates["score"]})

    slices = {column: {value: renamed(part) for value, part in by.items()} for column, by in about.slices.items()}
    return replace(about, whole=renamed(about.whole), slices=slices)
