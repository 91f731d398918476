"""Which rows belong to which slice: values of a column, bins, parts of dates, missing or not, and crosses of two."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError
from mlops_actions.evidence.slicing import JOIN, Feature, Part, Slicing
from mlops_actions.tables.interface import Column

MISSING = "(missing)"
OTHER = "(other)"
MOST_SLICES = 1000
MOST_GROUPS = 100
"""Of a protected column: every pair of them is compared."""

Codes = NDArray[np.intp]
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Cut:
    """The slices of one column, or of what is made of it."""

    column: str
    """As rules name it, such as `carrier & distance[4]`."""
    codes: Codes
    """Slice of each row (n,)."""
    values: tuple[str, ...]
    """The column's value in each slice."""
    rows: Codes
    """Rows of each slice."""
    crosses: Mapping[str, dict[str, str]] = field(default_factory=dict)
    """Of a cross: for each of `values`, the value of each part."""
    protected: bool = False
    """Whether its slices are groups that are each judged, however small."""


def cuts_of(slices: Sequence[Slicing], protected: Sequence[Slicing], columns: Mapping[str, Column]) -> list[Cut]:
    """All cuts, each once; those that are protected first. Raises InputError as `cut_by`."""
    found = {one: cut_by(one, columns, protected=True) for one in protected}
    return [*found.values(), *(cut_by(one, columns) for one in dict.fromkeys(slices) if one not in found)]


def cut_by(slicing: Slicing, columns: Mapping[str, Column], *, protected: bool = False) -> Cut:
    """The slices that are there: one a value, and `(missing)`.

    Raises InputError where there are too many, where a column does not hold what is asked for, or where a value is one
    of our own names.
    """
    where = "protected" if protected else "slices"
    parts = [_of(feature, columns[feature.column], where) for feature in slicing.features]
    (values, codes), *others = parts
    crosses: dict[str, dict[str, str]] = {}
    if others:
        ((other_values, other_codes),) = others
        codes = codes * len(other_values) + other_codes
        pairs = [(one, other) for one in values for other in other_values]
        values = [JOIN.join(map(_joined, pair)) for pair in pairs]
        names = [str(feature) for feature in slicing.features]
        crosses = {value: dict(zip(names, pair, strict=True)) for value, pair in zip(values, pairs, strict=True)}
    rows = np.bincount(codes, minlength=len(values))
    present = np.flatnonzero(rows)
    most = MOST_GROUPS if protected else MOST_SLICES
    if len(present) > most:
        raise InputError(
            f"`{slicing}` has {len(present):,} different values, of which `{where}` takes at most {most:,}.",
            where=where,
            hint="Take fewer: bins such as `distance[4]`, or a part of a date such as `day.month`.",
        )
    places = np.zeros(len(values), dtype=np.intp)
    places[present] = np.arange(len(present))
    kept = tuple(values[i] for i in present)
    found = {value: crosses[value] for value in kept} if crosses else {}
    return Cut(str(slicing), places[codes], kept, rows[present].astype(np.intp), found, protected)


def _of(feature: Feature, column: Column, where: str) -> tuple[list[str], Codes]:
    """Values in their order, and the place of each row's among them; missing rows have a value of their own, last."""
    there = _present(column)
    if feature.part == "missing":
        return ["false", "true"], (~there).astype(np.intp)
    if feature.part is not None:
        values, codes = _dated(feature, feature.part, column, where)
    elif feature.bins or feature.edges:
        values, codes = _binned(feature, column, there, where)
    else:
        values, codes = _coded(column, there)
        for taken in {MISSING, OTHER} & set(column.categories or []):
            # A real slice of that name would be judged as the pool, or hidden by it.
            raise InputError(
                f"{feature.column!r} holds the value {taken!r}, which has a meaning here.",
                where=where,
                hint="Rename it.",
            )
    if there.all():
        return values, codes
    return [*values, MISSING], np.where(there, codes, len(values))


def _present(column: Column) -> NDArray[np.bool_]:
    there = np.ones(len(column.values), dtype=bool) if column.valid is None else column.valid
    kind = column.values.dtype.kind
    return (
        there & ~np.isnan(column.values) if kind == "f" else there & ~np.isnat(column.values) if kind == "M" else there
    )


