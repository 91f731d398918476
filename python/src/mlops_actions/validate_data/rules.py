"""What a contract can ask of data, as values: nothing here reads or judges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from mlops_actions.tables import LogicalType, Written
from mlops_actions.validate_data.threshold import NONE, Threshold

if TYPE_CHECKING:
    from mlops_actions.validate_data.custom.interface import Rule as CustomRule

Value = str | int | float | bool | date | datetime | time
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class HasType:
    """The column is there and every cell reads as the type; None asks only that it is there."""

    type: LogicalType | None
    written: str | None = None
    """How a cell of text has to be written to read as it, in words."""


@dataclass(frozen=True)
class Zoned:
    """Moments carry an offset from UTC, or carry none."""

    zoned: bool


@dataclass(frozen=True)
class Aside:
    """A column that the table's view has beside the data's, for one question about a nested property."""

    name: str
    path: tuple[str, ...]
    """Of the property, as in `Inside`."""
    what: Literal["size", "lacking"]
    """As in `Inside`."""


@dataclass(frozen=True)
class NotMissing:
    """The cell is not null, NaN or empty."""

    nested: Aside | None = None
    """Of a field: it lacks only where the object that it belongs to is there."""


@dataclass(frozen=True)
class Lacking:
    """Where the object is there, so are these fields of it."""

    fields: tuple[Aside, ...]


@dataclass(frozen=True)
class Fields:
    """At least (`minProperties`) or at most (`maxProperties`) so many fields of the object are filled."""

    comparison: Literal["minProperties", "maxProperties"]
    limit: int
    size: Aside


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
class Partitioned:
    """Folders such as `year=2024` name the column."""

    position: int | None
    """Which folder it is from the outermost, from 1; None where the contract does not say."""


@dataclass(frozen=True)
class Sql:
    """A query gives an acceptable number; true is 1."""

    query: str


@dataclass(frozen=True)
class References:
    """The values of the columns, taken together, stand in another table; rows with a missing one do not count."""

    columns: tuple[str, ...]
    table: str
    other: tuple[str, ...]
    """The columns there."""


@dataclass(frozen=True)
class Age:
    """The newest row is no older than this, or no row is."""

    which: Literal["newest", "oldest"]
    period: timedelta
    written: str
    """As the contract writes the period: "4 d"."""


@dataclass(frozen=True)
class NotChecked:
    """The contract asks for something that is not checked, and this is why."""

    why: str
    """A clause: "… was not checked: {why}."."""


Rule = (
    HasType
    | Zoned
    | NotMissing
    | Lacking
    | Fields
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
    | Partitioned
    | Sql
    | References
    | Age
    | NotChecked
)


def asides(rule: Rule) -> tuple[Aside, ...]:
    """The columns that a rule needs beside the data's."""
    match rule:
        case NotMissing(Aside() as nested):
            return (nested,)
        case Lacking(fields):
            return fields
        case Fields(_, _, size):
            return (size,)
        case _:
            return ()


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
    threshold: Threshold = NONE
    severity: Severity = "error"
    level: str = ""
    """The list whose items are counted, such as `lines[]`; empty for the table's rows."""


@dataclass(frozen=True)
class Property:
    """One column of the contract, or what lies in one."""

    name: str
    """As in the data: `age`; of a field `address.street`, of items `lines[]`, of their fields `lines[].sku`."""
    type: LogicalType | None
    available: bool
    """Whether it is known when a prediction is made."""
    personal: bool
    """Whether its values must not be shown."""
    path: tuple[str, ...]
    """A column of its level, and the names of fields from there on."""
    level: str = ""
    """The list whose items it belongs to, such as `lines[]`; empty for the table's rows."""
    written: Written | None = None
    """How text has to be written to read as its type, where ISO 8601 is not what is asked."""
    within: str | None = None
    """The column of the data that it lies in; None for a column itself."""


@dataclass(frozen=True)
class Contract:
    """Everything that a contract asks of one table."""

    path: str
    sha256: str
    table: str
    physical_name: str
    """What the table is called where it lives; its name where the contract does not say."""
    properties: tuple[Property, ...]
    checks: tuple[Check, ...]
    """On rows and on items of lists, in the contract's order."""
    custom: tuple[CustomRule, ...]

    def at(self, level: str) -> Contract:
        """What a scan answers about one level: the table's rows, or the items of one list."""
        return replace(
            self,
            properties=tuple(one for one in self.properties if one.level == level),
            checks=tuple(
                one for one in self.checks if one.level == level and not isinstance(one.rule, Sql | References | Age)
            ),
        )
