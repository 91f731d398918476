"""Patterns: only what RE2 knows, since every engine must read them alike and none may hang on them."""

from __future__ import annotations

from mlops_actions.errors import InputError


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
