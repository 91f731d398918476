"""An evaluation's curves as charts, the champion's beside the candidate's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlops_actions.evidence.curves import Band, Confusion, Curve, Curves, ModelCurves
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.reports.page import Area, Block, Group, Histogram, Lines, Matrix, Series, Table, number

_LISTED = 11
"""Points of a curve in the table beside it."""


def groups(evaluation: Evaluation) -> Iterator[Group]:
    """One group of charts, with the worst rows below, where there is something to draw."""
    curves = evaluation.curves
    if curves is None:
        return
    models = {"candidate": curves.candidate} | ({"champion": curves.champion} if curves.champion else {})
    blocks: list[Block] = [
        *_ranking(models),
        *_reliability(models),
        *_scores(curves.candidate),
        *_residuals(curves),
        *_bands(curves.candidate.bands),
        *(_matrix(name, model.confusion) for name, model in models.items() if model.confusion),
    ]
    if curves.worst:
        blocks.append(_worst(curves))
    if blocks:
        yield Group("Curves", tuple(blocks))


def _ranking(models: dict[str, ModelCurves]) -> Iterator[Lines]:
    roc = {name: model.roc for name, model in models.items() if model.roc}
    precision_recall = {name: model.precision_recall for name, model in models.items() if model.precision_recall}
    if "candidate" not in roc or "candidate" not in precision_recall:
        return
    rates = _rates(models["candidate"].confusion)
    yield _curves(
        "ROC",
        roc,
        ("false positive rate", "true positive rate", "area"),
        guide=("chance", ((0.0, 0.0), (1.0, 1.0))),
        point=rates and (rates[0], rates[1]),
    )
    level = precision_recall["candidate"].y[-1]
    yield _curves(
        "Precision and recall",
        precision_recall,
        ("recall", "precision", "average precision"),
        guide=("chance", ((0.0, level), (1.0, level))),
        point=rates and (rates[1], rates[2]),
    )


def _curves(
    title: str,
    curves: dict[str, Curve],
    labels: tuple[str, str, str],
    guide: tuple[str, tuple[tuple[float, float], tuple[float, float]]],
    point: tuple[float, float] | None,
) -> Lines:
    x_label, y_label, area = labels
    words = ", ".join(f"{area} of the {name} {number(curve.area)}" for name, curve in curves.items())
    if point:
        words += f"; the dot is the decision threshold ({x_label} {number(point[0])}, {y_label} {number(point[1])})"
    series = tuple(
        Series(f"{name}, {area} {number(curve.area)}", tuple(curve.x), tuple(curve.y)) for name, curve in curves.items()
    )
    rows = tuple(
        (name, number(curve.thresholds[i]), number(curve.x[i]), number(curve.y[i]))
        for name, curve in curves.items()
        for i in _listed(len(curve.x))
    )
    return Lines(
        title,
        words,
        x_label,
        y_label,
        series,
        Table(f"{title}, points of the curve", ("model", "threshold", x_label, y_label), rows),
        guide=guide,
        square=True,
        points=(("at the decision threshold", *point),) if point else (),
    )


def _listed(points: int) -> list[int]:
    """Places of about a dozen points, the ends included."""
    most = min(points, _LISTED)
    return sorted({round(i * (points - 1) / max(most - 1, 1)) for i in range(most)})


def _rates(confusion: Confusion | None) -> tuple[float, float, float] | None:
    """False and true positive rate, and precision, at the decision threshold."""
    if confusion is None or len(confusion.counts) != 2:
        return None
    (quiet, false), (missed, true) = confusion.counts
    if not (quiet + false and missed + true and false + true):
        return None
    return false / (quiet + false), true / (missed + true), true / (false + true)


def _reliability(models: dict[str, ModelCurves]) -> Iterator[Lines]:
    found = {name: model.reliability for name, model in models.items() if model.reliability}
    if "candidate" not in found:
        return
    series, rows = [], []
    for name, bins in found.items():
        lower, upper = tuple(one.lower for one in bins), tuple(one.upper for one in bins)
        series.append(
            Series(name, tuple(one.predicted for one in bins), tuple(one.observed for one in bins), lower, upper)
        )
        rows += [
            (name, f"{one.n:,}", number(one.predicted), number(one.observed), number(one.lower), number(one.upper))
            for one in bins
        ]
    bins = found["candidate"]
    off = sum(_misses(one.predicted, one.lower, one.upper) for one in bins)
    yield Lines(
        "Reliability",
        f"in {off} of {len(bins)} bins the candidate's mean prediction lies outside the interval of what was observed",
        "predicted probability",
        "observed share",
        tuple(series),
        Table("Reliability by bin", ("model", "rows", "predicted", "observed", "lower", "upper"), tuple(rows)),
        guide=("as predicted", ((0.0, 0.0), (1.0, 1.0))),
        square=True,
    )


def _misses(value: float, lower: float | None, upper: float | None) -> bool:
    return (lower is not None and value < lower) or (upper is not None and value > upper)


def _scores(model: ModelCurves) -> Iterator[Histogram]:
    if model.scores is None:
        return
    labels = model.confusion.labels if model.confusion else ["negative", "positive"]
    shares = dict(zip(labels, (model.scores.shares["negative"], model.scores.shares["positive"]), strict=True))
    words = "how often each score is given to rows of either class, by the candidate"
    yield _histogram("Scores by class", words, "score", model.scores.edges, shares)


def _residuals(curves: Curves) -> Iterator[Histogram]:
    if curves.residuals:
        words = "how often each error is made; the outer bins hold whatever lies beyond"
        yield _histogram("Residuals", words, "prediction - truth", curves.residuals.edges, curves.residuals.shares)


def _histogram(
    title: str, words: str, x_label: str, edges: Sequence[float], shares: dict[str, list[float]]
) -> Histogram:
    rows = tuple(
        (f"{number(edges[i])} … {number(edges[i + 1])}", *(number(one[i]) for one in shares.values()))
        for i in range(len(edges) - 1)
    )
    table = Table(f"{title}, shares of rows", (x_label, *shares), rows)
    series = tuple((name, tuple(one)) for name, one in shares.items())
    return Histogram(title, words, x_label, tuple(edges), series, table)


def _bands(bands: Sequence[Band]) -> Iterator[Lines]:
    if not bands:
        return
    x = tuple(one.predicted for one in bands)
    low, lower, median, upper, high = (tuple(one.quantiles[i] for one in bands) for i in range(5))
    rows = tuple((f"{one.n:,}", number(one.predicted), *map(number, one.quantiles)) for one in bands)
    yield Lines(
        "Residuals by prediction",
        f"the median residual runs from {number(median[0])} where predictions are small to {number(median[-1])} where "
        "they are large",
        "prediction",
        "prediction - truth",
        (Series("median", x, median),),
        Table("Residuals by prediction", ("rows", "prediction", "5 %", "25 %", "median", "75 %", "95 %"), rows),
        areas=(Area("5 … 95 %", x, low, high), Area("25 … 75 %", x, lower, upper)),
        guide=("no error", ((x[0], 0.0), (x[-1], 0.0))),
    )


def _matrix(name: str, confusion: Confusion) -> Matrix:
    counts = tuple(tuple(line) for line in confusion.counts)
    return Matrix(f"Confusion of the {name}", "truth ↓ predicted →", tuple(confusion.labels), counts)


def _worst(curves: Curves) -> Table:
    rows = tuple(
        (f"{one.row:,}", _text(one.truth), _text(one.prediction), number(one.loss), _text(one.champion))
        for one in curves.worst
    )
    title = "Rows with the greatest loss, numbered from 0"
    return Table(title, ("row", "truth", "predicted", "loss", "champion"), rows, folded=True)


def _text(value: float | str | None) -> str:
    return value if isinstance(value, str) else number(value)
