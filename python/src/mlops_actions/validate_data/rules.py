"""What a contract can ask of data, as values: nothing here reads or judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Literal

from mlops_actions.tables import LogicalType

if TYPE_CHECKING:
    from mlops_actions.validate_data.custom.interface import Rule as CustomRule

Value = str | int | float | bool | date | datetime | time
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
Severity = Literal["error", "warning"]


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


@dataclass(frozen=True)
class HasType:
    """The column is there and every cell reads as the type; None asks only that it is there."""

    type: LogicalType | None


@dataclass(frozen=True)
class NotMissing:
    """The cell is not null, NaN or empty."""


@dataclass(frozen=True)
class NotAmong:
    """The cell is neither missing nor one of the values that stand for missing."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Unique:
    """No row repeats the values of an earlier one; rows with a missing value among them do not count."""

    columns: tuple[str, ...]


Comparison = Literal["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]


@dataclass(frozen=True)
class Bound:
    """The value lies on the right side of a limit."""

    comparison: Comparison
    limit: Value


@dataclass(frozen=True)
class Within:
    """The number fits a type of so many bits."""

    type: str
    """As the contract writes it."""
    low: int | float | None
    high: int | float | None


@dataclass(frozen=True)
class MultipleOf:
    """The value is a whole multiple; exactly for a whole factor, else up to the rounding of the quotient."""

    factor: float


@dataclass(frozen=True)
class Digits:
    """The number has at most so many digits, and so many of them after the point."""

    type: str
    """As the contract writes it."""
    precision: int
    scale: int


@dataclass(frozen=True)
class Length:
    """The text has at least (`minLength`) or at most (`maxLength`) so many characters."""

    comparison: Literal["minLength", "maxLength"]
    limit: int


@dataclass(frozen=True)
class Matches:
    """The RE2 pattern is found somewhere in the text, as ECMA-262 does; anchor it with ^ and $."""

    pattern: str


@dataclass(frozen=True)
class Form:
    """The text has a known form, such as that of an address."""

    what: str
    """With its article: "a UUID"."""
    pattern: str
    """RE2, from end to end."""


@dataclass(frozen=True)
class OneOf:
    """The value is one of a list."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Items:
    """The list has at least (`minItems`) or at most (`maxItems`) so many items."""

    comparison: Literal["minItems", "maxItems"]
    limit: int


@dataclass(frozen=True)
class UniqueItems:
    """No two items of the list are the same."""


@dataclass(frozen=True)
class RowCount:
    """The number of rows is acceptable."""


@dataclass(frozen=True)
class NotChecked:
    """The contract asks for something that is not checked, and this is why."""

    why: str
    """A clause: "… was not checked: {why}."."""


Rule = (
    HasType
    | NotMissing
    | NotAmong
    | Unique
    | Bound
    | Within
    | MultipleOf
    | Digits
    | Length
    | Matches
    | Form
    | OneOf
    | Items
    | UniqueItems
    | RowCount
    | NotChecked
)


@dataclass(frozen=True)
class Check:
    """One line of the contract that the data either meets or does not."""

    id: str
    """Unique within the contract: `table.column.kind`."""
    column: str | None
    """None for a check on the table."""
    kind: str
    """The contract's own word: type, required, minimum, rowCount, …."""
    rule: Rule
    where: str
    """`file:line`."""
    threshold: Threshold = Threshold()
    severity: Severity = "error"


@dataclass(frozen=True)
class Property:
    """One column of the contract."""

    name: str
    """As in the data."""
    type: LogicalType | None
    available: bool
    """Whether it is known when a prediction is made."""
    personal: bool
    """Whether its values must not be shown."""


@dataclass(frozen=True)
class Contract:
    """Everything that a contract asks of one table."""

    path: str
    sha256: str
    table: str
    properties: tuple[Property, ...]
    checks: tuple[Check, ...]
    custom: tuple[CustomRule, ...]
