"""Each rule as a narwhals expression that is true on the rows that break it, and in words."""

from __future__ import annotations

from functools import reduce
from operator import or_

import narwhals as nw

from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.contract.patterns import portable
from mlops_actions.validate_data.rules import (
    Age,
    Bound,
    Digits,
    Fields,
    Form,
    HasType,
    Items,
    Lacking,
    Length,
    Matches,
    MultipleOf,
    NotAmong,
    NotChecked,
    NotMissing,
    OneOf,
    Partitioned,
    References,
    RowCount,
    Rule,
    Sql,
    Unique,
    UniqueItems,
    Value,
    Within,
    Zoned,
)

_MOST_VALUES = 5
_OUTSIDE = {
    "minimum": "are below {}",
    "exclusiveMinimum": "are {} or below",
    "maximum": "are above {}",
    "exclusiveMaximum": "are {} or above",
}


def breaks(rule: Rule, column: str) -> nw.Expr | None:
    """True where a row breaks the rule; a missing cell breaks none of these. None: the scan answers it without.

    Types, missing cells and repeated values are counted by the table itself.
    """
    cell = cells_of(column)
    match rule:
        case Bound("minimum", limit):
            return cell < limit
        case Bound("exclusiveMinimum", limit):
            return cell <= limit
        case Bound("maximum", limit):
            return cell > limit
        case Bound("exclusiveMaximum", limit):
            return cell >= limit
        case MultipleOf(int(factor)):
            return cell % factor != 0
        case MultipleOf(factor):
            return _uneven(cell, factor)
        case Within(_, low, high):
            sides = [*([cell < low] if low is not None else []), *([cell > high] if high is not None else [])]
            return reduce(or_, sides)
        case Digits(_, precision, scale):
            return (cell.abs() >= 10.0 ** (precision - scale)) | _uneven(cell, 10.0**-scale)
        case Length("minLength", limit):
            return cell.str.len_chars() < limit
        case Length("maxLength", limit):
            return cell.str.len_chars() > limit
        case Matches(pattern) | Form(_, pattern):
            return ~cell.str.contains(portable(pattern))
        case OneOf(values):
            return ~cell.is_in(values)
        case NotAmong(values):
            return cell.is_in(values)
        case NotMissing(nested) if nested is not None:
            return cells_of(nested.name)
        case Lacking(fields):
            return reduce(or_, [cells_of(one.name) for one in fields])
        case Fields("minProperties", limit, size):
            return cells_of(size.name) < limit
        case Fields("maxProperties", limit, size):
            return cells_of(size.name) > limit
        case Items("minItems", limit):
            return cell.list.len() < limit
        case Items("maxItems", limit):
            return cell.list.len() > limit
        case UniqueItems():
            return cell.list.unique().list.len() < cell.list.len()
        case _:
            return None


def _uneven(cell: nw.Expr, factor: float) -> nw.Expr:
    quotient = cell / factor
    return (quotient - quotient.round(0)).abs() > 1e-9 + 1e-15 * quotient.abs()


def problem(rule: Rule) -> str:
    """What is wrong with the rows that break a rule: "rows of 'age' …".

    >>> problem(Bound("minimum", 0))
    'are below 0'
    """
    match rule:
        case HasType(type_, written):
            return f"do not read as {type_}{f' {written}' if written else ''}"
        case Zoned(zoned):
            return f"have {'no' if zoned else 'an'} offset from UTC, or are no moment"
        case NotMissing():
            return "are missing"
        case NotAmong(values):
            return f"are missing{f' or {_listed(values)}' if values else ''}"
        case Unique():
            return "repeat an earlier row"
        case Bound(comparison, limit):
            return _OUTSIDE[comparison].format(limit)
        case Within(type_) | Digits(type_):
            return f"do not fit {type_}"
        case MultipleOf(factor):
            return f"are not a multiple of {factor:g}"
        case Length(comparison, limit):
            return f"are {'shorter' if comparison == 'minLength' else 'longer'} than {limit} characters"
        case Matches(pattern):
            return f"do not match {pattern!r}"
        case Form(what):
            return f"are not {what}"
        case Lacking(fields):
            return f"lack {' or '.join(repr(one.path[-1]) for one in fields)}"
        case Fields(comparison, limit):
            return f"have {'fewer' if comparison == 'minProperties' else 'more'} than {limit} fields"
        case Items(comparison, limit):
            return f"have {'fewer' if comparison == 'minItems' else 'more'} than {limit} items"
        case UniqueItems():
            return "hold an item twice"
        case OneOf(values):
            return f"are none of {_listed(values)}"
        case RowCount():
            return "are there"
        case Sql() | References() | Age() | Partitioned():
            return "are looked up apart"
        case NotChecked(why):
            return f"are not checked, since {why}"


def _listed(values: tuple[Value, ...]) -> str:
    shown = [repr(value) if isinstance(value, str) else str(value) for value in values[:_MOST_VALUES]]
    more = len(values) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
