"""The columns as the model wants them: a pandas DataFrame by name, or a plain matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import protocol

Column = dict[str, Any]


def table_for(model: Any, request: dict[str, Any]) -> tuple[Any, list[str]]:
    """The model's input, which slices by rows, and the columns that it declares but that are not there.

    A declared column may be missing and yet not be needed (a ColumnTransformer that never looks at it): only
    predicting shows whether it is.
    """
    columns: list[Column] = request["columns"]
    declared = getattr(model, "feature_names_in_", None)
    if declared is not None:
        names = [str(name) for name in declared]
        given = {column["name"]: column for column in columns}
        present = [given[name] for name in names if name in given]
        return Rows(frame(present, request["rows"])), [name for name in names if name not in given]
    wanted = getattr(model, "n_features_in_", None)
    if wanted is None:
        return Rows(frame(columns, request["rows"])), []
    if int(wanted) != len(columns):
        raise protocol.ProblemError("feature-count", "", wanted=int(wanted), given=len(columns))
    return matrix(columns), []


class Rows:
    """A DataFrame that slices by rows as a matrix does."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame

    def __getitem__(self, rows: slice) -> Any:
        return self.frame.iloc[rows]


def frame(columns: Sequence[Column], rows: int) -> Any:
    """A DataFrame with the types that pandas gives such columns when it reads them from a file."""
    import pandas

    return pandas.DataFrame({column["name"]: values(column) for column in columns}, index=range(rows))


def matrix(columns: Sequence[Column]) -> Any:
    """An array (rows, columns), for models that were trained without names."""
    import numpy

    return numpy.column_stack([values(column) for column in columns])


def values(column: Column) -> Any:
    """One column's values; text, and booleans with gaps, as objects with None, which pandas reads as missing."""
    import numpy

    array = protocol.read_column(column)
    if column["kind"] == "text":
        return numpy.array([*column["categories"], None], dtype=object)[array]
    if column["kind"] == "boolean":
        if (array >= 0).all():
            return array.astype(bool)
        return numpy.array([False, True, None], dtype=object)[array]
    return numpy.array(array)
