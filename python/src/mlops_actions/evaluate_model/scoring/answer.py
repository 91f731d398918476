"""What comes back from the scorer, believed only after it was checked: the model had its hands on it."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from mlops_actions.evaluate_model.rows.target import Label
from mlops_actions.evaluate_model.scoring.exchange import Wanted
from mlops_actions.statistics.latency import Kind, Repeats

_ANSWER_BYTES = 1 << 20
_HEADER_BYTES = 4096
_MOST_CLASSES = 10_000
MOST_REPEATS = 50
"""In which latency is measured."""
_SUM_TOLERANCE = 1e-4
_RANGE_TOLERANCE = 1e-6
"""Sums of 32-bit probabilities come out that much above 1."""


_Told = TypeVar("_Told", bound=BaseModel)


class MisbehaviourError(Exception):
    """The model could not be scored, or what it predicted is no prediction; becomes a reason of the statement."""

    def __init__(self, code: str, message: str, model: str = "model") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.model = model
        """How messages call it: model or champion."""


class Problem(BaseModel):
    """The scorer's own report of what went wrong; all of it untrusted text."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: str = Field(max_length=40)
    message: str = Field(max_length=2000)
    details: dict[str, Any] = {}


def _alike(repeats: Repeats) -> Repeats:
    if any(one.keys() != repeats[0].keys() for one in repeats):
        raise ValueError("repeats of different kinds")
    return repeats


_Calls = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1, max_length=100)]
_Latency = Annotated[list[dict[Kind, _Calls]], Field(max_length=MOST_REPEATS), AfterValidator(_alike)]


class _Claims(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, strict=True)

    method: str = Field(max_length=40)
    classes: list[bool | int | float | str] | None = Field(max_length=_MOST_CLASSES)
    load_seconds: float = Field(ge=0)
    score_seconds: float = Field(ge=0)
    latency: _Latency
    batch_ms: list[float] = Field([], max_length=1000)
    peak_bytes: int | None = Field(None, ge=0)


class _Times(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, strict=True)

    latency: _Latency


