"""The evaluation's page: each metric with its interval, beside the champion's, then slices."""

from __future__ import annotations

from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation, Slice
from mlops_actions.evidence.statement import Statement
from mlops_actions.reports.page import Block, Interval, Page, Table, Text, interval, number
from mlops_actions.reports.scales import charts_of


def page(statement: Statement[Evaluation]) -> Page:
    """Headline metrics, differences to the champion, slices."""
    evaluation = statement.predicate
    if evaluation.result != "pass":
        text = " ".join(reason.message for reason in evaluation.reasons if not reason.warning)
        return Page("Evaluation", evaluation.result, f"{statement.name}: {text}", ())
    names = ", ".join(evaluation.cluster)
    rows = f"{evaluation.n:,} rows" + (f", in clusters of {names}" if names else "")
    compared = f", beside {evaluation.champion_name or 'the champion'}" if evaluation.champion_sha256 else ""
    headline = f"{statement.name} on {rows}{compared}. Each bound holds with {_shown(evaluation)} % confidence."
    return Page("Evaluation", evaluation.result, headline, tuple(_blocks(evaluation)))


def _blocks(evaluation: Evaluation) -> list[Block]:
    headings = ("metric", "value", "interval", "champion", "difference", "its interval")
    rows = tuple(_metric(evaluation, name, one) for name, one in evaluation.estimates.items())
    blocks: list[Block] = [Text(f"Warning: {one.message}") for one in evaluation.reasons if one.warning]
    blocks.append(Table("Metrics", headings, rows))
    if evaluation.differences:
        bars = (
            (_magnitude(evaluation, name), _bar(name, one, 0.0))
            for name, one in evaluation.differences.items()
            if one.value is not None
        )
        blocks += charts_of("Difference to the champion, paired", bars)
    blocks += [_slices(evaluation, column) for column in dict.fromkeys(one.column for one in evaluation.slices)]
    if evaluation.unavailable:
        kept = ", ".join(evaluation.unavailable)
        blocks.append(Text(f"Kept from the model, since not available at prediction time: {kept}."))
    return blocks


def _metric(evaluation: Evaluation, name: str, one: EstimateRecord) -> tuple[str, ...]:
    champion, difference = evaluation.champion.get(name), evaluation.differences.get(name)
    return (
        name,
        number(one.value),
        interval(one.lower, one.upper),
        number(champion.value) if champion else "–",
        number(difference.value) if difference else "–",
        interval(difference.lower, difference.upper) if difference else "–",
    )


def _slices(evaluation: Evaluation, column: str) -> Table:
    metrics = tuple(list(evaluation.estimates)[:4])
    rows = tuple(_slice(one, metrics) for one in evaluation.slices if one.column == column)
    return Table(f"By {column}", (column, "rows", *metrics), rows, folded=True)


def _slice(one: Slice, metrics: tuple[str, ...]) -> tuple[str, ...]:
    shown = (one.estimates.get(metric) for metric in metrics)
    cells = tuple(f"{number(each.value)} ({interval(each.lower, each.upper)})" if each else "–" for each in shown)
    return (one.value, f"{one.n:,}", *cells)


def _magnitude(evaluation: Evaluation, name: str) -> float:
    both = (evaluation.estimates.get(name), evaluation.champion.get(name))
    return max((abs(one.value or 0.0) for one in both if one), default=0.0)


def _bar(name: str, one: EstimateRecord, limit: float) -> Interval:
    return Interval(name, one.value or 0.0, one.lower, one.upper, limit, "")


def _shown(evaluation: Evaluation) -> str:
    """The percentage of one bound, as a gate's message has it; both bounds together hold with less."""
    confidence = next(iter(evaluation.estimates.values())).confidence if evaluation.estimates else 0.95
    return f"{100 * confidence:g}"
