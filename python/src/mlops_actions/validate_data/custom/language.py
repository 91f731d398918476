"""Expressions over the columns of a row: a part of Python's, checked for kinds of values, then narwhals'.

`arrival >= departure`, `status in ["new", "paid"] or paid_at is not None`, `abs(total - net - tax) < 0.01`,
`len(name) <= 40`, `column("odd name") > date("2024-01-01")`, `start + days(30) >= end`, `born.year > 1900`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from typing import Any, Literal

import narwhals as nw

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables import LogicalType
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.contract.values import read_value

Kind = Literal["number", "text", "truth", "moment", "duration", "time", "nothing"]
MOST_CHARACTERS = 2000
MOST_LEVELS = 50
_EXAMPLE = 'Write `arrival >= departure`, `abs(total - net) < 0.01` or `status in ["new", "paid"]`.'
_KINDS: Mapping[LogicalType, Kind] = {
    "integer": "number",
    "number": "number",
    "string": "text",
    "boolean": "truth",
    "date": "moment",
    "timestamp": "moment",
    "time": "time",
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_PARTS = ("year", "month", "day", "weekday", "hour")
_LITERALS: tuple[LogicalType, ...] = ("date", "timestamp", "time")
_UNITS = ("days", "hours", "minutes", "seconds")
_FUNCTIONS: Mapping[str, tuple[Kind, Kind, Callable[[nw.Expr], nw.Expr]]] = {
    "abs": ("number", "number", lambda of: of.abs()),
    "len": ("text", "number", lambda of: of.str.len_chars()),
    "lower": ("text", "text", lambda of: of.str.to_lowercase()),
    "upper": ("text", "text", lambda of: of.str.to_uppercase()),
}
_KNOWN = ("column", *_LITERALS, *_UNITS, *_FUNCTIONS)


@dataclass(frozen=True)
class Value:
    """A part of an expression: what kind of value it has, and how it is computed."""

    kind: Kind
    of: Any
    """A narwhals expression, or a plain value."""

    @property
    def expression(self) -> nw.Expr:
        """As an expression over rows."""
        return self.of if isinstance(self.of, nw.Expr) else nw.lit(self.of)


def columns_of(text: str) -> tuple[str, ...]:
    """The columns that an expression names; ValueError where it cannot be read at all.

    >>> columns_of('arrival >= departure or column("odd name") is None')
    ('arrival', 'departure', 'odd name')
    """
    nodes = [node for node in ast.walk(_tree(text)) if isinstance(node, ast.Name | ast.Call)]
    functions = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    found: dict[str, None] = {}
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        match node:
            case ast.Name(id=name) if id(node) not in functions:
                found[name] = None
            case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str(name))]):
                found[name] = None
    return tuple(found)


def read_expression(text: str, types: Mapping[str, LogicalType], where: str) -> nw.Expr:
    """What is true in rows that keep the expression, and null where a missing value leaves it open.

    Raises InputError with the place in the text for what is outside the language or compares unlike kinds.
    """
    tree = _tree(text)
    reader = _Reader(text, types, where)
    found = reader.read(tree)
    if found.kind != "truth":
        raise reader.refuse(tree, f"it is a {found.kind}, which neither holds nor breaks.", _EXAMPLE)
    return found.expression


def _tree(text: str) -> ast.expr:
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"it is longer than {MOST_CHARACTERS:,} characters")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"it cannot be read. {_EXAMPLE}") from None


class _Reader:
    """Reads one expression; keeps its text for messages."""

    def __init__(self, text: str, types: Mapping[str, LogicalType], where: str) -> None:
        self._text = text.strip()
        self._types = types
        self._where = where
        self._level = 0

    def refuse(self, node: ast.expr, message: str, hint: str = "") -> InputError:
        """The refusal of a part."""
        line = self._text.splitlines()[node.lineno - 1]
        place = len(line.encode()[: node.col_offset].decode(errors="ignore")) + 1
        return InputError(f"`{_short(self._text)}`: column {place}: {message}", where=self._where, hint=hint or None)

    def read(self, node: ast.expr) -> Value:
        """Any part."""
        self._level += 1
        if self._level > MOST_LEVELS:
            raise self.refuse(node, "it is nested too deeply.", "Make several checks of it.")
        found = self._read(node)
        self._level -= 1
        return found

    def _read(self, node: ast.expr) -> Value:
        match node:
            case ast.Name(id=name):
                return self._column(node, name)
            case ast.Constant(value=bool() as value):
                return Value("truth", value)
            case ast.Constant(value=int() | float() as value) if abs(value) < 1e300:
                return Value("number", value)
            case ast.Constant(value=str() as value):
                return Value("text", value)
            case ast.Constant(value=None):
                return Value("nothing", None)
            case ast.UnaryOp(op=ast.Not(), operand=of):
                return Value("truth", ~self._of(of, "truth").expression)
            case ast.UnaryOp(op=ast.USub(), operand=of):
                number = self._of(of, "number")
                return Value("number", 0 - number.expression if isinstance(number.of, nw.Expr) else -number.of)
            case ast.BoolOp(op=op, values=parts):
                join = operator.and_ if isinstance(op, ast.And) else operator.or_
                return Value("truth", reduce(join, [self._of(part, "truth").expression for part in parts]))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._arithmetic(node, self.read(left), type(op), self.read(right))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compare(left, ops, others)
            case ast.Attribute(value=of, attr=part) if part in _PARTS:
                moment = self._of(of, "moment").expression
                return Value("number", getattr(moment.cast(nw.Datetime("us")).dt, part)())
            case ast.Attribute(attr=part):
                raise self.refuse(node, f"{part!r} is no part of a moment.", nearest(part, _PARTS))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _KNOWN:
                return self._call(node, name, argument)
            case ast.Call(func=ast.Name(id=name)):
                hint = f"Write {name}(…) with one argument." if name in _KNOWN else nearest(name, _KNOWN)
                raise self.refuse(node, f"`{_short(ast.unparse(node))}` is no function of this language.", hint)
        raise self.refuse(node, f"`{_short(ast.unparse(node))}` is not part of this language.", _EXAMPLE)

    def _of(self, node: ast.expr, kind: Kind) -> Value:
        found = self.read(node)
        if found.kind != kind:
            raise self.refuse(node, f"`{_short(ast.unparse(node))}` is a {found.kind}, not a {kind}.")
        return found

    def _column(self, node: ast.expr, name: str) -> Value:
        type_ = self._types[name]
        if type_ not in _KINDS:
            raise self.refuse(node, f"{name!r} holds {type_} values, which cannot be compared.")
        return Value(_KINDS[type_], cells_of(name))

    def _call(self, node: ast.expr, name: str, argument: ast.expr) -> Value:
        if name in _FUNCTIONS:
            takes, gives, function = _FUNCTIONS[name]
            return Value(gives, function(self._of(argument, takes).expression))
        match name, argument:
            case "column", ast.Constant(value=str(column)):
                return self._column(node, column)
            case _, ast.Constant(value=int() | float() as number) if name in _UNITS and abs(number) < 1e6:
                return Value("duration", timedelta(**{name: number}))
            case _, ast.Constant(value=str(text)) if name in _LITERALS:
                literal = read_value(text, name, f"{name}(…)", self._where)
                return Value(_KINDS[name], literal)
        what = "a number below a million" if name in _UNITS else "a text in quotes"
        raise self.refuse(node, f"{name} takes {what}.")

    def _arithmetic(self, node: ast.expr, left: Value, op: type[ast.operator], right: Value) -> Value:
        calculate = _ARITHMETIC[op]
        match left.kind, op, right.kind:
            case "number", _, "number":
                one, two = left.expression, right.expression
                if op is ast.Mult:  # whole numbers would overflow
                    one, two = one.cast(nw.Float64), two.cast(nw.Float64)
                return Value("number", calculate(one, two))
            case "moment", ast.Sub, "moment":
                return Value("duration", _moment(left) - _moment(right))
            case "moment", (ast.Add | ast.Sub), "duration":
                return Value("moment", calculate(_moment(left), right.expression))
            case "duration", (ast.Add | ast.Sub), "duration":
                return Value("duration", calculate(left.expression, right.expression))
        sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%"}[op]
        raise self.refuse(node, f"`{sign}` does not fit a {left.kind} and a {right.kind}.")

    def _compare(self, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr]) -> Value:
        found: list[nw.Expr] = []
        for op, right in zip(ops, others, strict=True):
            found.append(self._comparison(left, op, right))
            left = right
        return Value("truth", reduce(operator.and_, found))

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> nw.Expr:
        one = self.read(left)
        match op, right:
            case ((ast.In() | ast.NotIn()), (ast.List(elts=elements) | ast.Tuple(elts=elements))) if elements:
                values = [self._of(element, one.kind) for element in elements]
                if any(isinstance(value.of, nw.Expr) for value in values):
                    raise self.refuse(right, "a list holds plain values.", "Write comparisons joined by `or`.")
                among = one.expression.is_in([value.of for value in values])
                return among if isinstance(op, ast.In) else ~among
            case ((ast.Is() | ast.IsNot()), ast.Constant(value=None)):
                return one.expression.is_null() if isinstance(op, ast.Is) else ~one.expression.is_null()
        compare = _COMPARISONS.get(type(op))
        if compare is None:
            raise self.refuse(right, "`in` takes a list, and `is` takes None.", _EXAMPLE)
        two = self.read(right)
        if "nothing" in (one.kind, two.kind):
            raise self.refuse(left, "nothing equals None.", "Write `is None` or `is not None`.")
        if one.kind != two.kind:
            hint = 'Write date("2024-01-31") or timestamp("2024-01-31T12:00").'
            message = f"a {one.kind} is compared with a {two.kind}."
            raise self.refuse(left, message, hint if "moment" in (one.kind, two.kind) else "")
        if one.kind == "moment":
            return compare(_moment(one), _moment(two))  # type: ignore[no-any-return]
        return compare(one.expression, two.expression)  # type: ignore[no-any-return]


def _moment(value: Value) -> nw.Expr:
    """Dates and timestamps as one type, so that every engine compares and subtracts them alike."""
    return value.expression.cast(nw.Datetime("us"))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