def _coded(column: Column, there: NDArray[np.bool_]) -> tuple[list[str], Codes]:
    if column.categories is not None:
        # A table may hold nothing but missing strings.
        return column.categories or [MISSING], np.where(there, column.values, 0).astype(np.intp)
    values = column.values
    if not there.all():
        # What stands in a gap is arbitrary: a value that is there anyway takes its place.
        values = np.where(there, values, values[there.argmax()])
    distinct, codes = np.unique(values, return_inverse=True)
    return _texts(distinct), codes.astype(np.intp)


def _dated(feature: Feature, part: Part, column: Column, where: str) -> tuple[list[str], Codes]:
    moments = column.values
    if moments.dtype.kind != "M":
        raise InputError(f"`{feature}`: {feature.column!r} holds no dates.", where=where)
    day = moments.astype("datetime64[D]")
    match part:
        case "year":
            numbers = moments.astype("datetime64[Y]").astype(np.int64) + 1970
        case "month":
            numbers = moments.astype("datetime64[M]").astype(np.int64) % 12 + 1
        case "day":
            numbers = (day - moments.astype("datetime64[M]")).astype(np.int64) + 1
        case "weekday":
            numbers = (day.astype(np.int64) + 3) % 7
        case "hour":
            numbers = moments.astype("datetime64[h]").astype(np.int64) % 24
    numbers = np.where(np.isnat(moments), 0, numbers)
    distinct, codes = np.unique(numbers, return_inverse=True)
    if part == "weekday":
        return [_WEEKDAYS[day] for day in distinct], codes.astype(np.intp)
    return [str(number) for number in distinct.tolist()], codes.astype(np.intp)


def _binned(feature: Feature, column: Column, there: NDArray[np.bool_], where: str) -> tuple[list[str], Codes]:
    """Bins from one edge to below the next; what lies outside the edges is there too, below the first or from the last.

    Of a count of bins the edges are values of the column, at its quantiles. An edge at the least value would cut
    nothing off: the next value takes its place, so that ties do not hide the rest.
    """
    if column.categories is not None or column.values.dtype.kind not in "iuf":
        raise InputError(f"`{feature}`: {feature.column!r} holds no numbers.", where=where)
    values = column.values.astype(np.float64)
    known = values[there]
    edges = np.array(feature.edges)
    if feature.bins and len(known):
        edges = np.quantile(known, np.arange(1, feature.bins) / feature.bins, method="higher")
        above = known[known > known.min()]
        edges = np.unique(np.where(edges == known.min(), above.min() if len(above) else np.nan, edges))
        edges = edges[~np.isnan(edges)]
    codes = np.searchsorted(edges, np.where(there, values, 0.0), side="right").astype(np.intp)
    if not len(edges):
        return _texts(known[:1]) or [MISSING], codes
    marks = _marks(edges)
    inner = [f"[{low}, {high})" for low, high in pairwise(marks)]
    return [f"< {marks[0]}", *inner, f">= {marks[-1]}"], codes


def _marks(edges: NDArray[np.float64]) -> list[str]:
    """The edges in six digits, or in all where six would not tell them apart."""
    short = [f"{edge:.6g}" for edge in edges]
    return short if len(set(short)) == len(short) else _texts(edges)


def _joined(value: str) -> str:
    """A value inside a cross: in quotes where it could be read as a cross itself."""
    return json.dumps(value, ensure_ascii=False) if JOIN in value else value


def _texts(distinct: NDArray[Any]) -> list[str]:
    if distinct.dtype.kind == "b":
        return ["true" if one else "false" for one in distinct.tolist()]
    if distinct.dtype.kind == "M":
        days = distinct.astype("datetime64[D]")
        return [str(one) for one in (days if (days == distinct).all() else distinct.astype("datetime64[s]"))]
    whole = distinct.dtype.kind == "f" and np.isfinite(distinct).all() and (distinct == np.round(distinct)).all()
    return [str(int(one)) if whole else str(one) for one in distinct.tolist()]
