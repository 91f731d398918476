"""GitHub's `${{ … }}`: the part of the language that a composite action needs.

Stricter than GitHub on purpose: a name that nobody declared is an error here, an empty string there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)|(?P<number>\d+)|(?P<sign>==|!=|&&|\|\||[!().,]))"
)
WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


class ExpressionError(ValueError):
    """An expression that GitHub would refuse, or one that names what nobody declared."""


def fill(text: str, contexts: Mapping[str, Any]) -> str:
    """`text` with each `${{ expression }}` replaced by its value, as GitHub writes it.

    >>> fill("${{ inputs.name }} is ${{ inputs.name == 'Flights' }}", {"inputs": {"name": "flights"}})
    'flights is true'
    """
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: written(evaluate(found[1], contexts)), text, flags=re.DOTALL)


def evaluate(expression: str, contexts: Mapping[str, Any]) -> Any:
    """The value of one expression without its braces; functions are callables among `contexts`."""
    parser = _Parser(_tokens(expression), contexts, expression)
    value = parser.either()
    if parser.rest:
        raise ExpressionError(f"unexpected {parser.rest[0][1]!r} in {expression!r}")
    return value


def written(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    while expression[position:].strip():
        found = TOKEN.match(expression, position)
        if not found or not found.lastgroup:
            raise ExpressionError(f"cannot read {expression[position:]!r} in {expression!r}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


@dataclass
class _Parser:
    rest: list[tuple[str, str]]
    contexts: Mapping[str, Any]
    source: str

    def either(self) -> Any:
        value = self.both()
        while self.takes("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:
        value = self.comparison()
        while self.takes("&&"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self) -> Any:
        value = self.unary()
        while self.rest and self.rest[0][1] in {"==", "!="}:
            equal = self.rest.pop(0)[1] == "=="
            value = (folded(value) == folded(self.unary())) is equal
        return value

    def unary(self) -> Any:
        if self.takes("!"):
            return not self.unary()
        if self.takes("("):
            value = self.either()
            self.expect(")")
            return value
        kind, token = self.rest.pop(0) if self.rest else ("end", "")
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return int(token)
        if kind == "name":
            return WORDS[token] if token in WORDS else self.reference(token)
        raise ExpressionError(f"unexpected {token or 'end'!r} in {self.source!r}")

    def reference(self, name: str) -> Any:
        value = self.named(self.contexts, name)
        if self.takes("("):
            self.expect(")")
            function: Callable[[], Any] = value
            return function()
        while self.takes("."):
            value = self.named(value, self.rest.pop(0)[1] if self.rest else "")
        return value

    def named(self, place: Any, name: str) -> Any:
        if not isinstance(place, Mapping) or name not in place:
            raise ExpressionError(f"{name!r} is not declared, in {self.source!r}")
        return place[name]

    def takes(self, sign: str) -> bool:
        if self.rest and self.rest[0] == ("sign", sign):
            self.rest.pop(0)
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.takes(sign):
            raise ExpressionError(f"{sign!r} is missing in {self.source!r}")


def folded(value: Any) -> Any:
    """GitHub compares strings without regard to case."""
    return value.casefold() if isinstance(value, str) else value
