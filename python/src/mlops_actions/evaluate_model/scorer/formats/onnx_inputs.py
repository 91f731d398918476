"""Columns in the types and shapes of a graph's inputs; what would change a value is refused."""

from __future__ import annotations

from typing import Any

from protocol import ProblemError

Array = Any

DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int8)": "int8",
    "tensor(int16)": "int16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}
"""onnxruntime's type → numpy's."""

WORDS = {"f": "numbers", "i": "whole numbers", "u": "whole numbers", "b": "booleans", "O": "text", "M": "dates"}
"""numpy's kind of type → what to call such values."""


def width_of(wanted: Any) -> int | None:
    """How many columns an input takes; None where the file leaves it open. Raises ProblemError where it takes none."""
    shape = wanted.shape
    if wanted.type not in DTYPES:
        raise ProblemError("inputs-unusable", f"the input {wanted.name} of type {wanted.type}")
    if len(shape) > 2:
        raise ProblemError("inputs-unusable", f"the input {wanted.name} of shape {shape}")
    if len(shape) < 2:
        return 1
    return shape[1] if isinstance(shape[1], int) else None


def fed(wanted: Any, values: Array) -> Array:
    """A column, or a matrix, in the type and shape of an input."""
    converted = as_type(wanted.name, values, DTYPES[wanted.type])
    if converted.ndim == 2:
        return converted
    return converted.reshape((-1,) if len(wanted.shape) < 2 else (-1, 1))


def as_type(name: str, values: Array, dtype: str) -> Array:
    """Values in an input's type, at its precision.

    Raises ProblemError where values are of another kind, or missing where ONNX knows nothing missing.
    """
    import numpy

    wanted, given = numpy.dtype(dtype).kind, values.dtype.kind
    if given == "O":
        return from_objects(name, values, dtype)
    if given == "f" and wanted != "f" and numpy.isnan(values).any():
        raise ProblemError("column-gaps", "", columns=[name], wanted=WORDS[wanted])
    if wanted == "O" or given == "M" or (wanted == "b" and given != "b"):
        raise ProblemError("column-type", "", columns=[name], wanted=WORDS[wanted], found=WORDS[given])
    converted = values.astype(dtype)
    if wanted in "iu" and not (converted == values).all():
        found = "fractions" if given == "f" else "numbers that " + dtype + " cannot hold"
        raise ProblemError("column-type", "", columns=[name], wanted=WORDS[wanted], found=found)
    return converted


def from_objects(name: str, values: Array, dtype: str) -> Array:
    """Text, or booleans with gaps, in an input's type."""
    import numpy

    wanted = numpy.dtype(dtype).kind
    missing = numpy.frompyfunc(lambda one: one is None, 1, 1)(values).astype(bool)
    text = any(isinstance(one, str) for one in values.ravel())
    if text != (wanted == "O") and not missing.all():
        found = "text" if text else "booleans"
        raise ProblemError("column-type", "", columns=[name], wanted=WORDS[wanted], found=found)
    if not missing.any():
        return values.astype(dtype)
    if wanted != "f":
        raise ProblemError("column-gaps", "", columns=[name], wanted=WORDS[wanted])
    return numpy.where(missing, numpy.nan, values).astype(dtype)
