"""The target column as truth: the task it poses, its labels, and which of them is positive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence.evaluation import Task
from mlops_actions.tables.interface import Column

Label = bool | int | float | str

_MOST_CLASSES_OF_INTEGERS = 20


@dataclass(frozen=True)
class Target:
    """What the model should have predicted."""

    name: str
    task: Task
    truth: NDArray[Any]
    """Class codes into `labels`, or numbers for regression (n,)."""
    labels: tuple[Label, ...] = ()
    """Classes in order; for binary the positive one is the second. Empty for regression."""

    @property
    def positive(self) -> str | None:
        """The positive label as text, for binary."""
        return shown(self.labels[1]) if self.task == "binary" else None


def read_target(name: str, column: Column, task: Task | None, positive: str | None) -> Target:
    """The target of a task, inferred from the values where none is given.

    Raises InputError where values are missing, where there is one class, or where the task does not fit.
    """
    missing = 0 if column.valid is None else int((~column.valid).sum())
    if missing:
        raise InputError(
            f"{missing} of {len(column.values)} rows have no {name!r}, the target.",
            where="target",
            hint="Leave out the rows whose outcome is not known yet.",
        )
    values, found = _classes(name, column)
    task = task or _infer(values, found)
    if task == "regression":
        return _numbers(name, column, positive)
    if len(found) == 1:
        raise InputError(
            f"every row has the same {name!r}, {shown(found[0])!r}: nothing can be told apart.",
            where="target",
            hint="Evaluate on data with at least two classes, or give `task: regression`.",
        )
    if task == "binary":
        return _binary(name, values, found, positive)
    if positive is not None:
        raise InputError("a multiclass target has no positive label.", where="positive-label", hint="Leave it out.")
    if values.dtype.kind == "f" and (not np.isfinite(values).all() or len(found) > _MOST_CLASSES_OF_INTEGERS**2):
        raise InputError(f"{name!r} has {len(found)} different numbers.", where="task", hint="Use task: regression.")
    return Target(name, task, np.searchsorted(_values_of(found, values), values), tuple(found))


def without_target(rows: int) -> Target:
    """Of the task scores: there is nothing that a model should have predicted."""
    return Target("", "scores", np.zeros(rows))


def shown(label: Label) -> str:
    """A label as users write it.

    >>> shown(True), shown(1.0), shown("AA")
    ('true', '1', 'AA')
    """
    if isinstance(label, bool):
        return "true" if label else "false"
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def _classes(name: str, column: Column) -> tuple[NDArray[Any], list[Label]]:
    """The values with their distinct ones in order; strings stay codes, so that both are quick."""
    if column.categories is not None:
        present = np.unique(column.values)
        values = np.searchsorted(present, column.values)
        return values, [column.categories[code] for code in present]
    if column.values.dtype.kind not in "biuf":
        raise InputError(
            f"{name!r} holds neither numbers, booleans nor text.", where="target", hint="Name another column."
        )
    return column.values, np.unique(column.values).tolist()


def _infer(values: NDArray[Any], found: Sequence[Label]) -> Task:
    if len(found) <= 2:
        return "binary"
    if isinstance(found[0], str):
        return "multiclass"
    whole = values.dtype.kind in "iu" or bool((values == np.round(values)).all())
    return "multiclass" if whole and len(found) <= _MOST_CLASSES_OF_INTEGERS else "regression"


def _numbers(name: str, column: Column, positive: str | None) -> Target:
    if positive is not None:
        raise InputError("a regression has no positive label.", where="positive-label", hint="Leave it out.")
    values = column.values
    if column.categories is not None or values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        raise InputError(f"{name!r} does not hold numbers only, which a regression needs.", where="target")
    return Target(name, "regression", values.astype(np.float64))


def _binary(name: str, values: NDArray[Any], found: list[Label], positive: str | None) -> Target:
    if len(found) > 2:
        raise InputError(
            f"{name!r} has {len(found)} classes: {_listed(found)}.", where="task", hint="Use task: multiclass."
        )
    known = [shown(label) for label in found]
    if positive is None:
        if isinstance(found[0], str) or set(found) != {0, 1}:
            raise InputError(
                f"{name!r} holds {_listed(found)}: which of them is the positive one?",
                hint="Give `positive-label`.",
                where="positive-label",
            )
        chosen = 1
    elif positive in known:
        chosen = known.index(positive)
    elif positive.lower() in known and not isinstance(found[0], str):
        chosen = known.index(positive.lower())
    else:
        raise InputError(
            f"{positive!r} is not a value of {name!r}.", where="positive-label", hint=nearest(positive, known)
        )
    labels = (found[1 - chosen], found[chosen])
    return Target(name, "binary", (values == _values_of(found, values)[chosen]).astype(np.intp), labels)


def _values_of(found: Sequence[Label], values: NDArray[Any]) -> NDArray[Any]:
    """The distinct values as they stand in `values`: codes for strings."""
    return np.arange(len(found)) if isinstance(found[0], str) else np.array(found, dtype=values.dtype)


def _listed(labels: Sequence[Label]) -> str:
    shown_labels = ", ".join(repr(shown(label)) for label in labels[:10])
    return shown_labels if len(labels) <= 10 else f"{shown_labels}, …"
