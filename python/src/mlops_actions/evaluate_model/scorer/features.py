"""The columns as the model wants them: a pandas DataFrame by name, a plain matrix, or arrays by name.

Columns are mapped from their files, and only the rows of one batch are ever made into something larger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import frame_types
import protocol

Column = dict[str, Any]


def table_for(model: Any, request: dict[str, Any]) -> tuple[Table, list[str]]:
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
        missing = [name for name in names if name not in given]
        if getattr(model, "takes_columns", False):
            return Table(present, arrays), missing
        return Table(present, framed(present, model)), missing
    wanted = getattr(model, "n_features_in_", None)
    if wanted is None and not hasattr(model, "takes_columns"):
        return Table(columns, framed(columns, model)), []
    if wanted is not None and int(wanted) != len(columns):
        raise protocol.ProblemError("feature-count", "", wanted=int(wanted), given=len(columns))
    return Table(columns, matrix), []


class Table:
    """Columns that a slice of rows makes into what a model takes."""

    def __init__(self, columns: Sequence[Column], build: Callable[[dict[str, Any], slice], Any]) -> None:
        self.columns = {column["name"]: reader(column) for column in columns}
        self.build = build

    def __getitem__(self, rows: slice) -> Any:
        return self.build({name: read(rows) for name, read in self.columns.items()}, rows)


def framed(columns: Sequence[Column], model: Any) -> Callable[[dict[str, Any], slice], Any]:
    """The function that makes a DataFrame of the types that the model saw (see `frame_types`)."""
    import pandas

    types = frame_types.types_of(columns, model)

    def frame(arrays: dict[str, Any], rows: slice) -> Any:
        index = range(rows.start, rows.stop)
        series = {name: frame_types.series(array, index, types.get(name)) for name, array in arrays.items()}
        return pandas.DataFrame(series, index)

    return frame


def matrix(columns: dict[str, Any], _rows: slice) -> Any:
    """An array (rows, columns), for models that were trained without names."""
    import numpy

    return numpy.column_stack(list(columns.values()))


def arrays(columns: dict[str, Any], _rows: slice) -> Any:
    """The arrays by name."""
    return columns


def reader(column: Column) -> Callable[[slice], Any]:
    """The function that gives a column's values in some rows, all batches of one type.

    Text, and booleans with gaps, are objects with None, which pandas reads as missing; integers with gaps are numbers
    with NaN, unless their type has room for gaps: then they are masked.
    """
    import numpy

    array = protocol.read_column(column)
    if column["kind"] == "text":
        words = numpy.array([*column["categories"], None], dtype=object)
        return lambda rows: words[array[rows]]
    if column["kind"] == "boolean":
        if (array >= 0).all():
            return lambda rows: array[rows].astype(bool)
        truths = numpy.array([False, True, None], dtype=object)
        return lambda rows: truths[array[rows]]
    if column["kind"] == "integer":
        if frame_types.has_room(column["type"]):
            return lambda rows: numpy.ma.array(array["value"][rows], mask=~array["valid"][rows])
        return lambda rows: numpy.where(array["valid"][rows], array["value"][rows].astype(float), numpy.nan)
    return lambda rows: numpy.array(array[rows])