@dataclass(frozen=True)
class Answer:
    """One model's predictions for every row."""

    classes: tuple[Label, ...]
    """The model's classes, in its own order; empty for regression."""
    probabilities: NDArray[np.float64] | None
    """(rows, classes), where the model gives probabilities."""
    codes: NDArray[np.intp] | None
    """(rows,) index of the predicted class, where the model gives labels only."""
    values: NDArray[np.float64] | None
    """(rows,) predicted numbers, for regression."""
    load_seconds: float | None = None
    """None where the predictions were made elsewhere; so is `score_seconds`."""
    score_seconds: float | None = None
    latency: Repeats = ()
    """How long calls took."""
    latency_ms: tuple[float, ...] = ()
    """Of calls with a single row that were not made in repeats."""
    batch_ms: tuple[float, ...] = ()
    """Of each batch of rows."""
    peak_bytes: int | None = None
    """The most memory that the largest process held; by its own account where no supervisor saw it."""
    rows: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Of the task scores: a number a row (rows,), by name."""


def read_answer(folder: Path, rows: int, wanted: Wanted) -> Answer | Problem | None:
    """Read what the scorer wrote; None when it wrote no answer.

    Raises MisbehaviourError for anything that is not an answer to what was asked.
    """
    claims = read_document(folder, _Claims)
    if not isinstance(claims, _Claims):
        return claims
    classes = tuple(claims.classes or ())
    array = read_array(folder / "predictions.npy", rows * max(len(classes), 1) * 8, "predictions")
    given = len(array) if array.ndim else 0
    if given != rows:
        raise MisbehaviourError("predictions-count", f"returned {given} predictions for {rows} rows.")
    taken = claims.latency, (), tuple(claims.batch_ms)
    timing = (claims.load_seconds, claims.score_seconds, *taken, claims.peak_bytes)
    if wanted == "values":
        return Answer((), None, None, checked_values(array), *timing)
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise MisbehaviourError("predictions-shape", f"knows {len(set(classes))} classes; two are needed at least.")
    if claims.method == "predict_proba":
        return Answer(classes, checked_probabilities(array, len(classes)), None, None, *timing)
    return Answer(classes, None, checked_codes(array, len(classes)), None, *timing)


def read_times(folder: Path) -> Repeats | Problem | None:
    """The same of a model that was only timed: milliseconds of its calls."""
    claims = read_document(folder, _Times)
    return claims.latency if isinstance(claims, _Times) else claims


def read_document(folder: Path, kind: type[_Told]) -> _Told | Problem | None:
    """What a program of ours answered, or the problem that it told; None when it wrote no answer.

    Raises MisbehaviourError for anything else.
    """
    content = _read_bounded(folder / "answer.json", _ANSWER_BYTES)
    if content is None:
        return None
    try:
        document = json.loads(content)
        if "problem" in document:
            return Problem.model_validate(document["problem"])
        return kind.model_validate(document["answer"])
    except (ValueError, TypeError, KeyError, ValidationError, RecursionError):
        raise MisbehaviourError("answer-forged", "left an answer that the scorer would not write.") from None


def read_array(path: Path, most_bytes: int, noun: str) -> NDArray[Any]:
    """An array of numbers that is no larger than this. Raises MisbehaviourError for anything else, called `noun`."""
    content = _read_bounded(path, most_bytes + _HEADER_BYTES)
    if content is None:
        raise MisbehaviourError(f"{noun}-count", f"left no {noun}.")
    try:
        stream = io.BytesIO(content)
        np.lib.format.read_magic(stream)
        shape, by_column, dtype = np.lib.format.read_array_header_1_0(stream)
        # np.load would allocate whatever shape the header names.
        if dtype.kind not in "fi" or content[stream.tell() :] == b"":
            raise ValueError(dtype)
        order: Literal["F", "C"] = "F" if by_column else "C"
        return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape, order=order)
    except (ValueError, EOFError, SyntaxError):
        raise MisbehaviourError(f"{noun}-shape", f"left {noun} that are not an array of numbers.") from None


def checked_values(array: NDArray[Any]) -> NDArray[np.float64]:
    """Predicted numbers, one a row. Raises MisbehaviourError for NaN, infinity, or another shape."""
    values = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if values.ndim != 1 or values.dtype.kind not in "iuf":
        raise MisbehaviourError("predictions-shape", f"returned an array of shape {array.shape}, not one number a row.")
    _refuse_nan(values)
    return values.astype(np.float64)


def checked_codes(array: NDArray[Any], classes: int) -> NDArray[np.intp]:
    """Indices of predicted classes, one a row. Raises MisbehaviourError for anything else."""
    if array.ndim != 1 or array.dtype.kind != "i" or array.min() < 0 or array.max() >= classes:
        raise MisbehaviourError("predictions-shape", "returned something other than one of its labels a row.")
    return array.astype(np.intp)


def checked_probabilities(array: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Probabilities (rows, classes), clipped to 0 to 1. Raises MisbehaviourError where they are none."""
    if array.ndim != 2 or array.shape[1] != classes or array.dtype.kind != "f":
        shape = "one number a row" if array.ndim == 1 else f"{array.shape[1:]} numbers a row"
        raise MisbehaviourError("predictions-shape", f"returned {shape} for {classes} classes.")
    _refuse_nan(array)
    low, high = float(array.min()), float(array.max())
    if low < -_RANGE_TOLERANCE or high > 1 + _RANGE_TOLERANCE:
        found = low if low < 0 else high
        raise MisbehaviourError("predictions-range", f"returned the probability {found:.6g}, outside 0 to 1.")
    wrong = np.flatnonzero(np.abs(array.sum(axis=1) - 1) > _SUM_TOLERANCE)
    if len(wrong):
        total = float(array[wrong[0]].sum())
        raise MisbehaviourError(
            "predictions-sum",
            f"returned probabilities that do not sum to one in {len(wrong)} rows: {total:.6g} in row {wrong[0]}.",
        )
    return np.asarray(np.clip(array, 0.0, 1.0), dtype=np.float64)


def _refuse_nan(array: NDArray[Any]) -> None:
    finite = np.isfinite(array)
    if finite.all():
        return
    bad = np.flatnonzero(~(finite if finite.ndim == 1 else finite.all(axis=1)))
    raise MisbehaviourError(
        "predictions-nan", f"returned NaN or infinity for {len(bad)} of {len(array)} rows, first for row {bad[0]}."
    )


def _read_bounded(path: Path, limit: int) -> bytes | None:
    """A regular file's bytes; never through a link, which could point at what only we may read, or at a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        raise MisbehaviourError("answer-forged", f"put something else in the place of {path.name}.") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(descriptor)
        raise MisbehaviourError("answer-forged", f"put something else in the place of {path.name}.")
    with os.fdopen(descriptor, "rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise MisbehaviourError("predictions-count", f"wrote more to {path.name} than {limit:,} bytes.")
    return content
