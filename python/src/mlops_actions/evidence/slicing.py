"""How rows are cut into slices: a part of Python's expressions, the same in inputs, statements and rules.

`carrier`, `carrier & origin`, `distance[4]` (bins of about as many rows), `distance[0, 500]` (cut at these numbers),
`time_hour.month`, `wind_gust.missing`, and `"arrival delay"` in quotes where a column is no Python name.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import pairwise
from keyword import iskeyword
from math import isfinite
from typing import Literal, get_args

from mlops_actions.errors import InputError, nearest

Part = Literal["year", "month", "day", "weekday", "hour", "missing"]
MOST_BINS = 100
JOIN = " & "
EXAMPLE = (
    'Write a column, `carrier & origin`, `distance[4]`, `distance[0, 500]`, `day.month`, or `"a column"` in quotes.'
)

_PARTS: dict[str, Part] = {part: part for part in get_args(Part)}
Refuse = Callable[[ast.expr, str, str], InputError]
"""Makes the refusal of a part of an expression: the part, what is wrong with it, and what to write instead."""


@dataclass(frozen=True)
class Feature:
    """A column's values, or what is made of them: bins, a part of a date, missing or not."""

    column: str
    bins: int | None = None
    """How many bins of about as many rows."""
    edges: tuple[float, ...] = ()
    """Rising numbers at which a column is cut; what lies outside them makes a slice on either side."""
    part: Part | None = None

    def __str__(self) -> str:
        plain = self.column.isidentifier() and not iskeyword(self.column)
        name = self.column if plain else json.dumps(self.column, ensure_ascii=False)
        # A single edge keeps its comma: without it, it would be a number of bins.
        edges = ", ".join(_digits(edge) for edge in self.edges) + ("," if len(self.edges) == 1 else "")
        inside = str(self.bins) if self.bins else edges
        return f"{name}[{inside}]" if inside else f"{name}.{self.part}" if self.part else name


@dataclass(frozen=True)
class Slicing:
    """One feature, or two crossed."""

    features: tuple[Feature, ...]

    def __str__(self) -> str:
        return JOIN.join(map(str, self.features))


def parse_slicing(text: str, columns: Collection[str], where: str) -> Slicing:
    """Read one entry of an input. The whole text may be a column's name as it is, with dots and blanks.

    Raises InputError with the place in the text for everything outside the language; not for unknown columns.

    >>> str(parse_slicing("carrier&distance[0,5e2]", ["carrier", "distance"], "slices"))
    'carrier & distance[0, 500]'
    """
    if text in columns:
        return Slicing((Feature(text),))
    lead = len(text) - len(text.lstrip())

    def refuse(node: ast.expr, message: str, hint: str) -> InputError:
        before = text.strip().encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")
        return InputError(f"`{text}`: column {lead + len(before) + 1}: {message}", where=where, hint=hint)

    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"`{text}` cannot be read as a slice.", where=where, hint=EXAMPLE) from None
    return slicing_of(tree, refuse)


def slicing_of(node: ast.expr, refuse: Refuse) -> Slicing:
    """What a syntax tree cuts by; raises what `refuse` makes for everything outside the language."""
    match node:
        case ast.BinOp(left=ast.BinOp(op=ast.BitAnd()), op=ast.BitAnd()):
            raise refuse(node, "only two columns can be crossed.", "Write `carrier & origin`.")
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            pair = (_feature(left, refuse), _feature(right, refuse))
            if pair[0] == pair[1]:
                raise refuse(node, f"{pair[0]} is crossed with itself.", "Write it once.")
            return Slicing(pair)
        case ast.BoolOp(op=ast.And()) | ast.Tuple():
            raise refuse(node, "columns are crossed with `&`.", "Write `carrier & origin`.")
    return Slicing((_feature(node, refuse),))


def _feature(node: ast.expr, refuse: Refuse) -> Feature:
    match node:
        case ast.Attribute(value=of, attr=part):
            if part not in _PARTS:
                raise refuse(node, f"{part!r} is no part of a column.", nearest(part, _PARTS))
            return Feature(_column(of, refuse), part=_PARTS[part])
        case ast.Subscript(value=of, slice=ast.Constant(value=int() as bins)) if not isinstance(bins, bool):
            if not 2 <= bins <= MOST_BINS:
                raise refuse(node, f"{bins} bins: there are from 2 to {MOST_BINS}.", "Write `distance[4]`.")
            return Feature(_column(of, refuse), bins=bins)
        case ast.Subscript(value=of, slice=ast.Tuple(elts=elements)):
            edges = tuple(_number(one, refuse) for one in elements)
            if not edges or any(low >= high for low, high in pairwise(edges)):
                raise refuse(node, "the numbers that bins are cut at must rise.", "Write `distance[0, 500, 1000]`.")
            return Feature(_column(of, refuse), edges=edges)
        case ast.Subscript():
            raise refuse(node, "bins are a count, or numbers to cut at.", "Write `distance[4]` or `distance[0, 500]`.")
    return Feature(_column(node, refuse))


def _column(node: ast.expr, refuse: Refuse) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=str(name)) if name:
            return name
    raise refuse(node, f"`{_short(ast.unparse(node))}` is not a column.", EXAMPLE)


def _number(node: ast.expr, refuse: Refuse) -> float:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, refuse)
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool) and abs(number) < 1e300:
            return float(number)
    raise refuse(node, f"`{_short(ast.unparse(node))}` is not a number.", "Write `distance[0, 500, 1000]`.")


def _digits(number: float) -> str:
    """As few digits as say the number.

    >>> _digits(500.0), _digits(0.1)
    ('500', '0.1')
    """
    return str(int(number)) if isfinite(number) and number == int(number) and abs(number) < 1e15 else repr(number)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
