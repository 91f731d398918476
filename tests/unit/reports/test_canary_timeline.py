"""A rollout's weights over time: a diagram in the summary, a table in the report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlops_actions.evidence import Reason, Statement
from mlops_actions.evidence.rollout import Look, Rollout
from mlops_actions.reports import to_html, to_markdown
from mlops_actions.reports.canary_timeline import timeline_of

START = datetime(2026, 11, 28, tzinfo=UTC)


def rollout(weights: list[float]) -> Rollout:
    looks = [
        Look(time=START + timedelta(seconds=10 * number), weight=weight, counts={}, worse=0, non_inferior=0)
        for number, weight in enumerate(weights)
    ]
    return Rollout(
        result="fail",
        reasons=[Reason(code="worse", message="It was *worse* ```.")],
        target="envoy:a",
        strategy="canary",
        outcome="rolled-back",
        identity="verified",
        steps=[5, 20, 100],
        looks=looks,
        weights=[5, 20, 0],
        alpha=0.05,
        error_margin=0.01,
        dispersion=1.0,
    )


def test_weights_that_hold_are_one_bar_and_the_end_is_a_milestone() -> None:
    markdown = to_markdown(Statement("m", "0" * 64, rollout([5, 5, 5, 20, 20])))
    at = int(START.timestamp())
    assert "\n".join([
        "```mermaid",
        "gantt",
        "    dateFormat X",
        "    axisFormat %H:%M:%S",
        "    section Weights",
        f"    5 % :done, {at}, {at + 20}",
        f"    20 % :done, {at + 20}, {at + 40}",
        f"    rolled-back, worse :milestone, {at + 40}, {at + 40}",
        "```",
    ]) in markdown  # fmt: skip


def test_the_report_has_it_as_a_table() -> None:
    html = to_html([Statement("m", "0" * 64, rollout([5, 5, 20]))])
    assert "2026-11-28 00:00:10" in html
    assert "rolled-back, worse" in html
    assert "mermaid" not in html


def test_of_many_changes_the_last_are_shown() -> None:
    (timeline,) = timeline_of(rollout([20, 5] * 40))
    assert (timeline.title, len(timeline.spans)) == ("Weights (the last 40 of 80)", 40)


def test_without_a_look_there_is_none() -> None:
    assert timeline_of(rollout([])) == ()


def test_the_first_sentence_says_how_a_rollout_ended_and_where_the_traffic_is() -> None:
    told = to_markdown(Statement("m", "0" * 64, rollout([5, 20])))
    assert told.splitlines()[2].startswith("m was rolled back on ")
    refused = rollout([]).model_copy(update={"outcome": "refused", "weights": []})
    assert "verified; no traffic was moved. " in to_markdown(Statement("m", "0" * 64, refused)).splitlines()[2]
