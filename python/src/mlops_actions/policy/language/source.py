"""A rule's text as a Python syntax tree, and the one way to refuse a part of it."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from mlops_actions.errors import InputError

MAX_CHARACTERS = 500
EXAMPLE = "A rule compares a metric with a limit: `accuracy >= 0.8`, `roc_auc >= champion - 0.01`."

_FORBID = re.compile(r"[ \t]*(?:(forbid)\b[ \t]*)?")
_SPELLINGS = (
    ("%", "Write 80 % as 0.80."),
    ("=>", "Write >= for 'at least'."),
    ("=<", "Write <= for 'at most'."),
    ("≥", "Write >=."),
    ("≤", "Write <=."),
    ("−", "Write the minus as -."),
    ("&&", "Write two rules, one a line: all of them must hold."),
    ("||", "All rules must hold; there is no 'or'."),
    ("[class]", 'A column whose name is a word of Python is quoted: recall["class"].'),
)


@dataclass(frozen=True)
class Source:
    """One rule as it was written."""

    text: str
    where: str
    """`file:line` or `rules:line`, for messages."""
    start: int
    """Where the expression begins, after `forbid`."""
    guard: bool
    """Whether it begins with `forbid`."""

    @classmethod
    def of(cls, text: str, where: str) -> Source:
        """Cut off a leading `forbid`. Raises InputError for a text that is far too long."""
        if len(text) > MAX_CHARACTERS:
            raise InputError(
                f"the rule has {len(text)} characters, at most {MAX_CHARACTERS} are read.",
                where=where,
                hint="Write one rule a line.",
            )
        lead = _FORBID.match(text)
        return cls(text, where, lead.end() if lead else 0, bool(lead and lead[1]))

    def tree(self) -> ast.expr:
        """The syntax tree; nothing is evaluated. Raises InputError for what is not a Python expression."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self._expression, mode="eval").body
        except SyntaxError as error:
            raise self._unreadable(error) from None
        except (RecursionError, MemoryError):
            raise self._error(self.start + 1, "the rule is nested too deeply.", EXAMPLE) from None
        except (ValueError, OverflowError) as error:
            raise self._error(self.start + 1, f"the rule cannot be read: {error}.", EXAMPLE) from None

    def error(self, node: ast.AST, message: str, hint: str) -> InputError:
        """The refusal of one part of the rule."""
        if getattr(node, "lineno", 1) != 1:
            return self._error(self.start + 1, message, hint)
        before = self._expression.encode()[: getattr(node, "col_offset", 0)]
        return self._error(self.start + len(before.decode(errors="ignore")) + 1, message, hint)

    def written(self, node: ast.AST) -> str:
        """The part's own text, shortened for a message."""
        part = ast.get_source_segment(self._expression, node) or self._expression
        return part if len(part) <= 60 else f"{part[:59]}…"

    @property
    def _expression(self) -> str:
        return self.text[self.start :]

    def _error(self, column: int, message: str, hint: str) -> InputError:
        # A tab stays one, so that the caret stands below its place however wide tabs are.
        before = "".join(letter if letter == "\t" else " " for letter in self.text[: column - 1])
        excerpt = None if "\n" in self.text else f"{self.text}\n{before}^"
        return InputError(f"column {column}: {message}", where=self.where, hint=hint, excerpt=excerpt)

    def _unreadable(self, error: SyntaxError) -> InputError:
        for spelling, advice in _SPELLINGS:
            if (found := self.text.find(spelling)) >= 0:
                return self._error(found + 1, f"`{spelling}` is not part of the rule language.", advice)
        if not self._expression.strip():
            return self._error(self.start + 1, "the rule is empty.", EXAMPLE)
        if "\n" in self.text.strip():
            return self._error(self.start + 1, "a rule is one line.", "Give each rule an entry of its own.")
        column = error.offset or 1 if error.lineno in (None, 1) else 1
        return self._error(self.start + max(column, 1), f"{error.msg}.", EXAMPLE)
