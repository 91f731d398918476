"""What an A/B test or a shadow found: each estimate with the interval that holds it at every look."""

from __future__ import annotations

from mlops_actions.evidence.rollout import Comparison, Rollout
from mlops_actions.reports.page import Interval, Intervals, Outcome, number

_HEADINGS = ("compared", "answer", "candidate", "stable", "counted", "difference, or agreement", "from", "to", "")
_OUTCOMES: dict[str, Outcome] = {"yes": "pass", "no": "fail", "open": ""}


def comparisons_of(rollout: Rollout) -> tuple[Intervals, ...]:
    """A row for each comparison, on an axis of its own; nothing where nothing was compared."""
    if not rollout.comparisons:
        return ()
    confidence = 100 * rollout.comparisons[0].confidence
    title = f"Comparisons (at {confidence:g} % and at every look)"
    return (Intervals(title, _HEADINGS, tuple(map(_row, rollout.comparisons)), common=False),)


def _row(found: Comparison) -> Interval:
    counted = found.units[0] if found.units[0] == found.units[1] else f"{found.units[0]:,} and {found.units[1]:,}"
    cells = (
        found.claim or found.metric,
        found.answer if found.claim else "–",
        number(found.candidate),
        number(found.stable),
        f"{counted:,}" if isinstance(counted, int) else counted,
        number(found.value),
        number(found.lower, 3),
        number(found.upper, 3),
    )
    return Interval(cells, found.value, found.lower, found.upper, found.limit, _OUTCOMES[found.answer])
