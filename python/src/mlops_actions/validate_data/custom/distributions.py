"""Distributions of columns over bins: what is measured, and how a scan counts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from mlops_actions.evidence.data_report import Distribution, Of
from mlops_actions.evidence.slicing import Slicing
from mlops_actions.tables import Aggregate, Groups, LogicalType, Scan, Scanned
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.contract.values import read_value
from mlops_actions.validate_data.custom.seasons import MOST_SEASONS, season_of

if TYPE_CHECKING:
    from collections.abc import Iterable

WHOLE = ""
"""The one season of what has none."""


@dataclass(frozen=True)
class Measure:
    """What is wanted of one column."""

    column: str
    of: Of = "value"
    season: Slicing | None = None
    sums: bool = False
    """Whether the sum in each bin is wanted too, of numbers."""
    where: str | None = field(default=None, compare=False)
    """The contract's line that wants it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that it reads."""
        return (self.column, *(one.column for one in self.season.features)) if self.season else (self.column,)

    def __str__(self) -> str:
        what = {"value": "", "length": "the length of ", "missing": "what is missing of ", "label": "the labels of "}
        return f"{what[self.of]}{self.column!r}" + (f" by {self.season}" if self.season else "")


@dataclass(frozen=True)
class Cut:
    """How one column is cut into bins, as something that a scan can count; missing values are a bin of their own."""

    name: str
    """Unique within a scan."""
    measure: Measure
    cuts: tuple[Any, ...]
    """Where ordered, ascending upper edges, of which the last bin has none. Else values; the last bin is the rest."""
    ordered: bool

    @classmethod
    def of(cls, name: str, measure: Measure, distribution: Distribution, where: str) -> Cut:
        """The bins of a distribution that was measured; InputError with `where` for cuts of another type."""
        type_: Any = "integer" if distribution.of == "length" else distribution.type
        what = f"a cut of {distribution.column!r}"
        cuts = tuple(read_value(cut, type_, what, where) for cut in distribution.cuts)
        return cls(name, measure, cuts, distribution.ordered)

    @property
    def _cell(self) -> nw.Expr:
        cell = cells_of(self.measure.column)
        return cell.str.len_chars() if self.measure.of == "length" else cell

    def counts(self) -> dict[str, nw.Expr]:
        """Which rows a scan has to count."""
        cell = self._cell
        found = {f"{self.name}:{place}": cell <= cut if self.ordered else cell == cut for place, cut in self._places()}
        return {**found, f"{self.name}:present": ~cells_of(self.measure.column).is_null()}

    def aggregates(self) -> dict[str, Aggregate]:
        """What a scan has to sum up: everything, and what lies up to each cut."""
        if not self.measure.sums:
            return {}
        number = self._cell.cast(nw.Float64)
        # with 0 for the others DuckDB takes half as long as with nothing
        parts = {
            f"{self.name}:{place}": nw.when(self._cell <= cut).then(number).otherwise(0.0)
            for place, cut in self._places()
        }
        return {name: Aggregate("sum", of) for name, of in {**parts, f"{self.name}:all": number}.items()}

    def rows(self, rows: int, counts: Mapping[str, int]) -> list[int]:
        """Rows in each bin: those of the cuts, the last, and the missing (with cells that do not read)."""
        counted = [counts[f"{self.name}:{place}"] for place, _ in self._places()]
        present = counts[f"{self.name}:present"]
        if self.ordered:
            return [*np.diff([0, *counted, present]).tolist(), rows - present]
        return [*counted, present - sum(counted), rows - present]

    def sums(self, aggregates: Mapping[str, Any]) -> list[float]:
        """The sum of what is in each bin but that of the missing."""
        summed = [float(aggregates[f"{self.name}:{place}"] or 0) for place, _ in self._places()]
        with np.errstate(invalid="ignore"):  # infinite values have no sum, and then no distance
            found: list[float] = np.diff([0.0, *summed, float(aggregates[f"{self.name}:all"] or 0)]).tolist()
        return found

    def _places(self) -> Iterable[tuple[int, Any]]:
        return enumerate(self.cuts)


def question(cuts: Iterable[Cut], types: Mapping[str, LogicalType], prefix: str) -> Scan:
    """What a scan has to count: for bins without a season in its one pass, else in one pass a season."""
    whole = [cut for cut in cuts if cut.measure.season is None]
    seasons: dict[Slicing, list[Cut]] = {}
    for cut in cuts:
        if cut.measure.season is not None:
            seasons.setdefault(cut.measure.season, []).append(cut)
    return Scan(
        types=types,
        counts={name: count for cut in whole for name, count in cut.counts().items()},
        aggregates={name: one for cut in whole for name, one in cut.aggregates().items()},
        groups={
            f"{prefix}{season}": Groups(
                season_of(season),
                {name: count for cut in found for name, count in cut.counts().items()},
                {name: one for cut in found for name, one in cut.aggregates().items()},
                MOST_SEASONS,
            )
            for season, found in seasons.items()
        },
    )


@dataclass(frozen=True)
class Counted:
    """The rows in each bin, and the sums where they were asked for, by season."""

    counts: dict[str, list[int]]
    sums: dict[str, list[float]]


def answer(cut: Cut, scanned: Scanned, prefix: str) -> Counted:
    """What a scan counted; rows without a season are left out."""
    sums = cut.measure.sums
    if cut.measure.season is None:
        counts = {WHOLE: cut.rows(scanned.rows, scanned.counts)}
        return Counted(counts, {WHOLE: cut.sums(scanned.aggregates)} if sums else {})
    groups = {str(one.value): one for one in scanned.groups[f"{prefix}{cut.measure.season}"] if one.value is not None}
    return Counted(
        {season: cut.rows(group.rows, group.counts) for season, group in groups.items()},
        {season: cut.sums(group.aggregates) for season, group in groups.items()} if sums else {},
    )


def labels(distribution: Distribution, *, personal: bool) -> list[str]:
    """One name a bin; of a personal column only its number, since cuts are values."""
    if distribution.of == "missing":
        return ["present", "(missing)"]
    if personal:
        return [f"bin {place + 1}" for place in range(len(distribution.cuts) + 1)] + ["missing"]
    shown = [f"{cut:.6g}" if isinstance(cut, float) else str(cut) for cut in distribution.cuts]
    if not distribution.ordered:
        return [*shown, "(other)", "(missing)"]
    between = [f"{low} to {high}" for low, high in pairwise(shown)]
    first, last = ([f"up to {shown[0]}"], f"above {shown[-1]}") if shown else ([], "(any)")
    return [*first, *between, last, "(missing)"]
