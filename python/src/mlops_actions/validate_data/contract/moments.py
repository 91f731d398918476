"""How dates and times are written: patterns of Java's DateTimeFormatter, as the standard has them, and time zones."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mlops_actions.errors import InputError
from mlops_actions.tables import LogicalType, Written
from mlops_actions.validate_data.rules import Value

_TOKEN = re.compile(r"'([^']*)'|([A-Za-z])\2*|([^A-Za-z'])")
_OFFSET = "Z|[+-][0-9]{2}(?::?[0-9]{2})?"
_PARTS = {
    **dict.fromkeys(("yyyy", "uuuu", "YYYY"), ("year", "[0-9]{4}")),
    "MM": ("month", "[0-9]{2}"),
    "M": ("month", "[0-9]{1,2}"),
    **dict.fromkeys(("dd", "DD"), ("day", "[0-9]{2}")),
    "d": ("day", "[0-9]{1,2}"),
    "HH": ("hour", "[0-9]{2}"),
    "H": ("hour", "[0-9]{1,2}"),
    "mm": ("minute", "[0-9]{2}"),
    "ss": ("second", "[0-9]{2}"),
    **{"S" * digits: ("fraction", f"[0-9]{{{digits}}}") for digits in range(1, 10)},
    **dict.fromkeys(("Z", "X", "XX", "XXX", "x", "xx", "xxx"), ("offset", _OFFSET)),
}
"""The standard writes YYYY and DD for what Java writes yyyy and dd."""
_NEEDED = {"date": {"year", "month", "day"}, "timestamp": {"year", "month", "day"}, "time": {"hour", "minute"}}
_SIMPLE: dict[LogicalType, tuple[str, str]] = {
    "timestamp": (r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)", r"\1T\2"),
    "time": (r"([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)", r"\1"),
}
"""ISO 8601 without its offset, and what it is read as."""


def read_pattern(pattern: str, type_: LogicalType) -> Written | None:
    r"""How text in this pattern reads as a moment; None where the pattern has parts that are not known, or too few.

    >>> read_pattern("dd/MM/yyyy", "date")
    Written(pattern='^([0-9]{2})/([0-9]{2})/([0-9]{4})$', iso='\\3-\\2-\\1')
    """
    expression: list[str] = []
    groups: dict[str, int] = {}
    utc = place = 0
    while place < len(pattern):
        token = _TOKEN.match(pattern, place)
        if token is None:
            return None
        place = token.end()
        word, quoted = token[0], token[1]
        if quoted is not None or word == "T" or not word[0].isalpha():
            utc |= quoted == "Z"
            expression.append(re.escape(word if quoted is None else quoted or "'"))
            continue
        if word not in _PARTS or _PARTS[word][0] in groups:
            return None
        name, digits = _PARTS[word]
        groups[name] = len(groups) + 1
        expression.append(f"({digits})")
    if not _NEEDED[type_] <= set(groups):
        return None
    return Written(f"^{''.join(expression)}$", _iso(groups, "Z" if utc else ""))


def _iso(groups: dict[str, int], offset: str) -> str:
    parts = {name: rf"\{group}" for name, group in groups.items()}
    day = f"{parts['year']}-{parts['month']}-{parts['day']}" if "year" in parts else ""
    if "hour" not in parts:
        return day
    clock = f"{parts['hour']}:{parts.get('minute', '00')}:{parts.get('second', '00')}"
    fraction = f".{parts['fraction']}" if "fraction" in parts else ""
    return f"{day}{'T' if day else ''}{clock}{fraction}{parts.get('offset', offset)}"


def with_zone(type_: LogicalType, *, zoned: bool) -> Written:
    """ISO 8601 that must, or must not, end with an offset from UTC."""
    pattern, iso = _SIMPLE[type_]
    return (
        Written(f"^{pattern}({_OFFSET})$", rf"{iso}\{iso.count(chr(92)) + 1}")
        if zoned
        else Written(f"^{pattern}$", iso)
    )


def read_zone(name: Any, where: str) -> ZoneInfo:
    """A time zone; InputError where there is none of that name."""
    try:
        return ZoneInfo(str(name))
    except (OSError, ValueError, KeyError):
        raise InputError(f"unknown time zone {name!r}.", where=where, hint="Write one such as Europe/Paris.") from None


def in_zone(limit: Value, given: Any, zone: ZoneInfo, *, zoned: bool) -> Value:
    """A limit as the column's moments are compared: in UTC where they carry a zone, else in their default zone.

    `limit` is what `given` reads as where the zone is UTC.
    """
    if not isinstance(limit, datetime):
        return limit
    written = datetime.fromisoformat(given) if isinstance(given, str) else given
    aware = isinstance(written, datetime) and written.tzinfo is not None
    if zoned and not aware:
        return limit.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    if aware and not zoned:
        return limit.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    return limit
