"""A rollout's evidence over its looks: a chart of all, one of the weights, and each metric's own."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlops_actions.evidence.rollout import JudgedMetric, Look, MetricLook, Rollout
from mlops_actions.reports.page import Block, Group, Lines, Series, Table, number

NONE = -2.0
"""log10 of evidence below which nothing more is to be seen: charts end there."""

_BARS = "▁▂▃▄▅▆▇█"
_LONGEST = 20
"""Bars of one line."""
_CHARTS = 12
"""Metrics with a chart each; the table has all."""
_HEADINGS = ("metric", "candidate", "stable", "margin", "worse", "", "not worse", "")


def evidence_of(rollout: Rollout) -> tuple[Block, ...]:
    """What was judged, and how the evidence grew; nothing without a look."""
    looks = rollout.looks
    if not looks:
        return ()
    threshold = -math.log10(rollout.alpha)
    judged = {metric.name: metric for metric in rollout.metrics}
    rows = tuple(_row(name, of, judged.get(name), threshold) for name, of in _by_metric(rollout).items())
    together = {"worse": [look.worse for look in looks], "not worse": [look.non_inferior for look in looks]}
    charts: list[Block] = [_chart("Evidence at each look", looks, together, rollout.alpha), _weights(looks)]
    named = _by_metric(rollout) if len(rows) > 1 else {}
    for name, of in list(named.items())[:_CHARTS]:
        lines = {"worse": [one.worse for one in of]}
        if all(one.non_inferior is not None for one in of):
            lines["not worse"] = [one.non_inferior or 0.0 for one in of]
        charts.append(_chart(f"Evidence of {name}", looks, lines, rollout.alpha))
    return Table("Evidence", _HEADINGS, rows), Group("Evidence over the looks", tuple(charts))


def bars(values: Sequence[float], threshold: float) -> str:
    """Evidence in log10 over time as a line of bars: from none to a full one, which decides.

    >>> bars([-3, 0, 0.4, 0.9, 1.2, 1.4], threshold=1.3)
    '▁▁▃▅▇█'
    """
    size = max(1, math.ceil(len(values) / _LONGEST))
    highest = [max(values[start : start + size]) for start in range(0, len(values), size)]
    shares = (min(1.0, max(0.0, value / threshold)) for value in highest)
    return "".join(_BARS[math.floor(share * (len(_BARS) - 1))] for share in shares)


def _by_metric(rollout: Rollout) -> dict[str, list[MetricLook]]:
    """Each metric's looks; the errors alone stand in the looks themselves."""
    looks = rollout.looks
    names = list(dict.fromkeys(name for look in looks for name in look.metrics))
    if names:
        return {name: [look.metrics[name] for look in looks if name in look.metrics] for name in names}
    return {"errors": [_of_errors(look) for look in looks]}


def _of_errors(look: Look) -> MetricLook:
    counts = look.counts
    candidate, stable = (
        (counts[f"{side}_errors"], counts[f"{side}_requests"]) if counts else None for side in ("candidate", "stable")
    )
    return MetricLook(candidate=candidate, stable=stable, worse=look.worse, non_inferior=look.non_inferior)


def _row(name: str, of: Sequence[MetricLook], judged: JudgedMetric | None, threshold: float) -> tuple[str, ...]:
    shown = [one.non_inferior for one in of if one.non_inferior is not None]
    return (
        name,
        _share([one.candidate for one in of]),
        _share([one.stable for one in of]),
        number(judged.margin) if judged else "–",
        bars([one.worse for one in of], threshold),
        _strength(of[-1].worse, threshold),
        bars(shown, threshold) if shown else "",
        _strength(shown[-1], threshold) if shown else "not waited for",
    )


def _share(counts: Sequence[tuple[int, int] | None]) -> str:
    bad, total = (sum(one[part] for one in counts if one) for part in (0, 1))
    return f"{bad:,} of {total:,} ({100 * bad / total:.2g} %)" if total else "nothing"


def _strength(log10_evidence: float, threshold: float) -> str:
    """Evidence beside what decides.

    >>> _strength(0.5, 1.301), _strength(-80, 1.301)
    ('3.2 of 20', '0 of 20')
    """
    value = 10 ** min(max(log10_evidence, -300), 300)
    return f"{value:.2g} of {10**threshold:.3g}" if value >= 0.01 else f"0 of {10**threshold:.3g}"


def _chart(title: str, looks: Sequence[Look], lines: dict[str, list[float]], alpha: float) -> Lines:
    threshold = -math.log10(alpha)
    x = _seconds(looks)
    ends = "; ".join(f"{name} ends at {number(line[-1])}" for name, line in lines.items())
    decides = f"decides at alpha = {alpha:g}"
    series = tuple(Series(name, x[-len(line) :], tuple(max(NONE, y) for y in line)) for name, line in lines.items())
    guide = (decides, ((x[0], threshold), (x[-1], threshold)))
    words = f"{ends}; {decides} {number(threshold)}"
    return Lines(title, words, "seconds", "evidence (log10)", series, None, guide=guide)


def _weights(looks: Sequence[Look]) -> Lines:
    """The weight as a staircase: it holds until the next look."""
    x, y = _seconds(looks), [look.weight for look in looks]
    stairs = [(x[0], y[0])]
    for at, before, now in zip(x[1:], y, y[1:], strict=False):
        stairs += [(at, before), (at, now)]
    words = f"from {number(y[0])} % to {number(y[-1])} %, {len(looks)} looks"
    line = Series("candidate", tuple(one for one, _ in stairs), tuple(one for _, one in stairs))
    return Lines("Weight at each look", words, "seconds", "% of the traffic", (line,), None)


def _seconds(looks: Sequence[Look]) -> tuple[float, ...]:
    return tuple((look.time - looks[0].time).total_seconds() for look in looks)
