"""Rows of one table found in another, by a key or by their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.rows.target import shown
from mlops_actions.tables.interface import Column

Columns = Mapping[str, Column]


def in_order(rows: int, found: int, location: str) -> None:
    """Raise InputError unless two tables have as many rows: only then can the order say which belong together."""
    if rows != found:
        raise InputError(
            f"{location!r} has {found:,} rows, and the data {rows:,}.",
            where="predictions",
            hint="Give `key`, the columns by which rows are found, or predict each row of the data in its order.",
        )


def places_of(data: Columns, predictions: Columns, location: str) -> NDArray[np.intp]:
    """For each row of the data, the row of the predictions with the same key; other rows there are left aside.

    Raises InputError where a key is missing, stands twice, or has no predictions.
    """
    names = list(data)
    for columns, where in ((data, "data"), (predictions, location)):
        _refuse_gaps(columns, where)
    rows = len(next(iter(data.values())).values)
    codes = np.zeros(rows + len(next(iter(predictions.values())).values), dtype=np.intp)
    for name in names:
        own = _shared_codes(name, data[name], predictions[name])
        codes = np.unique(codes * (int(own.max(initial=0)) + 1) + own, return_inverse=True)[1]
    asked, given = codes[:rows], codes[rows:]
    _refuse_repeated(asked, data, "the data")
    _refuse_repeated(given, predictions, repr(location))
    place = np.full(int(codes.max(initial=0)) + 1, -1, dtype=np.intp)
    place[given] = np.arange(len(given))
    found = place[asked]
    if lost := np.flatnonzero(found < 0).tolist():
        raise InputError(
            f"{location!r} has no prediction for {len(lost):,} of {rows:,} rows, first for {_key(data, lost[0])}.",
            where="predictions",
            hint="Predict every row of the data, or leave these rows out of it.",
        )
    return found


def _refuse_gaps(columns: Columns, where: str) -> None:
    for name, column in columns.items():
        if column.valid is not None and not column.valid.all():
            missing = int((~column.valid).sum())
            raise InputError(f"{missing:,} rows of {where!r} have no {name!r}.", where="key", hint="Name another key.")


def _refuse_repeated(codes: NDArray[np.intp], columns: Columns, where: str) -> None:
    counts = np.bincount(codes)
    if (counts <= 1).all():
        return
    row = int(np.flatnonzero(counts[codes] > 1)[0])
    raise InputError(
        f"{where} has {int(counts[codes[row]]):,} rows with {_key(columns, row)}: which belong together is not known.",
        where="key",
        hint="Add a column that tells them apart.",
    )


def _shared_codes(name: str, one: Column, other: Column) -> NDArray[np.intp]:
    """Codes of the values of both columns, one after the other; equal values have equal codes."""
    if (one.categories is None) != (other.categories is None):
        kinds = ["text" if column.categories is not None else "numbers" for column in (one, other)]
        raise InputError(f"{name!r} holds {kinds[0]} in the data and {kinds[1]} in the predictions.", where="key")
    if one.categories is not None and other.categories is not None:
        words = {word: code for code, word in enumerate(dict.fromkeys([*one.categories, *other.categories]))}
        both = [np.array([words[word] for word in column.categories or []], dtype=np.intp) for column in (one, other)]
        return np.concatenate([both[0][one.values], both[1][other.values]])
    if (one.values.dtype.kind == "M") != (other.values.dtype.kind == "M"):
        raise InputError(f"{name!r} holds dates in one of data and predictions only.", where="key")
    return np.unique(np.concatenate([one.values, other.values]), return_inverse=True)[1].astype(np.intp)


def _key(columns: Columns, row: int) -> str:
    return ", ".join(f"{name} = {shown(_value(column, row))!r}" for name, column in columns.items())


def _value(column: Column, row: int) -> Any:
    value = column.values[row]
    return column.categories[value] if column.categories is not None else value.item()


def taken(column: Column, places: NDArray[np.intp]) -> Column:
    """A column's values at some rows."""
    valid = None if column.valid is None else column.valid[places]
    return Column(column.values[places], valid, column.categories)
