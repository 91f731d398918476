"""Predictions beside their labels in a table larger than memory, reduced by its engine to what estimates need.

The engine counts like rows: the same cluster, truth, predicted label, weight and bin of the score. Everything that
looks at labels is exact on the counts; so is the mean of a loss, whose sum each cell carries. What looks at the order
of scores takes those of a bin for ties, and `Reduced.error` bounds what that can change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.measuring.cuts import Cut, cut_by
from mlops_actions.evaluate_model.measuring.measurement import measure, measure_slices
from mlops_actions.evaluate_model.rows.clusters import values_of
from mlops_actions.evaluate_model.rows.target import Target, read_target
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.evidence.slicing import Feature, Slicing
from mlops_actions.statistics.clusters import Design, Floats, encode
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation
from mlops_actions.statistics.sample import Predictions, Sample
from mlops_actions.tables.collect import collect
from mlops_actions.tables.interface import Column

if TYPE_CHECKING:
    import narwhals as nw

MOST_BINS, LEAST_BINS = 16384, 256
"""Of the probability, all of one width."""
RUNS = 4_000_000
"""About how many runs the bins may make of all clusters and slices."""
MOST_RUNS = 20_000_000
_OUTSIDE = -1
_ROUNDING = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Roles:
    """Which column of the table is what."""

    target: str
    probability: str
    """Of the positive class."""
    champion: str | None = None
    """The champion's probability."""
    cluster: tuple[str, ...] = ()
    """Columns, or days and weeks of them, such as `sold.date`."""
    weights: str | None = None
    threshold: float = 0.5
    """Probability from which a row counts as positive."""
    positive: str | None = None
    """The positive label; by default 1 or `true`."""


@dataclass(frozen=True)
class Reduced:
    """Runs of like rows, in place of the rows."""

    sample: Sample
    """For labels and ranking: a score is the middle of its bin."""
    losses: Mapping[str, Sample]
    """For metrics that are a mean: a score is the one whose loss is the cell's mean."""
    target: Target
    rows: int
    bins: int
    """Bins of the score."""
    cut: Cut | None
    """The slices, where a column was given."""

    def measure(self, metrics: Sequence[str]) -> Evaluation:
        """Estimates of the whole table."""
        return _joined([measure(sample, names) for sample, names in self._parts(metrics)], metrics)

    def measure_slices(
        self, metrics: Sequence[str], table: Evaluation, minimum: int
    ) -> list[tuple[str, int, Evaluation]]:
        """See `measurement.measure_slices`."""
        if self.cut is None:
            raise ValueError("the reduction knows no slices")
        parts = [
            measure_slices(sample, names, self.cut, _joined([table], names), minimum)
            for sample, names in self._parts(metrics)
        ]
        found: dict[str, list[tuple[int, Evaluation]]] = {}
        for part in parts:
            for value, rows, one in part:
                found.setdefault(value, []).append((rows, one))
        return [
            (value, max(n for n, _ in ones), _joined([one for _, one in ones], table.estimates))
            for value, ones in found.items()
        ]

    def error(self, metric: str) -> float:
        """The most by which the candidate's value can differ from that of the rows themselves.

        For the area under the ROC curve half the share of pairs in one bin, all of which count as ties; for average
        precision what the best and the worst order within each bin would give; 0 for all else.
        """
        if metric not in ("roc_auc", "average_precision"):
            return 0.0
        scores, truth, mass = self.sample.candidate.scores, self.sample.truth, self._mass
        if scores is None:
            return 0.0
        _, bins = np.unique(scores, return_inverse=True)
        negative, positive = (np.bincount(bins, mass * (truth == one)) for one in (0, 1))
        if metric == "roc_auc":
            return float((negative * positive).sum() / (2.0 * negative.sum() * positive.sum()))
        above_true, above_false = (one.sum() - np.cumsum(one) for one in (positive, negative))
        least = mass[mass > 0].min()
        seen = above_true + positive + above_false + negative
        binned = np.divide(above_true + positive, seen, out=np.zeros_like(seen), where=seen > 0)
        best = (above_true + positive) / np.maximum(above_true + positive + above_false, least)
        worst = (above_true + least) / (above_true + least + above_false + negative)
        off = np.where(
            positive > 0, np.maximum(np.minimum(best, 1.0) - binned, binned - np.minimum(worst, binned)), 0.0
        )
        return float((positive * off).sum() / positive.sum())

    @property
    def _mass(self) -> Floats:
        counts, weights = self.sample.sampling.counts, self.sample.sampling.weights
        counted = np.ones(len(self.sample.truth)) if counts is None else counts
        return counted if weights is None else counted * weights

    def _parts(self, metrics: Sequence[str]) -> list[tuple[Sample, list[str]]]:
        ordinary = [name for name in metrics if name not in self.losses]
        alone = [(sample, [name]) for name, sample in self.losses.items() if name in metrics]
        return [(self.sample, ordinary), *alone] if ordinary else alone


