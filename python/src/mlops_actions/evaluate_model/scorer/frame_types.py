"""The types of a DataFrame's columns, as the model saw them when it was trained.

The model's own word comes first, where it has one: LightGBM and XGBoost know which columns were categories. Then the
data file's, which says what pandas makes of it (`category`, `Int64`, a time zone). What nobody says is as pandas reads
it from a file without types.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Optional

import protocol

Column = dict[str, Any]

CATEGORY = "category"
_ZONE = re.compile(r"datetime64\[us, (.+)\]")
_LIGHTGBM = re.compile(r"^\[categorical_feature: ([\d,]*)\]$", re.MULTILINE)


def has_room(type_: Optional[str]) -> bool:  # noqa: UP045  Python 3.9
    """Whether integers of this type can be missing."""
    return type_ is not None and type_.lstrip("U").startswith("Int")


def types_of(columns: Sequence[Column], model: Any) -> dict[str, Any]:
    """Column → its pandas type; without those that pandas finds by itself.

    A batch may hold nothing but missing values, or few of the categories: a type is that of the whole column.
    """
    import numpy
    import pandas

    categorical = categories_of(model)
    found: dict[str, Any] = {}
    for place, column in enumerate(columns):
        name, type_ = column["name"], column["type"]
        if type_ == CATEGORY or name in categorical or place in categorical:
            # Their order, where they had one, no file tells: to compare them is an error then, and not wrong.
            found[name] = pandas.CategoricalDtype(distinct(column))
        elif column["kind"] == "text" and type_ is None:
            found[name] = pandas.Series(numpy.array(column["categories"], dtype=object)).dtype
        elif type_ is not None:
            found[name] = type_
    return found


def series(array: Any, index: range, type_: Any) -> Any:
    """Some rows of a column, of its type."""
    import numpy
    import pandas

    if isinstance(array, numpy.ma.MaskedArray):
        exact = pandas.arrays.IntegerArray(numpy.asarray(array.data), numpy.ma.getmaskarray(array))
        return pandas.Series(exact, index).astype(type_)
    zone = _ZONE.fullmatch(type_) if isinstance(type_, str) else None
    if zone:
        return pandas.Series(array, index).dt.tz_localize("UTC").dt.tz_convert(zone[1])
    return pandas.Series(array, index, type_)


def distinct(column: Column) -> list[Any]:
    """The values of a column, sorted, without the missing one."""
    import numpy

    if column["kind"] == "text":
        return list(column["categories"])
    array = protocol.read_column(column)
    if column["kind"] == "integer":
        array = array["value"][array["valid"]]
    values = numpy.unique(array)
    if column["kind"] == "boolean":
        return [bool(one) for one in values if one >= 0]
    return list(values[~numpy.isnan(values)] if values.dtype.kind in "fM" else values)


def categories_of(model: Any) -> set[Any]:
    """Names or places of the columns that the model itself says were categories; empty where it does not say."""
    booster = getattr(model, "booster_", model)
    if getattr(booster, "pandas_categorical", None):
        # Those of its columns that came as categories of pandas, and not as numbers that stand for some.
        listed = _LIGHTGBM.search(booster.model_to_string(num_iteration=1))
        return {int(place) for place in listed[1].split(",") if place} if listed else set()
    if callable(getattr(model, "get_booster", None)):
        booster = model.get_booster()
        kinds, names = booster.feature_types or [], booster.feature_names or []
        return {name for name, kind in zip(names, kinds) if kind == "c"}  # noqa: B905  Python 3.9
    return set()
