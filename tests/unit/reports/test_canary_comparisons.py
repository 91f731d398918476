"""What an A/B test or a shadow found, in the summary and the report."""

from __future__ import annotations

from typing import Any

from mlops_actions.evidence import Statement
from mlops_actions.evidence.rollout import Comparison, Rollout
from mlops_actions.reports import to_html, to_markdown
from mlops_actions.reports.canary_comparisons import comparisons_of

FOUND: dict[str, Any] = {
    "metric": "errors", "claim": "errors < stable", "limit": 0.0, "answer": "yes", "units": (4000, 3990),
    "candidate": 0.01, "stable": 0.04, "value": -0.03, "lower": -0.0404, "upper": -0.0203, "confidence": 0.95,
    "method": "e-processes",
}  # fmt: skip
AGREEMENT: dict[str, Any] = {
    "metric": "agreement", "units": (5000, 5000), "value": 0.991, "lower": 0.985, "upper": 0.995, "confidence": 0.95,
    "method": "betting",
}  # fmt: skip


def rollout(*found: dict[str, Any]) -> Rollout:
    return Rollout(
        result="pass", target="envoy:a", strategy="ab", outcome="held", identity="verified", steps=[50], looks=[],
        weights=[50], alpha=0.05, error_margin=0.01, dispersion=1.0,
        comparisons=[Comparison(**one) for one in found],
    )  # fmt: skip


def test_a_comparison_is_a_row_with_its_interval() -> None:
    (table,) = comparisons_of(rollout(FOUND, AGREEMENT))
    assert table.title == "Comparisons (at 95 % and at every look)"
    asked, agreement = table.rows
    assert asked.cells == ("errors < stable", "yes", "0.01", "0.04", "4,000 and 3,990", "-0.03", "-0.0404", "-0.0203")
    assert (asked.lower, asked.upper, asked.limit, asked.outcome) == (-0.0404, -0.0203, 0.0, "pass")
    assert agreement.cells == ("agreement", "–", "–", "–", "5,000", "0.991", "0.985", "0.995")
    assert (agreement.limit, agreement.outcome) == (None, "")


def test_it_is_in_the_summary_and_in_the_report() -> None:
    statement = Statement("m", "0" * 64, rollout(FOUND))
    cells = [cell.strip() for cell in to_markdown(statement).replace("\\<", "<").split("|")]
    at = cells.index("errors < stable")
    assert cells[at : at + 8] == [
        "errors < stable",
        "yes",
        "0.01",
        "0.04",
        "4,000 and 3,990",
        "-0.03",
        "-0.0404",
        "-0.0203",
    ]
    assert "errors &lt; stable" in to_html([statement])


def test_without_data_a_row_says_so() -> None:
    (table,) = comparisons_of(rollout(FOUND | dict.fromkeys(("candidate", "stable", "value", "lower", "upper"))))
    assert table.rows[0].cells[2:] == ("–", "–", "4,000 and 3,990", "–", "–", "–")
    assert "errors &lt; stable" in to_html([Statement("m", "0" * 64, rollout(FOUND | {"lower": None, "upper": None}))])


def test_where_nothing_was_compared_there_is_no_table() -> None:
    assert comparisons_of(rollout()) == ()
