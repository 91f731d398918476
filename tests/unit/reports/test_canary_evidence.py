"""The evidence of a rollout as people see it: bars in the summary, charts in the report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlops_actions.evidence import Statement
from mlops_actions.evidence.rollout import JudgedMetric, Look, MetricLook, Rollout
from mlops_actions.reports import to_html, to_markdown
from mlops_actions.reports.canary_evidence import NONE, evidence_of
from mlops_actions.reports.page import Group, Lines, Table

START = datetime(2026, 11, 28, tzinfo=UTC)


def rollout(looks: list[Look], metrics: list[JudgedMetric] | None = None) -> Rollout:
    return Rollout(
        result="pass",
        target="envoy:a",
        strategy="canary",
        outcome="promoted",
        identity="verified",
        steps=[5, 100],
        looks=looks,
        weights=[5, 100],
        alpha=0.05,
        error_margin=0.01,
        dispersion=1.0,
        metrics=metrics or [],
    )


def look(second: int, worse: float, non_inferior: float, **metrics: MetricLook) -> Look:
    counts = {"candidate_requests": 50, "candidate_errors": 1, "stable_requests": 950, "stable_errors": 9}
    return Look(
        time=START + timedelta(seconds=second),
        weight=5 if second < 40 else 20,
        counts=counts if second != 20 else {},
        worse=worse,
        non_inferior=non_inferior,
        metrics=metrics,
    )


SINGLE = [look(10 * number, worse=-5.0 * number, non_inferior=0.3 * number) for number in range(6)]
BOTH = [
    look(
        10 * number,
        worse=0.1,
        non_inferior=0.2,
        errors=MetricLook(candidate=(1, 50), stable=(9, 950), worse=-1.0, non_inferior=0.25 * number),
        wrong=MetricLook(candidate=(5, 20) if number else None, stable=(20, 400), worse=0.3 * number, non_inferior=0.2),
        **{"latency>50ms": MetricLook(candidate=(9, 50), stable=(90, 950), worse=0.0, non_inferior=None)},
    )
    for number in range(5)
]
JUDGED = [
    JudgedMetric(name=name, margin=margin, dispersion=1.5, promotes=True, weight=1, stable=(1, 100))
    for name, margin in (("errors", 0.01), ("wrong", 0.02))
]


def test_the_summary_shows_how_the_evidence_of_each_metric_grew() -> None:
    text = to_markdown(Statement("m", "ab" * 32, rollout(BOTH, JUDGED)))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "of 20" in line]
    assert rows == [
        ["errors", "5 of 250 (2 %)", "45 of 4,750 (0.95 %)", "0.01", "▁▁▁▁▁", "0.1 of 20", "▁▂▃▅▆", "10 of 20"],
        ["wrong", "20 of 80 (25 %)", "100 of 2,000 (5 %)", "0.02", "▁▂▄▅▇", "16 of 20", "▂▂▂▂▂", "1.6 of 20"],
        ["latency\\>50ms", "45 of 250 (18 %)", "450 of 4,750 (9.5 %)", "–", "▁▁▁▁▁", "1 of 20", "", "not waited for"],
    ]


def test_errors_alone_are_told_from_the_looks_and_a_look_that_was_thrown_away_is_not_counted() -> None:
    table, _ = evidence_of(rollout(SINGLE))
    assert isinstance(table, Table)
    assert table.rows == (
        ("errors", "5 of 250 (2 %)", "45 of 4,750 (0.95 %)", "–", "▁▁▁▁▁▁", "0 of 20", "▁▂▄▅▇█", "32 of 20"),
    )


def test_a_look_that_was_thrown_away_says_so() -> None:
    text = to_markdown(Statement("m", "ab" * 32, rollout(SINGLE)))
    (row,) = [line for line in text.splitlines() if "00:00:20" in line]
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "00:00:20", "5", "thrown away", "thrown away", "-10", "0.6",
    ]  # fmt: skip


def test_many_looks_fit_into_one_line_and_their_highest_evidence_stays() -> None:
    looks = [look(10 * number, worse=1.5 if number == 57 else 0.0, non_inferior=0.0) for number in range(100)]
    table, _ = evidence_of(rollout(looks))
    assert isinstance(table, Table)
    assert table.rows[0][4] == "▁" * 11 + "█" + "▁" * 8


def test_the_report_draws_all_evidence_the_weights_and_each_metric() -> None:
    _, group = evidence_of(rollout(BOTH, JUDGED))
    assert isinstance(group, Group)
    charts = [chart for chart in group.blocks if isinstance(chart, Lines)]
    assert [chart.title for chart in charts] == [
        "Evidence at each look",
        "Weight at each look",
        "Evidence of errors",
        "Evidence of wrong",
        "Evidence of latency>50ms",
    ]
    assert [line.label for line in charts[-1].series] == ["worse"], "no promotion waits for it"
    assert charts[0].words == "worse ends at 0.1; not worse ends at 0.2; decides at alpha = 0.05 1.301"
    weights = charts[1].series[0]
    assert list(zip(weights.x, weights.y, strict=True))[-2:] == [(40.0, 5.0), (40.0, 20.0)], "a staircase"


def test_evidence_that_all_speaks_against_it_does_not_flatten_the_chart() -> None:
    _, group = evidence_of(rollout(SINGLE))
    assert isinstance(group, Group)
    chart = group.blocks[0]
    assert isinstance(chart, Lines)
    assert min(chart.series[0].y) == NONE


def test_the_page_has_a_text_for_each_drawing() -> None:
    page = to_html([Statement("m", "ab" * 32, rollout(BOTH, JUDGED))])
    assert page.count("<figure>") == 5
    assert "from 5 % to 20 %, 5 looks" in page
    assert "<script" not in page


def test_without_a_look_there_is_no_evidence() -> None:
    assert evidence_of(rollout([])) == ()
