"""Predictions that were made elsewhere: a table of them, believed no more than what a model answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError, nearest
from mlops_actions.evaluate_model.external.joining import in_order, places_of, taken
from mlops_actions.evaluate_model.rows.target import Label, Target, shown
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.scoring.answer import Answer, MisbehaviourError, checked_probabilities, checked_values
from mlops_actions.tables.interface import Column, Table

PREDICTION, PROBABILITY = "prediction", "probability"
OF_CLASS = f"{PROBABILITY}_"


def read_predictions(table: Table, key: Sequence[str], test_set: TestSet) -> Answer:
    """The predictions for each row of the test set, from the columns `prediction` or `probability`.

    A regression has numbers in `prediction`; a classifier its labels there, or one column `probability_<label>` a
    class, or, for two classes, `probability` of the positive one. Rows belong together by `key`, else by their order.

    Raises InputError where columns are missing or rows cannot be matched, MisbehaviourError for what no model should
    predict.
    """
    return answer_of(matched_columns(table, key, _wanted(table, test_set.target), test_set), test_set.target)


def matched_columns(table: Table, key: Sequence[str], wanted: Sequence[str], test_set: TestSet) -> dict[str, Column]:
    """Columns in the order of the test set's rows; InputError where rows cannot be matched."""
    for name in key:
        for where, known in ((test_set.table.location, test_set.table.columns), (table.location, table.columns)):
            if name not in known:
                raise InputError(f"{where!r} has no column {name!r}.", where="key", hint=nearest(name, known))
    found = table.arrays([*key, *wanted])
    columns = {name: found[name] for name in wanted}
    if key:
        keys = {name: found[name] for name in key}
        places = places_of(test_set.table.arrays(list(key)), keys, table.location)
        return {name: taken(column, places) for name, column in columns.items()}
    in_order(test_set.rows, len(found[wanted[0]].values), table.location)
    return columns


def answer_of(columns: Mapping[str, Column], target: Target) -> Answer:
    """Columns, one row a prediction, as an answer."""
    for name, column in columns.items():
        _refuse_gaps(name, column)
    if target.task == "regression":
        return Answer((), None, None, checked_values(_numbers(PREDICTION, columns[PREDICTION])))
    if PREDICTION in columns:
        return _labels(columns[PREDICTION], target)
    if PROBABILITY in columns:
        positive = _numbers(PROBABILITY, columns[PROBABILITY])
        return Answer(target.labels, checked_probabilities(np.column_stack([1 - positive, positive]), 2), None, None)
    classes = tuple(_label(name.removeprefix(OF_CLASS), target) for name in columns)
    table = np.column_stack([_numbers(name, column) for name, column in columns.items()])
    return Answer(classes, checked_probabilities(table, len(classes)), None, None)


def numbers_of(name: str, column: Column) -> NDArray[np.float64]:
    """A column as finite numbers, of booleans 0 and 1. Raises MisbehaviourError for anything else."""
    _refuse_gaps(name, column)
    if column.values.dtype.kind == "b":
        return column.values.astype(np.float64)
    values = _numbers(name, column)
    if not (finite := np.isfinite(values)).all():
        bad = np.flatnonzero(~finite)
        raise MisbehaviourError(
            "predictions-nan",
            f"gives NaN or infinity in {name!r} for {len(bad)} of {len(values)} rows, first for row {bad[0]}.",
        )
    return values


def _refuse_gaps(name: str, column: Column) -> None:
    if column.valid is not None and not column.valid.all():
        missing = np.flatnonzero(~column.valid)
        raise MisbehaviourError(
            "predictions-nan",
            f"gives no {name!r} for {len(missing)} of {len(column.values)} rows, first for row {missing[0]}.",
        )


def _wanted(table: Table, target: Target) -> list[str]:
    """The columns that hold the predictions; probabilities are preferred to labels, which follow from them."""
    known = table.columns
    of_classes = [name for name in known if name.startswith(OF_CLASS)]
    if target.task != "regression" and of_classes:
        return of_classes
    if target.task == "binary" and PROBABILITY in known:
        return [PROBABILITY]
    if PREDICTION in known:
        return [PREDICTION]
    advice = {
        "regression": f"`{PREDICTION}`",
        "binary": f"`{PROBABILITY}` (of {target.positive!r}), or `{PREDICTION}` for labels",
        "multiclass": f"`{OF_CLASS}…`, one for each class, or `{PREDICTION}` for labels",
        "scores": "as `metrics` says",
    }[target.task]
    raise InputError(
        f"{table.location!r} has no column with predictions; it has {', '.join(known)}.",
        where="predictions",
        hint=f"Name it {advice}.",
    )


def _labels(column: Column, target: Target) -> Answer:
    """Labels as codes; a class that was never predicted is one of the model's where the others are of its kind."""
    if column.categories is None and column.values.dtype.kind not in "biuf":
        raise MisbehaviourError("predictions-unusable", f"gives neither numbers, booleans nor text in {PREDICTION!r}.")
    if column.values.dtype.kind == "f":
        checked_values(column.values)
    distinct, codes = np.unique(column.values, return_inverse=True)
    predicted: list[Label] = [column.categories[code] for code in distinct] if column.categories else distinct.tolist()
    same_kind = isinstance(predicted[0], str) == isinstance(target.labels[0], str)
    classes = tuple(dict.fromkeys([*predicted, *(target.labels if same_kind else ())]))
    if len(classes) < 2:
        raise MisbehaviourError(
            "labels-differ",
            f"predicts {shown(classes[0])!r} only, and the data's labels are of another kind; "
            "store the target as in training.",
        )
    return Answer(classes, None, codes.astype(np.intp), None)


def _label(text: str, target: Target) -> Label:
    """The label that a column's name ends in."""
    return next((label for label in target.labels if shown(label) == text), text)


def _numbers(name: str, column: Column) -> NDArray[np.float64]:
    if column.categories is not None or column.values.dtype.kind not in "iuf":
        held = "text" if column.categories is not None else "no numbers"
        raise MisbehaviourError("predictions-unusable", f"gives {held} in {name!r}, which should hold numbers.")
    return column.values.astype(np.float64)
