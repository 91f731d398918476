"""What a report is made of, before anybody decides how it looks: text, tables and charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "inconclusive", "not-applicable", "not-checked", ""]

SYMBOLS = {"pass": "✓", "fail": "✗", "inconclusive": "?", "not-applicable": "–", "not-checked": "–", "warn": "!"}
"""A sign beside each outcome's word; the word is always there too."""


@dataclass(frozen=True)
class Text:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of plain text under headings."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False
    """Whether it is shown closed, since it is long and secondary."""


@dataclass(frozen=True)
class Interval:
    """One line of an interval chart."""

    label: str
    value: float
    lower: float | None
    upper: float | None
    limit: float | None
    outcome: Outcome


@dataclass(frozen=True)
class Intervals:
    """Intervals below each other on one axis, each with its limit."""

    title: str
    rows: tuple[Interval, ...]


@dataclass(frozen=True)
class Timeline:
    """Lines over a common x, with a horizontal line to cross."""

    title: str
    x: tuple[float, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    threshold: float
    threshold_label: str
    x_label: str


@dataclass(frozen=True)
class Distributions:
    """Shares of rows in bins, in the data and in the reference."""

    title: str
    bins: tuple[str, ...]
    shares: tuple[float, ...]
    reference: tuple[float, ...]


Block = Text | Table | Intervals | Timeline | Distributions


@dataclass(frozen=True)
class Page:
    """One statement, as people read it."""

    title: str
    outcome: Outcome
    headline: str
    blocks: tuple[Block, ...]


def number(value: float | None, digits: int = 4) -> str:
    """A number for a table; a dash where there is none.

    >>> number(0.67812), number(None), number(55628)
    ('0.6781', '–', '55,628')
    """
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}g}" if abs(value) < 1e6 else f"{value:,.0f}"


def interval(lower: float | None, upper: float | None) -> str:
    """An interval for a table.

    >>> interval(0.61, None)
    '0.61 … ∞'
    """
    low = "-∞" if lower is None else number(lower)
    return f"{low} … {'∞' if upper is None else number(upper)}"


def marked(outcome: str) -> str:
    """An outcome's sign and word."""
    return f"{SYMBOLS.get(outcome, '')} {outcome}".strip()
