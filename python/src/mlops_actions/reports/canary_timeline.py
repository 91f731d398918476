"""A rollout from its first weight to its end: what the candidate held, and for how long."""

from __future__ import annotations

from mlops_actions.evidence.rollout import Rollout
from mlops_actions.reports.page import Span, Timeline

_LONGEST = 40


def timeline_of(rollout: Rollout) -> tuple[Timeline, ...]:
    """The weights that looks have seen; nothing without a look."""
    spans: list[Span] = []
    for look in rollout.looks:
        label = f"{look.weight:g} %"
        start = spans[-1].end if spans else look.time
        if spans and spans[-1].label == label:
            start = spans.pop().start
        spans.append(Span(label, start, look.time))
    if not spans:
        return ()
    title = "Weights" if len(spans) <= _LONGEST else f"Weights (the last {_LONGEST} of {len(spans)})"
    code = f", {rollout.reasons[0].code}" if rollout.reasons else ""
    return (Timeline(title, tuple(spans[-_LONGEST:]), f"{rollout.outcome}{code}"),)
