"""Spark's errors about data, in our words. Errors about our own SQL pass through: they are bugs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from mlops_actions.errors import InputError, MlopsError, OutsideError

_RAGGED = ("a row has more or fewer cells than the first line.", "Quote cells that hold the delimiter.")
_DAMAGED = ("the file is truncated or damaged.", "Write it again.")
_NAMES = "on Spark nothing is computed of a column whose name has a dot or a backtick."
_OF_DATA = {
    "PATH_NOT_FOUND": ("the data does not exist.", "Check the path; the cluster must see it."),
    "TABLE_OR_VIEW_NOT_FOUND": ("Spark has no such table.", "Write table:catalog.schema.name."),
    "MALFORMED_RECORD_IN_PARSING": _RAGGED,
    "MALFORMED_CSV_RECORD": _RAGGED,
    "FAILED_READ_FILE": _DAMAGED,
    "CANNOT_READ_FILE_FOOTER": _DAMAGED,
    "UNABLE_TO_INFER_SCHEMA": ("no data file is there.", "Check the path."),
    "DATA_SOURCE_NOT_FOUND": (
        "this Spark does not read the format.",
        "Start it with the package, such as delta-spark.",
    ),
    "INVALID_ATTRIBUTE_NAME_SYNTAX": (_NAMES, "Rename it, or set `engine: duckdb`."),
    "UNSUPPORTED_TIME_TYPE": ("this Spark has no times of day.", "Set `engine: duckdb`."),
}
"""What Spark calls an error → our message and advice."""


@contextmanager
def explained(location: str) -> Iterator[None]:
    """Raise InputError where the data cannot be read, OutsideError where the cluster fails."""
    from narwhals.exceptions import ColumnNotFoundError

    try:
        yield
    except ColumnNotFoundError:
        raise _explained("INVALID_ATTRIBUTE_NAME_SYNTAX", "", location) from None
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark.", "py4j.", "grpc.")):
            raise
        text = str(error)
        if found := next((name for name in _OF_DATA if name in text), None):
            raise _explained(found, text, location) from None
        if type(error).__name__ == "AnalysisException" or "INTERNAL_ERROR" in text:
            raise
        first = " ".join(text.splitlines()[0].split())[:300].rstrip(".")
        raise OutsideError(f"Spark failed: {first}.", where=location, hint="Look at its log.") from None


def _explained(name: str, text: str, location: str) -> MlopsError:
    message, hint = _OF_DATA[name]
    file = re.search(r"file:/*(/[^\s'\"]+?\.\w+)(?=[\s'\".,]|$)", text) if message == _DAMAGED[0] else None
    return InputError(message, where=file[1] if file else location, hint=hint)
