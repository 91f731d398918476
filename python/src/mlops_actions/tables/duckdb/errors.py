"""DuckDB's errors about data, in our words. Errors about our own SQL pass through: they are bugs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from mlops_actions.errors import InputError, MlopsError, OutsideError

_OURS = (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException, duckdb.InternalException)


@contextmanager
def explained(location: str, renamed: Mapping[str, str] | None = None) -> Iterator[None]:
    """Raise InputError where the data cannot be read, OutsideError where memory or disk end.

    `renamed` says what the user calls a path of this machine.
    """
    try:
        with _explained(location):
            yield
    except MlopsError as error:
        for path, name in (renamed or {}).items():
            error.message = error.message.replace(path, name)
            error.where = error.where and error.where.replace(path, name)
        raise


@contextmanager
def _explained(location: str) -> Iterator[None]:
    try:
        yield
    except _OURS:
        raise
    except duckdb.OutOfMemoryException as error:
        raise OutsideError(
            f"the data needs more memory than there is: {_first_line(error)}.",
            where=location,
            hint="Free memory or space in the temporary folder, or split the data.",
        ) from None
    except duckdb.OutOfRangeException as error:
        raise InputError(
            f"a number leaves the range of its type: {_first_line(error).rstrip('!')}.",
            where=location,
            hint="Store it as a double, or ask for less of it.",
        ) from None
    except duckdb.Error as error:
        raise _csv_error(str(error)) or _json_error(str(error)) or _damaged(error, location) from None


def _csv_error(message: str) -> MlopsError | None:
    file = re.search(r"^\s*file = (.*)$", message, re.MULTILINE)
    if file is None:
        return None
    line = re.search(r"CSV Error on Line: (\d+)", message)
    where = f"{file[1]}:{line[1]}" if line else file[1]
    if cells := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        return InputError(
            f"the row has {_plural(cells[2], 'cell')}, but the first line names {_plural(cells[1], 'column')}.",
            where=where,
            hint="Quote cells that hold the delimiter.",
        )
    for sign, text, hint in (
        ("unicode", "the row is not UTF-8 text.", "Save the file as UTF-8."),
        ("unterminated quote", "a quoted cell never ends.", 'Write a quote inside a cell twice: "".'),
        ("Maximum line size", "the line is longer than 2 MB.", "Store long values as Parquet."),
        (
            "invalid state",
            "the file mixes line ends, or text stands after a closing quote.",
            "Write it as RFC 4180 says.",
        ),
    ):
        if sign in message:
            return InputError(text, where=where, hint=hint)
    return InputError(f"not a readable CSV file: {_first_line(message)}.", where=where)


def _json_error(message: str) -> MlopsError | None:
    malformed = re.search(
        r'Malformed JSON in file "(.*)", at byte (\d+) in (line|record/value) (\d+): (.*?)\. ?$', message, re.MULTILINE
    )
    if malformed:
        file, byte, unit, number, problem = malformed.groups()
        place = f"{file}:{int(number) - 1}" if unit == "line" else file  # DuckDB has counted past it
        return InputError(
            f"not readable JSON at byte {byte}: {problem}.", where=place, hint="Save it as UTF-8 JSON lines."
        )
    repeated = re.search(
        r'in file "(.*)", in line (\d+): Object .* has duplicate key "(.*)"$', message, re.MULTILINE | re.DOTALL
    )
    if repeated:
        return InputError(f"the object has the key {repeated[3]!r} twice.", where=f"{repeated[1]}:{repeated[2]}")
    return None


def _damaged(error: duckdb.Error, location: str) -> InputError:
    named = re.search(r"""file ['"]([^'"]+)['"]""", str(error), re.IGNORECASE)
    return InputError(
        f"the file is truncated or damaged: {_first_line(error)}.",
        where=named[1] if named else location,
        hint="Write it again.",
    )


def _first_line(error: object) -> str:
    line = str(error).strip().splitlines()[0] if str(error).strip() else "no message"
    line = re.sub(
        r"^reading the (schema|stream) of the object .* failed: (Exception: )?",
        "",
        re.sub(r"^(\w+ )+Error: ", "", line),
    )
    return line.rstrip(".")[:200]


def _plural(count: str, noun: str) -> str:
    return f"{count} {noun}" if count == "1" else f"{count} {noun}s"
