"""Rows as JSON for a server that predicts, and its answer as columns of predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from mlops_actions.evaluate_model.external.predictions_file import OF_CLASS, PREDICTION, PROBABILITY
from mlops_actions.evaluate_model.rows.target import Target, shown
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.tables.interface import Column

_MOST_CLASSES = 10_000


def batch_of(url: str, features: Mapping[str, Column], start: int, stop: int) -> bytes:
    """Some rows in the form that a URL takes.

    `…/invocations` is MLflow's and takes {"dataframe_split": {"columns": […], "data": [[…], …]}}; others take
    {"instances": [{column: value, …}, …]}.
    """
    rows = zip(*(_cells(column, slice(start, stop)) for column in features.values()), strict=True)
    document: dict[str, Any]
    if urlsplit(url).path.rstrip("/").endswith("/invocations"):
        document = {"dataframe_split": {"columns": list(features), "data": [list(row) for row in rows]}}
    else:
        document = {"instances": [dict(zip(features, row, strict=True)) for row in rows]}
    return json.dumps(document, allow_nan=False).encode()


def predictions_in(body: bytes, rows: int) -> tuple[list[Any], list[Any] | None]:
    """The predictions in an answer {"predictions": […], "classes": […]}, and the classes where they are told.

    Raises MisbehaviourError where there are none, or not one a row.
    """
    try:
        document = json.loads(body)
        values = document["predictions"]
        classes = document.get("classes")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        values, classes = None, None
    if not isinstance(values, list) or not isinstance(classes, list | None):
        raise MisbehaviourError("predictions-unusable", 'answered something other than {"predictions": […]}.')
    if len(values) != rows:
        raise MisbehaviourError("predictions-count", f"returned {len(values)} predictions for {rows} rows.")
    return values, classes


def columns_of(values: Sequence[Any], classes: Sequence[Any] | None, target: Target) -> dict[str, Column]:
    """Predictions, one a row, as the columns of a predictions file.

    A number or a text is a label, or, for two classes, the probability of the positive one where not all are labels;
    a list holds a probability for each class, an object {label: probability}. Lists of one are what is in them.
    Raises MisbehaviourError where rows differ in form, or where nobody knows what the places of a list stand for.
    """
    if all(isinstance(one, list | dict) and len(one) == 1 for one in values):
        values = [next(iter(one.values() if isinstance(one, dict) else one)) for one in values]
    kinds = {_kind(one) for one in values}
    if len(kinds - {"missing"}) > 1 or "other" in kinds:
        raise MisbehaviourError(
            "predictions-unusable", f"answered predictions of several kinds: {', '.join(sorted(kinds))}."
        )
    if "object" in kinds:
        return _probabilities([list(one.values()) for one in values], _same(values))
    if "list" in kinds:
        width = len(values[0])
        return _probabilities(values, _classes(classes, width, target))
    if "text" in kinds:
        return {PREDICTION: _text(values)}
    column = _numbers(values)
    labels = [label for label in target.labels if not isinstance(label, str)]
    given = column.values if column.valid is None else column.values[column.valid]
    if target.task == "binary" and not np.isin(given, labels).all():
        return {PROBABILITY: column}
    return {PREDICTION: column}


def _cells(column: Column, rows: slice) -> list[Any]:
    """JSON values; missing ones are null, times are ISO 8601."""
    values = column.values[rows]
    if column.categories is not None:
        cells: list[Any] = [column.categories[code] for code in values]
    elif values.dtype.kind == "M":
        cells = np.datetime_as_string(values).tolist()
    else:
        cells = values.tolist()
    # JSON has no infinity either: what stands in a gap, and what no server could read, is null.
    missing = np.zeros(len(cells), dtype=bool) if column.valid is None else ~column.valid[rows]
    if values.dtype.kind == "f":
        missing = missing | ~np.isfinite(values)
    return [None if gone else cell for cell, gone in zip(cells, missing.tolist(), strict=True)]


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "list"
    return "text" if isinstance(value, str) else "number" if isinstance(value, int | float) else "other"


def _same(values: Sequence[Any]) -> list[str]:
    names = list(values[0])
    if not all(isinstance(one, dict) and list(one) == names for one in values):
        raise MisbehaviourError("predictions-unusable", "answered objects with other labels in some rows.")
    return [str(name) for name in names]


def _classes(classes: Sequence[Any] | None, width: int, target: Target) -> list[str]:
    if classes is not None and len(classes) == width and all(isinstance(one, str | int | float) for one in classes):
        return [shown(one) for one in classes]
    if classes is None and all(label in range(width) for label in target.labels):
        return (
            [shown(label) for label in sorted(target.labels)]
            if width == len(target.labels)
            else list(map(str, range(width)))
        )
    raise MisbehaviourError(
        "predictions-unusable",
        f"answered lists of {width} numbers, and not what they stand for; let it name `classes` beside `predictions`.",
    )


def _probabilities(rows: Sequence[Any], classes: Sequence[str]) -> dict[str, Column]:
    if len(classes) > _MOST_CLASSES or not all(isinstance(one, list) and len(one) == len(classes) for one in rows):
        raise MisbehaviourError("predictions-unusable", "answered lists of several lengths.")
    columns = zip(*rows, strict=True)
    return {f"{OF_CLASS}{name}": _numbers(list(one)) for name, one in zip(classes, columns, strict=True)}


def _text(values: Sequence[Any]) -> Column:
    words = sorted({one for one in values if one is not None})
    places = {word: place for place, word in enumerate(words)}
    valid = np.array([one is not None for one in values])
    return Column(np.array([places.get(one, 0) for one in values]), None if valid.all() else valid, words)


def _numbers(values: Sequence[Any]) -> Column:
    if not all(one is None or isinstance(one, int | float) for one in values):
        raise MisbehaviourError("predictions-unusable", "answered something other than numbers as probabilities.")
    array = np.array([np.nan if one is None else one for one in values], dtype=np.float64)
    valid = ~np.isnan(array)
    return Column(array, None if valid.all() else valid)
