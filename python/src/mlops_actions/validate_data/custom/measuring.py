"""Measure a table: a sample places the cuts, then one scan counts all rows, and one more for each season."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_actions.evidence.data_report import Distribution
from mlops_actions.statistics.drift.transport import Spread
from mlops_actions.tables import Group, Groups, LogicalType, Scan, Table
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.custom.distributions import WHOLE, Cut, Measure, answer, question

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlops_actions.tables import Column

_BINS = 10
_MOST_CATEGORIES = 20
_SAMPLE = 100_000
MOST_LABELS = 1000
_DATES = (np.datetime64("0001-01-01"), np.datetime64("9999-12-31"))  # engines know infinite ones
_INFINITE = (float("inf"), float("-inf"))  # no JSON holds them


def measure(table: Table, measures: Iterable[Measure], types: Mapping[str, LogicalType]) -> dict[Measure, Distribution]:
    """The distribution of each; `types` are those of all columns that are read."""
    wanted = list(dict.fromkeys(measures))
    sampled = list(dict.fromkeys(one.column for one in wanted if one.of in ("value", "length")))
    sample = table.arrays(sampled, types=types, sample=_SAMPLE) if sampled else {}
    labels = _labels(table, [one.column for one in wanted if one.of == "label"], types)
    empty = {one: _placed(one, types[one.column], sample.get(one.column), labels.get(one.column, ())) for one in wanted}
    cuts = [
        Cut.of(str(place), one, found, table.location)
        for place, (one, found) in enumerate(empty.items())
        if one.of != "label"  # whose rows are counted already
    ]
    if not cuts:
        return empty
    scanned = table.scan(question(cuts, types, "season:"))
    counted = {cut.measure: answer(cut, scanned, "season:") for cut in cuts}
    return {
        one: found.model_copy(update={"counts": counted[one].counts, "sums": _finite(counted[one].sums)})
        if one in counted
        else found
        for one, found in empty.items()
    }


def _finite(sums: dict[str, list[float]]) -> dict[str, list[float]]:
    """None where values are infinite: they have no distance, and no JSON holds them."""
    return sums if all(np.isfinite(one).all() for one in sums.values()) else {}


def _labels(table: Table, columns: Sequence[str], types: Mapping[str, LogicalType]) -> Mapping[str, tuple[Group, ...]]:
    if not columns:
        return {}
    groups = {column: Groups(cells_of(column), most=MOST_LABELS + 2) for column in columns}
    return table.scan(Scan(types={column: types[column] for column in columns}, groups=groups)).groups


def _placed(measure: Measure, type_: LogicalType, sample: Column | None, labels: Sequence[Group]) -> Distribution:
    """Where the cuts lie; nothing but labels is counted yet."""
    ordered, cuts, spread, counts = True, [], None, {}
    if measure.of == "label":
        named = {_plain(one.value, type_): one.rows for one in labels if one.value is not None}
        rows = [count for label, count in named.items() if label not in _INFINITE]
        ordered, cuts = False, [label for label in named if label not in _INFINITE]
        counts = {WHOLE: [*rows, 0, sum(one.rows for one in labels) - sum(rows)]}
    elif sample is not None:
        values = sample.values if sample.valid is None else sample.values[sample.valid]
        if measure.of == "length" and sample.categories is not None:
            lengths = np.array([len(one) for one in sample.categories], dtype=np.int64)
            ordered, cuts, spread = _ordered(lengths[values], measure)
        elif sample.categories is not None:
            codes, frequencies = np.unique(values, return_counts=True)
            kept = codes[np.argsort(-frequencies, kind="stable")][:_MOST_CATEGORIES]
            ordered, cuts = False, [sample.categories[code] for code in kept]
        elif type_ == "boolean":
            ordered, cuts = False, [False, True]
        else:
            ordered, cuts, spread = _ordered(values, measure)
    return Distribution(
        column=measure.column,
        of=measure.of,
        type=type_,
        season=str(measure.season) if measure.season else None,
        cuts=[_plain(cut, type_) for cut in cuts],
        ordered=ordered,
        counts=counts,
        scale=spread.scale if spread else None,
        noise=spread.noise if spread else None,
    )


def _ordered(values: NDArray[Any], measure: Measure) -> tuple[bool, list[Any], Spread | None]:
    """A bin for each of few values, else deciles."""
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    elif values.dtype.kind == "M":
        values = values[(values >= _DATES[0]) & (values <= _DATES[1])]
    if not len(values):
        return True, [], Spread(0.0, 0.0) if measure.sums else None
    distinct = np.unique(values)
    if len(distinct) > _BINS:
        distinct = np.unique(np.quantile(values, np.arange(1, _BINS) / _BINS, method="inverted_cdf"))
    return True, distinct.tolist(), Spread.of(values, distinct) if measure.sums else None


def _plain(cut: Any, type_: LogicalType) -> str | int | float | bool:
    if isinstance(cut, datetime):
        return (cut.date() if type_ == "date" else cut).isoformat()
    if isinstance(cut, Decimal):
        return float(cut)
    return cut if isinstance(cut, str | int | float | bool) else str(cut)  # dates and times are as ISO 8601 has them
