"""The evaluation's page: better or worse than the champion, then curves, then slices, then how it was scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation, Timing
from mlops_actions.evidence.statement import Statement
from mlops_actions.reports import curves, fairness, slices
from mlops_actions.reports.direction import HEADLINE, oriented, told
from mlops_actions.reports.page import Block, Interval, Intervals, Measure, Outcome, Page, Table, Text, counted, number

Records = Mapping[str, EstimateRecord]

_ROLES = {
    "anchor": "Against an older model",
    "baseline": "Against no model at all",
    "recorded": "Against its own evaluation at promotion",
}

_OUTCOMES: dict[str, Outcome] = {"better": "pass", "worse": "fail"}


def page(statement: Statement[Evaluation]) -> Page:
    """Headline metrics, differences to the champion, curves, slices."""
    evaluation = statement.predicate
    headline = f"{statement.name} {_finding(evaluation)}, on {_rows(evaluation)}."
    if evaluation.result != "pass":
        text = " ".join(reason.message for reason in evaluation.reasons if not reason.warning)
        headline = f"{statement.name}: {text}"
    # What there is of numbers is shown whatever the result; a model that misbehaved has none.
    blocks = tuple(_blocks(evaluation)) if evaluation.estimates else ()
    return Page("Evaluation", evaluation.result, headline, blocks)


def _finding(evaluation: Evaluation) -> str:
    differences = {name: one for name, one in evaluation.differences.items() if oriented(name, one)}
    if not differences:
        name = next((one for one in HEADLINE if one in evaluation.estimates), None)
        one = evaluation.estimates.get(name or "")
        found = f"has {name} {Measure(one.value, one.lower, one.upper)}" if one else "was scored"
        return found if evaluation.champion_sha256 else f"{found}; there is no champion to compare with"
    champion = evaluation.champion_name or "the champion"
    words = [told(name, one) for name, one in differences.items()]
    better, worse = words.count("better"), words.count("worse")
    if not better and not worse:
        return f"is neither shown better nor worse than {champion} on any of {counted(len(words), 'metric')}"
    rest = len(words) - better - worse
    parts = [("better", f"than {champion} ", better), ("worse", "" if better else f"than {champion} ", worse)]
    shown = " and ".join(f"{word} {than}on {count}" for word, than, count in parts if count)
    return f"is {shown} of {counted(len(words), 'metric')}" + (f" ({rest} not shown to differ)" if rest else "")


def _rows(evaluation: Evaluation) -> str:
    names = ", ".join(evaluation.cluster)
    return counted(evaluation.n, "row") + (f", in clusters of {names}" if names else "")


def _blocks(evaluation: Evaluation) -> Iterator[Block]:
    yield from (Text(f"Warning: {one.message}") for one in evaluation.reasons if one.warning)
    yield _metrics(evaluation)
    yield Text(f"Each bound holds with {_shown(evaluation)} % confidence.")
    for role, one in evaluation.references.items():
        title = f"{_ROLES[role]}: {one.name}"
        yield replace(_compared(title, role, evaluation.estimates, one.estimates, one.differences), folded=True)
    yield from curves.groups(evaluation)
    yield from slices.groups(evaluation)
    yield from fairness.groups(evaluation)
    if evaluation.unavailable:
        kept = ", ".join(evaluation.unavailable)
        yield Text(f"Kept from the model, since not available at prediction time: {kept}.")
    yield Table("How it was scored", ("what", "value"), tuple(_facts(evaluation)), folded=True)


def _metrics(evaluation: Evaluation) -> Intervals | Table:
    if evaluation.champion:
        return _compared("Metrics", "champion", evaluation.estimates, evaluation.champion, evaluation.differences)
    rows = [_alone(name, one) for name, one in evaluation.estimates.items()]
    if all(row.value is None for row in rows):
        return Table("Metrics", ("metric", "value"), tuple(row.cells for row in rows))
    return Intervals("Metrics", ("metric", "value", "shares on one scale"), tuple(rows))


def _alone(name: str, one: EstimateRecord) -> Interval:
    # On one scale with shares, a number of euros would flatten them all.
    comparable = one.lower is not None and one.upper is not None and one.lower >= 0.0 and one.upper <= 1.0
    cells = (name, Measure(one.value, one.lower, one.upper))
    return Interval(cells, one.value if comparable else None, one.lower, one.upper, None)


def _compared(title: str, other: str, estimates: Records, others: Records, differences: Records) -> Intervals:
    """The candidate beside another model, each difference on an axis of its own."""
    headings = ("metric", "candidate", other, "difference", "shown", "difference, dashed at none")
    rows = (_beside(name, one, others.get(name), differences.get(name)) for name, one in estimates.items())
    return Intervals(title, headings, tuple(rows), common=False)


def _beside(
    name: str, one: EstimateRecord, other: EstimateRecord | None, difference: EstimateRecord | None
) -> Interval:
    candidate = Measure(one.value, one.lower, one.upper)
    if other is None or difference is None:
        return Interval((name, candidate, "–", "–", "–"), None, None, None, None)
    found = Measure(difference.value, difference.lower, difference.upper, signed=True)
    word = told(name, difference)
    cells = (name, candidate, number(other.value), found, word)
    return Interval(cells, found.value, found.lower, found.upper, 0.0, _OUTCOMES.get(word, ""))


def _latencies(timing: Timing) -> Iterator[tuple[str, str]]:
    for what, found in (
        ("a row", (timing.latency_p50_ms, timing.latency_p95_ms, timing.latency_p99_ms)),
        ("a batch", (timing.batch_p50_ms, timing.batch_p95_ms, timing.batch_p99_ms)),
    ):
        if found[1] is not None:
            yield (
                f"latency of {what}: median, 95th, 99th percentile",
                f"{', '.join(number(one, 3) for one in found)} ms",
            )
    if timing.peak_memory_bytes is not None:
        yield "most memory while scoring", f"{timing.peak_memory_bytes / 1e6:,.0f} MB"


def _facts(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    means = f" ({evaluation.isolation_means})" if evaluation.isolation_means else ""
    yield "predictions from", evaluation.source
    if evaluation.isolation:
        yield "isolation", evaluation.isolation + means
    if evaluation.size_bytes is not None:
        yield "size of the model", f"{evaluation.size_bytes:,} bytes"
    if evaluation.timing:
        yield "loaded in", f"{number(evaluation.timing.load_seconds, 3)} s"
        yield "scored in", f"{number(evaluation.timing.score_seconds, 3)} s"
        yield from _latencies(evaluation.timing)
    if evaluation.environment:
        yield "Python", evaluation.environment.python
        yield "platform", evaluation.environment.platform
        yield from evaluation.environment.packages.items()
    yield "features", ", ".join(evaluation.features)


def _shown(evaluation: Evaluation) -> str:
    """The percentage of one bound, as a gate's message has it; both bounds together hold with less."""
    return f"{100 * next(iter(evaluation.estimates.values())).confidence:g}"
