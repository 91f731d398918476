"""From what was seen of a column to what may be asked of the next rows: wide enough for good ones, not for broken ones.

No limit is the smallest or largest value that happened to be there. A range is widened by half its width to a round
number and keeps its sign; a list of values is proposed only where each was seen so often that one more is unlikely.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any

from mlops_actions.validate_data.inference.observing import KNOWN, Seen

_ENOUGH = 100
"""Rows from which on "never twice" says something."""
_OFTEN = 10
"""How often every value of a list must have been seen: by Good and Turing, one never seen then has next to no rows."""
_YEARS = 10
_PERSONAL = re.compile(
    r"(^|_)(e?mail|phone|ssn|iban|(first|last|full|sur)_?name|address|birth_?(day|date))($|_)", re.IGNORECASE
)
_KEY = re.compile(r"(?i)(^|_)(id|key|uuid|guid)$|[a-z]I[Dd]$")


def propose(column: Seen) -> dict[str, Any]:
    """One property of a contract in the Open Data Contract Standard."""
    property_: dict[str, Any] = {"name": column.name}
    if column.type != "binary":
        property_["logicalType"] = column.type
    if not column.missing:
        property_["required"] = True
    if _is_key(column):
        property_["unique"] = True
    if options := _options(column):
        property_["logicalTypeOptions"] = options
    if _PERSONAL.search(column.name) or column.known == "email":
        property_["classification"] = "personal"
    quality: list[dict[str, Any]] = []
    if (values := _closed_list(column)) is not None:
        quality.append({"metric": "invalidValues", "arguments": {"validValues": values}, "mustBe": 0})
    if column.missing > 0:
        limit = missing_limit(column.missing / column.rows)
        quality.append({"metric": "nullValues", "mustBeLessOrEqualTo": limit, "unit": "percent"})
    if quality:
        property_["quality"] = quality
    return property_


def missing_limit(share: float) -> int:
    """Percent of missing values that are still usual: twice what was seen and one more, rounded up to fives.

    >>> missing_limit(0.003), missing_limit(0.12), missing_limit(0.9)
    (5, 25, 100)
    """
    return min(100, 5 * math.ceil((200 * share + 1) / 5))


def widen(least: float, greatest: float, *, whole: bool = False) -> tuple[float, float] | None:
    """A range around what was seen, ending in round numbers; None for numbers that are not finite.

    >>> widen(0.1, 9.8)
    (0, 15)
    >>> widen(1950, 2020, whole=True)
    (1910, 2060)
    >>> widen(-7.5, -0.2)
    (-12, 0)
    >>> widen(0, 1, whole=True)
    (0, 1)
    """
    if not (math.isfinite(least) and math.isfinite(greatest)):
        return None
    if whole and least >= 0 and greatest <= 1:
        return _plain(least), _plain(greatest)  # a label or a flag
    width = (greatest - least) or abs(greatest) or 1.0
    step = 10.0 ** math.floor(math.log10(width))
    step = max(step, 1.0) if whole else step
    low, high = step * math.floor((least - width / 2) / step), step * math.ceil((greatest + width / 2) / step)
    if least >= 0:
        low = max(low, 0.0)
    elif greatest <= 0:
        high = min(high, 0.0)
    return _plain(low), _plain(high)


def pattern_of(shapes: tuple[str, ...], lengths: tuple[int, int]) -> str | None:
    """A pattern that all texts of some shapes meet; None where a shape is too long to say much.

    >>> pattern_of(("A",), (3, 3)), pattern_of(("A-9",), (4, 9))
    ('^[A-Z]{3}$', '^[A-Z]+-[0-9]+$')
    """
    classes = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
    if len(shapes) == 1 and shapes[0] in classes:
        least, greatest = lengths
        return f"^{classes[shapes[0]]}{f'{{{least}}}' if least == greatest else '+'}$"
    classes_of_runs = {sign: f"{letters}+" for sign, letters in classes.items()}
    if any(not 0 < len(shape) <= 12 or not shape.isascii() or " " in shape for shape in shapes):
        return None
    signs = classes_of_runs | {sign: f"\\{sign}" for sign in r".^$*+?{}[]\|()"}
    parts = ["".join(signs.get(sign, sign) for sign in shape) for shape in shapes]
    return f"^{parts[0]}$" if len(parts) == 1 else f"^({'|'.join(parts)})$"


def _options(column: Seen) -> dict[str, Any]:
    least, greatest = column.least, column.greatest
    if isinstance(least, datetime | date) and isinstance(greatest, datetime | date):
        clock = "T00:00:00" if isinstance(least, datetime) else ""
        last = min(greatest.year + _YEARS, 9999)
        return {"minimum": f"{least.year:04}-01-01{clock}", "maximum": f"{last:04}-12-31{clock}"}
    if column.type in ("integer", "number") and isinstance(least, int | float) and isinstance(greatest, int | float):
        if _is_key(column):
            return {"minimum": 0} if least >= 0 else {}  # an identifier grows
        widened = widen(float(least), float(greatest), whole=column.type == "integer")
        return dict(zip(("minimum", "maximum"), widened, strict=True)) if widened else {}
    if column.type != "string" or column.lengths is None or _closed_list(column) is not None:
        return {}
    if column.known:
        return {"pattern": KNOWN[column.known]}
    if column.rows >= _ENOUGH and column.shapes and (pattern := pattern_of(column.shapes, column.lengths)):
        return {"pattern": pattern}
    shortest, longest = column.lengths
    return {"minLength": min(shortest, 1), "maxLength": 10 * math.ceil((2 * longest + 1) / 10)}


def _is_key(column: Seen) -> bool:
    """Whether each row has one, no two the same, and not by chance: its name says so, or its numbers follow closely."""
    if not column.unique or column.missing or column.rows < _ENOUGH:
        return False
    if column.known == "uuid" or _KEY.search(column.name):
        return True
    least, greatest = column.least, column.greatest
    return isinstance(least, int) and isinstance(greatest, int) and greatest - least < 2 * column.rows


def _closed_list(column: Seen) -> list[Any] | None:
    if not column.values or min(column.values.values()) < _OFTEN:
        return None
    return sorted(column.values, key=str)


def _plain(number: float) -> float:
    """Without the digits that decimal fractions have in binary, and whole where it is."""
    rounded = float(f"{number:.12g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded
