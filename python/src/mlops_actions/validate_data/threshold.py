"""Which numbers a rule accepts, in the words of the standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal[
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
]
Unit = Literal["rows", "percent"]


@dataclass(frozen=True)
class Threshold:
    """Which counts of rows are acceptable."""

    operator: Operator = "mustBe"
    limits: tuple[float, ...] = (0,)
    """One number, or two in ascending order for the Between operators."""
    unit: Unit = "rows"
    also: Threshold | None = None
    """The other side of a range that is written as two comparisons; both must hold."""

    def holds(self, count: int, total: int) -> bool:
        """Whether `count` of `total` rows is acceptable.

        >>> Threshold("mustBeLessThan", (5,), "percent").holds(5, 100)
        False
        """
        return self.accepts(count if self.unit == "rows" else 100 * count / total)

    def accepts(self, value: float) -> bool:
        """Whether a number is acceptable. Between excludes both limits, as the standard says.

        >>> Threshold("mustBeBetween", (0, 100)).accepts(100)
        False
        """
        low, high = self.limits[0], self.limits[-1]
        met = {
            "mustBe": value == low,
            "mustNotBe": value != low,
            "mustBeGreaterThan": value > low,
            "mustBeGreaterOrEqualTo": value >= low,
            "mustBeLessThan": value < low,
            "mustBeLessOrEqualTo": value <= low,
            "mustBeBetween": low < value < high,
            "mustNotBeBetween": not low < value < high,
        }[self.operator]
        return met and (self.also is None or self.also.accepts(value))

    def __str__(self) -> str:
        words = {
            "mustBe": "must be",
            "mustNotBe": "must not be",
            "mustBeGreaterThan": "must be greater than",
            "mustBeGreaterOrEqualTo": "must be at least",
            "mustBeLessThan": "must be less than",
            "mustBeLessOrEqualTo": "must be at most",
            "mustBeBetween": "must be strictly between",
            "mustNotBeBetween": "must not be strictly between",
        }[self.operator]
        numbers = " and ".join(f"{limit:,g}" if abs(limit) < 1e6 else f"{limit:,.0f}" for limit in self.limits)
        also = f" and {self.also}" if self.also else ""
        return f"{words} {numbers}{' %' if self.unit == 'percent' else ''}{also}"


NONE = Threshold()
"""No row at all, which is what a rule asks where it compares with nothing."""
