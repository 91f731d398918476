"""Patterns: only what RE2 knows, since every engine must read them alike and none may hang on them."""

from __future__ import annotations

import re

from mlops_actions.errors import InputError

_PART = re.compile(r"\\Q.*?(?:\\E|$)|\\[pP]\{[^}]*\}|\\.|\[:\^?\w+:\]|\(\?P<\w+>|.", re.DOTALL)
_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7F", "blank": r"\t ", "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\x0B\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_SPACE = r"\t\n\f\r "
_OUTSIDE = {"$": r"\z", ".": r"[^\n]", r"\s": f"[{_SPACE}]", r"\S": f"[^{_SPACE}]"}


def check_pattern(pattern: str, where: str) -> None:
    """Raise InputError when RE2, here DuckDB's, does not take the pattern."""
    import duckdb

    try:
        duckdb.connect().execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
    except duckdb.InvalidInputException as error:
        problem = str(error).removeprefix("Invalid Input Error: ").splitlines()[0].rstrip(".")
        raise InputError(
            f"the pattern {pattern!r} cannot be used: {problem}.",
            where=where,
            hint="Patterns are RE2: no look-ahead, look-behind or back-reference.",
        ) from None


def portable(pattern: str) -> str:
    r"""The same RE2 pattern, written so that Java's expressions, which Spark has, match the same.

    Java's `$` also matches before a last line end, its `.` stops at more signs and its `\s` knows one more, and within
    a class it takes `[` and `&&` for signs of its own. What flags turn into something else stays as it is.

    >>> portable(r"^\S+@[[:alpha:].]+$")
    '^[^\\t\\n\\f\\r ]+@[A-Za-z.]+\\z'
    """
    if re.search(r"\(\?[a-zA-Z]*[ms]", pattern):
        return pattern
    written = ""
    inside = False
    first = False
    for part in _PART.findall(pattern):
        if inside:
            begins, first = first, first and part == "^"
            if part == "]" and not begins:
                inside = False
            written += _in_class(part)
            continue
        inside = first = part == "["
        written += "(" if part.startswith("(?P<") else _OUTSIDE.get(part, part)
    return written


def _in_class(part: str) -> str:
    if (named := re.fullmatch(r"\[:(\^?)(\w+):\]", part)) and named[2] in _CLASSES:
        return f"[^{_CLASSES[named[2]]}]" if named[1] else _CLASSES[named[2]]
    return {"[": r"\[", "&": r"\&", r"\s": _SPACE}.get(part, part)