def reduce_table(frame: nw.LazyFrame[Any], roles: Roles, cut: str | None = None, bins: int | None = None) -> Reduced:
    """Reduce a table of labels and probabilities to runs of like rows, by slice where a column `cut` is given.

    Without `bins` there are as many as the clusters and slices allow, which costs a pass where there are any.

    Raises MisbehaviourError for probabilities that are missing or outside 0 to 1, InputError where a label or cluster
    is missing, or where so many runs differ that nothing is won.
    """
    import narwhals as nw

    columns = [roles.probability, *([roles.champion] if roles.champion else [])]
    keys = {"truth": nw.col(roles.target)}
    keys |= {f"cluster{i}": _cluster(name, frame.columns) for i, name in enumerate(roles.cluster)}
    keys |= {"slice": nw.col(cut)} if cut else {}
    bins = bins or _bins(frame, [one for key, one in keys.items() if key != "truth"])
    keys |= {"weight": nw.col(roles.weights)} if roles.weights else {}
    sums: dict[str, nw.Expr] = {}
    for i, name in enumerate(columns):
        score = nw.col(name)
        outside = (score < -1e-9) | (score > 1.0 + 1e-9)
        keys[f"label{i}"] = score >= roles.threshold
        keys[f"bin{i}"] = nw.when(outside).then(nw.lit(float(_OUTSIDE))).otherwise((score * bins) // 1).cast(nw.Int32)
        for side, chance in (("one", score), ("zero", 1.0 - score)):
            least = nw.when(chance < _ROUNDING).then(nw.lit(_ROUNDING)).otherwise(chance)
            most = nw.when(least > 1.0 - _ROUNDING).then(nw.lit(1.0 - _ROUNDING)).otherwise(least)
            sums[f"{side}{i}"] = most.log()
            sums[f"square_{side}{i}"] = (1.0 - chance) * (1.0 - chance)
    cells = frame.select(**(keys | sums))
    counted = cells.group_by(*keys).agg(nw.len().alias("rows"), *(nw.col(name).sum() for name in sums))
    cells_found = collect(counted)
    dated = {name: column for name in roles.cluster if (column := _date_column(name, frame.columns)) is not None}
    return _reduced(cells_found, roles, dated, cut, bins, len(columns))


def _bins(frame: nw.LazyFrame[Any], keys: Sequence[nw.Expr]) -> int:
    """A power of two, of which two classes in every cluster and slice make about `RUNS`."""
    import narwhals as nw

    if not keys:
        return MOST_BINS
    named = {f"key{i}": key for i, key in enumerate(keys)}
    found = collect(frame.select(**named).select(*(nw.col(name).n_unique() for name in named)))
    parts = math.prod(int(column.values[0]) for column in found.values())
    return int(min(max(2 ** int(math.log2(max(RUNS / (2 * parts), 1))), LEAST_BINS), MOST_BINS))


def _cluster(name: str, columns: Collection[str]) -> nw.Expr:
    """The column, or its day; weeks are made of days afterwards, since not every engine knows when they begin."""
    import narwhals as nw

    column = _date_column(name, columns)
    return nw.col(name) if column is None else nw.col(column).cast(nw.Datetime("us")).dt.truncate("1d")


def _date_column(cluster: str, columns: Collection[str]) -> str | None:
    return None if cluster in columns else cluster.rpartition(".")[0]


def _reduced(
    cells: Mapping[str, Column], roles: Roles, dated: Mapping[str, str], cut: str | None, bins: int, models: int
) -> Reduced:
    counts = cells["rows"].values.astype(np.float64)
    if not len(counts):
        raise InputError("the table has no rows.", where="data", hint="A model cannot be judged on no data.")
    if len(counts) > MOST_RUNS:
        raise InputError(
            f"the table's rows fall into {len(counts):,} different runs, too many to hold.",
            where="cluster",
            hint="Use coarser clusters, such as days, or fewer weights.",
        )
    rows = int(counts.sum())
    for i, name in enumerate([roles.probability, roles.champion][:models]):
        _check_scores(name or "", cells[f"bin{i}"], counts, rows)
    for i, name in enumerate(roles.cluster):
        _check_known("cluster", name, cells[f"cluster{i}"], counts)
    target = read_target(roles.target, cells["truth"], "binary", roles.positive)
    design = Design(
        len(counts),
        None if roles.weights is None else _weights(roles.weights, cells["weight"], counts),
        tuple(
            encode(values_of(name, dated.get(name, name), cells[f"cluster{i}"]))[0]
            for i, name in enumerate(roles.cluster)
        ),
        counts,
    )
    predicted = [_binned(cells, i, bins) for i in range(models)]
    sample = Sample("binary", target.truth, predicted[0], predicted[1] if models > 1 else None, design)
    losses = {
        "log_loss": _with_scores(sample, [_as_log_loss(cells, i, target.truth, counts) for i in range(models)]),
        "brier": _with_scores(sample, [_as_brier(cells, i, target.truth, counts) for i in range(models)]),
    }
    return Reduced(sample, losses, target, rows, bins, None if cut is None else _cut(cut, cells["slice"], counts))


def _check_scores(name: str, column: Column, counts: Floats, rows: int) -> None:
    if column.valid is not None and not column.valid.all():
        missing = int(counts[~column.valid].sum())
        raise MisbehaviourError("predictions-nan", f"gives no {name!r} for {missing:,} of {rows:,} rows.")
    outside = column.values == _OUTSIDE
    if outside.any():
        wrong = int(counts[outside].sum())
        raise MisbehaviourError("predictions-range", f"gives {wrong:,} of {rows:,} rows a {name!r} outside 0 to 1.")


def _check_known(where: str, name: str, column: Column, counts: Floats) -> None:
    if column.valid is not None and not column.valid.all():
        missing = int(counts[~column.valid].sum())
        raise InputError(
            f"{missing:,} rows have no {name!r}: it is not known which rows they belong with.",
            where=where,
            hint="Fill the column, or leave these rows out.",
        )


def _weights(name: str, column: Column, counts: Floats) -> Floats:
    _check_known("weights", name, column, counts)
    values = column.values
    if values.dtype.kind not in "iuf" or not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise InputError(f"{name!r} must hold finite numbers from 0, not all 0, in every row.", where="weights")
    return values.astype(np.float64)


def _binned(cells: Mapping[str, Column], model: int, bins: int) -> Predictions:
    """Labels as the rows have them; a probability of exactly 1 lies in the last bin."""
    middle = (np.minimum(cells[f"bin{model}"].values, bins - 1) + 0.5) / bins
    return Predictions(labels=cells[f"label{model}"].values.astype(np.intp), scores=middle)


def _as_log_loss(cells: Mapping[str, Column], model: int, truth: NDArray[Any], counts: Floats) -> Floats:
    """The score with the cell's mean logarithmic loss."""
    mean = np.where(truth == 1, cells[f"one{model}"].values, cells[f"zero{model}"].values) / counts
    return np.asarray(np.where(truth == 1, np.exp(mean), -np.expm1(mean)))


def _as_brier(cells: Mapping[str, Column], model: int, truth: NDArray[Any], counts: Floats) -> Floats:
    """The score with the cell's mean squared error."""
    mean = np.where(truth == 1, cells[f"square_one{model}"].values, cells[f"square_zero{model}"].values) / counts
    root = np.sqrt(np.clip(mean, 0.0, 1.0))
    return np.asarray(np.where(truth == 1, 1.0 - root, root))


def _with_scores(sample: Sample, scores: Sequence[Floats]) -> Sample:
    models = [Predictions(scores=np.clip(one, 0.0, 1.0)) for one in scores]
    return replace(sample, candidate=models[0], champion=models[1] if len(models) > 1 else None)


def _cut(name: str, column: Column, counts: Floats) -> Cut:
    cut = cut_by(Slicing((Feature(name),)), {name: column})
    rows = np.rint(np.bincount(cut.codes, counts, minlength=len(cut.values)))
    return replace(cut, rows=rows.astype(np.intp))


def _joined(parts: Sequence[Evaluation], metrics: Collection[str] | None = None) -> Evaluation:
    """One evaluation, with the metrics among these in their order; of None, all in the order of the parts."""
    wanted = [name for one in parts for name in one.estimates] if metrics is None else metrics

    def group(of: Callable[[Evaluation], Mapping[str, Estimate]]) -> dict[str, Estimate]:
        return {name: of(one)[name] for name in wanted for one in parts if name in of(one)}

    return Evaluation(
        group(lambda one: one.estimates), group(lambda one: one.champion), group(lambda one: one.differences)
    )
