"""Values in a contract, read as the type of their column, so that text is never compared with numbers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from mlops_actions.errors import InputError
from mlops_actions.tables import LogicalType
from mlops_actions.validate_data.rules import Value

_LARGEST = 1.7e308
COMPARABLE = ("integer", "number", "date", "timestamp", "time")


def read_value(value: Any, type_: LogicalType, what: str, where: str) -> Value:
    """One value; raises InputError when it is not of the type."""
    read = _READERS.get(type_)
    found = read(value) if read else None
    if found is None:
        hint = (
            "Quote it."
            if type_ == "string" and not isinstance(value, dict | list)
            else f"Write {_EXAMPLES.get(type_)}."
        )
        raise InputError(f"{what} is {value!r}, which is not of the type {type_}.", where=where, hint=hint)
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> int | float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= _LARGEST:
        return None
    return value if abs(value) < 2**63 else float(value)  # engines know no longer integers


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _date(value: Any) -> date | None:
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _timestamp(value: Any) -> datetime | None:
    """Without an offset it is UTC, as everything in a scan is."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), None)
    if not isinstance(moment, datetime):
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _time(value: Any) -> time | None:
    try:
        return time.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


_READERS = {
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
    "time": _time,
}
_EXAMPLES = {
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "date": "'2024-01-31'",
    "timestamp": "'2024-01-31T12:00:00Z'",
    "time": "'12:00:00'",
}
