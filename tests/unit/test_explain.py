"""What would have to be true for a model to pass."""

from __future__ import annotations

import pytest

from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.explain import conditions, page
from mlops_actions.reports import text


def outcome(
    rule: str, result: str, value: float, lower: float, upper: float, limit: float, **more: object
) -> RuleOutcome:
    numbers = {"value": value, "lower": lower, "upper": upper, "limit": limit}
    return RuleOutcome.model_validate({"rule": rule, "result": result, "message": "why", **numbers, **more})


def verdict(*rules: RuleOutcome, choices: tuple[str, ...] = ()) -> Verdict:
    return Verdict(
        result="inconclusive",
        rules=list(rules),
        champion=None,
        policy="p",
        judged_on="intervals",
        decision="Not decided: about 40 more days are needed.",
        choices=list(choices),
    )


@pytest.mark.parametrize(
    ("rule", "numbers", "bound", "needed"),
    [
        ("roc_auc > 0.80", (0.82, 0.78, 0.86, 0.80), 0.78, 0.84),
        ("log_loss < 0.30", (0.29, 0.25, 0.33, 0.30), 0.33, 0.26),
        ("roc_auc >= champion - 0.01", (0.0, -0.02, 0.02, -0.01), -0.02, 0.01),
        # Harm is shown while even the upper end lies below the limit.
        ("forbid recall < champion - 0.03", (-0.10, -0.12, -0.08, -0.03), -0.08, -0.05),
        ("forbid size_mb > 50", (60.0, 55.0, 65.0, 50.0), 55.0, 55.0),
    ],
)
def test_the_end_of_the_interval_that_decides_has_to_clear_the_limit(
    rule: str, numbers: tuple[float, float, float, float], bound: float, needed: float
) -> None:
    (found,) = conditions(verdict(outcome(rule, "inconclusive", *numbers)))
    assert found.bound == bound
    assert found.value_needed == pytest.approx(needed)
    assert found.lacking == pytest.approx(abs(numbers[3] - bound))


def test_what_passes_or_does_not_apply_needs_nothing() -> None:
    rules = [outcome("a > 1", result, 2.0, 1.5, 2.5, 1.0) for result in ("pass", "not-applicable")]
    assert list(conditions(verdict(*rules))) == []


def test_a_point_has_to_clear_the_limit_itself() -> None:
    one = RuleOutcome(rule="size_mb < 50", result="fail", value=60.0, limit=50.0, message="why")
    (found,) = conditions(verdict(one))
    assert (found.bound, found.value_needed) == (60.0, 50.0)


def test_a_rule_without_numbers_says_why() -> None:
    one = RuleOutcome(rule="passed(data)", result="inconclusive", message="no data-report is there.")
    (found,) = conditions(verdict(one))
    assert (found.bound, found.value_needed, found.why) == (None, None, "no data-report is there.")


def test_people_read_a_table_then_why_then_what_they_can_do() -> None:
    one = outcome("roc_auc > 0.80", "inconclusive", 0.82, 0.78, 0.86, 0.80, clusters_needed=101)
    lines = text.render(page("m.joblib", verdict(one, choices=("Evaluate on 40 more days.",)))).splitlines()
    assert lines[0] == (
        "What would have to be true: ? inconclusive: m.joblib: Not decided: about 40 more days are needed."
    )
    assert lines[4].split() == [
        "?",
        "inconclusive",
        "roc_auc",
        ">",
        "0.80",
        "0.82",
        "0.78",
        "0.8",
        "0.84",
        "101",
        "clusters",
    ]
    assert lines[6] == "roc_auc > 0.80: why"
    assert lines[8] == "You can: Evaluate on 40 more days."
