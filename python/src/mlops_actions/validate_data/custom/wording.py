"""How long a time is, for people."""

from __future__ import annotations

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def duration(seconds: float) -> str:
    """In the largest unit that fits, to three digits.

    >>> duration(216000), duration(3600), duration(5)
    ('2.5 days', '1 hour', '5 seconds')
    """
    for unit, size in _UNITS:
        if seconds >= size:
            return _counted(seconds / size, unit)
    return _counted(seconds, "second")


def _counted(number: float, unit: str) -> str:
    told = f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
    return f"{told} {unit}" if told == "1" else f"{told} {unit}s"
