"""What makes rows hang together: a column, or the day or week of one that holds dates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables.interface import Column, LogicalType

DATE, WEEK = "date", "week"
_DATED = ("date", "timestamp")


def column_of(cluster: str, known: Mapping[str, LogicalType], location: str) -> str:
    """The column that a cluster such as `user`, `scheduled.date` or `scheduled.week` is read from.

    Raises InputError where the data has no such column, or it holds no dates.
    """
    if cluster in known:
        return cluster
    column, _, part = cluster.rpartition(".")
    if column not in known:
        raise InputError(f"{location!r} has no column {cluster!r}.", where="cluster", hint=nearest(cluster, known))
    if part not in (DATE, WEEK):
        raise InputError(
            f"{cluster!r} is not known: {part!r} is no part of a date that makes clusters.",
            where="cluster",
            hint=f"Write `{column}.{DATE}` or `{column}.{WEEK}`.",
        )
    if known[column] not in _DATED:
        raise InputError(f"{column!r} holds {known[column]} values and has no {part}.", where="cluster")
    return column


def values_of(cluster: str, name: str, column: Column) -> NDArray[Any]:
    """The clusters' values (n,); `name` is the column's. Raises InputError where a row has none."""
    if column.valid is not None and not column.valid.all():
        missing = int((~column.valid).sum())
        raise InputError(
            f"{missing} rows have no {name!r}: it is not known which rows they belong with.",
            where="cluster",
            hint="Fill the column, or leave these rows out.",
        )
    if cluster == name:
        return column.values
    return days(column.values) if cluster.endswith(f".{DATE}") else weeks(days(column.values))


def days(moments: NDArray[Any]) -> NDArray[np.int64]:
    """Days since 1970 of datetimes (n,)."""
    return moments.astype("datetime64[D]").astype(np.int64)


def weeks(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Weeks since 1970 of days (n,); they begin on Monday.

    >>> weeks(np.array([3, 4, 10, 11])).tolist()
    [0, 1, 1, 2]
    """
    return (days + 3) // 7
