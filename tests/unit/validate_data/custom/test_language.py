"""Expressions: what is outside the language is refused with its place, and nothing of Python runs."""

from __future__ import annotations

import duckdb
import narwhals as nw
import pytest

from mlops_actions.errors import InputError
from mlops_actions.tables import LogicalType
from mlops_actions.validate_data.custom.language import columns_of, read_expression

TYPES: dict[str, LogicalType] = {
    "a": "integer",
    "b": "number",
    "s": "string",
    "t": "timestamp",
    "d": "date",
    "ok": "boolean",
    "clock": "time",
    "l": "array",
    "odd name": "integer",
}
ROW = """SELECT 3 AS a, 0.5::DOUBLE AS b, 'Ab é' AS s, TIMESTAMP '2024-02-29 13:30:00' AS t, DATE '2024-03-02' AS d,
    true AS ok, TIME '12:00:00' AS clock, [1] AS l, 7 AS "odd name", NULL::INTEGER AS n"""


def value(text: str) -> object:
    """Of the one row."""
    expression = read_expression(text, {**TYPES, "n": "integer"}, "c.yaml:8")
    frame = nw.from_native(duckdb.connect().sql(ROW)).select(expression.alias("x"))
    found: object = frame.to_native().fetchall()[0][0]
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a == 3 and b < 1", True),
        ("a == 3 and not ok", False),
        ("1 < a <= 3 < column('odd name')", True),
        ("-a + 5 == 2 and a - 1 == 2 and a * b == 1.5 and a / 2 == 1.5 and a % 2 == 1", True),
        ("abs(b - 1) == 0.5 and abs(-2) == 2", True),
        ("len(s) == 4 and lower(s) == 'ab é' and upper(s) != s", True),
        ("s in ['x', 'Ab é'] and s not in ('y', 'z')", True),
        ("a in [1, -3]", False),
        ("t < d", True),
        ("d == date('2024-03-02') and t == timestamp('2024-02-29T14:30:00+01:00')", True),
        ("clock == time('12:00')", True),
        ("d - t == hours(34.5) and t + days(1) < d and d - t > minutes(30) + seconds(1)", True),
        ("t.year == 2024 and t.month == 2 and t.day == 29 and t.weekday == 4 and t.hour == 13 and d.hour == 0", True),
        ("n is None and a is not None", True),
        ("n > 1", None),
        ("n > 1 or a == 3", True),
        ("n > 1 and a == 4", False),
        ("ok == (a > 1)", True),
        ("a * 4000000000000000000 > 1", True),
    ],
)
def test_an_expression_is_computed(text: str, expected: object) -> None:
    assert value(text) is expected


REFUSED = {
    "a": "`a`: column 1: it is a number, which neither holds nor breaks.",
    "a > 'x'": "`a > 'x'`: column 1: a number is compared with a text.",
    "t > '2024-01-01'": "`t > '2024-01-01'`: column 1: a moment is compared with a text. Write date(",
    "a == None": "`a == None`: column 1: nothing equals None. Write `is None` or `is not None`.",
    "a and ok": "`a and ok`: column 1: `a` is a number, not a truth.",
    "ok and len(a) > 1": "`ok and len(a) > 1`: column 12: `a` is a number, not a text.",
    "l == 1": "`l == 1`: column 1: 'l' holds array values, which cannot be compared.",
    "t + 1 > t": "`t + 1 > t`: column 1: `+` does not fit a moment and a number.",
    "s in s": "`s in s`: column 6: `in` takes a list, and `is` takes None.",
    "a in [b]": "`a in [b]`: column 6: a list holds plain values. Write comparisons joined by `or`.",
    "t.moth == 1": "`t.moth == 1`: column 1: 'moth' is no part of a moment. Did you mean 'month'?",
    "ab(a) > 1": "`ab(a) > 1`: column 1: `ab(a)` is no function of this language. Did you mean 'abs'?",
    "abs(a, b) > 1": "`abs(a, b) > 1`: column 1: `abs(a, b)` is no function of this language. Write abs(…) with one",
    "days(a) > days(1)": "`days(a) > days(1)`: column 1: days takes a number below a million.",
    "d > date('2024-13-01')": "date(…) is '2024-13-01', which is not of the type date. Write '2024-01-31'.",
    "a if ok else b": "`a if ok else b`: column 1: `a if ok else b` is not part of this language.",
    "[x for x in s]": "`[x for x in s]`: column 1: `[x for x in s]` is not part of this language.",
    "s.__class__ == 1": "`s.__class__ == 1`: column 1: '__class__' is no part of a moment.",
    "a ** 9 > 1": "`a ** 9 > 1`: column 1: `a ** 9` is not part of this language.",
    "f'{a}' == s": "`f'{a}' == s`: column 1: `f'{a}'` is not part of this language.",
    "é > 1 and a == 's'": "`é > 1 and a == 's'`: column 11: a number is compared with a text.",
    " + ".join(["a"] * 60) + " > 1": "it is nested too deeply. Make several checks of it.",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_outside_the_language_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_expression(text, {**TYPES, "é": "integer", "x": "integer"}, "c.yaml:8")
    assert str(caught.value).startswith("c.yaml:8: ")
    assert REFUSED[text] in str(caught.value)


@pytest.mark.parametrize("text", ["a >", "(" * 3000, "a\x00b", "x" * 2001, "a = 1", ""])
def test_what_is_no_expression_is_a_plain_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"it (cannot be read|is longer than 2,000 characters)"):
        columns_of(text)


def test_functions_are_no_columns_but_may_be_named_like_one() -> None:
    assert columns_of("len(s) > days and column('len') == 1") == ("s", "days", "len")
    assert columns_of("date('2024-01-01') > d") == ("d",)
