"""What a report is made of, before anybody decides how it looks: text, tables and charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["pass", "fail", "inconclusive", "not-applicable", "not-checked", ""]

SYMBOLS = {"pass": "✓", "fail": "✗", "inconclusive": "?", "not-applicable": "–", "not-checked": "–", "warn": "!"}
"""A sign beside each outcome's word; the word is always there too."""


@dataclass(frozen=True)
class Measure:
    """A number in a cell, with its interval."""

    value: float | None
    lower: float | None
    upper: float | None
    signed: bool = False
    """Whether it is a difference: a plus is written, and three digits are enough."""

    @property
    def number(self) -> str:
        """The number alone."""
        plus = "+" if self.signed and self.value is not None and self.value > 0 else ""
        return plus + number(self.value, self._digits)

    @property
    def interval(self) -> str:
        """Both bounds; empty where there are none."""
        return "" if self.lower is None and self.upper is None else interval(self.lower, self.upper, self._digits)

    @property
    def _digits(self) -> int:
        return 3 if self.signed else 4

    def __str__(self) -> str:
        """As one text.

        >>> str(Measure(0.02, 0.01, 0.03, signed=True))
        '+0.02 (0.01 … 0.03)'
        """
        return f"{self.number} ({self.interval})" if self.interval else self.number


Cell = str | Measure


@dataclass(frozen=True)
class Text:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of plain text and numbers under headings."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False
    """Whether it is shown closed, since it is long and secondary."""


@dataclass(frozen=True)
class Interval:
    """One row of an interval chart: its cells, and what is drawn beside them."""

    cells: tuple[Cell, ...]
    value: float | None
    """None where nothing is drawn."""
    lower: float | None
    upper: float | None
    limit: float | None
    outcome: Outcome = ""

    @property
    def words(self) -> str:
        """What the drawing shows."""
        beside = "" if self.limit is None else f"; limit {number(self.limit)}"
        return f"{self.cells[0]}: {number(self.value)} ({interval(self.lower, self.upper)}){beside}"


@dataclass(frozen=True)
class Intervals:
    """A table whose last column draws an interval and its limit in each row."""

    title: str
    headings: tuple[str, ...]
    """Of the cells, and of the drawn column last."""
    rows: tuple[Interval, ...]
    common: bool = True
    """Whether all rows share one axis; else each has its own, with the limit in the middle."""
    folded: bool = False


@dataclass(frozen=True)
class Series:
    """One line of a chart."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    lower: tuple[float | None, ...] = ()
    """Of each point, where points have intervals; they are marked then."""
    upper: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Area:
    """The room between two lines."""

    label: str
    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Lines:
    """Lines over a common x. The first is the candidate's."""

    title: str
    words: str
    """What there is to see, in a sentence."""
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    table: Table | None
    """The same as numbers; None where they stand beside it anyway."""
    areas: tuple[Area, ...] = ()
    guide: tuple[str, tuple[tuple[float, float], tuple[float, float]]] | None = None
    """A thin line to compare with: what it is, and its ends."""
    square: bool = False
    """Whether both axes run from 0 to 1."""
    points: tuple[tuple[str, float, float], ...] = ()
    """Single points with their labels."""


@dataclass(frozen=True)
class Histogram:
    """Shares of rows in bins of equal width, of one kind of rows or several."""

    title: str
    words: str
    x_label: str
    edges: tuple[float, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    table: Table


@dataclass(frozen=True)
class Matrix:
    """Counts by row and column, shaded by their share of the row."""

    title: str
    corner: str
    """What goes down and what goes across."""
    labels: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Distributions:
    """Shares of rows in named bins, in the data and in the reference."""

    title: str
    bins: tuple[str, ...]
    shares: tuple[float, ...]
    reference: tuple[float, ...]


@dataclass(frozen=True)
class Span:
    """Something that held for a while."""

    label: str
    """Words of ours and numbers: it stands where nothing can be escaped."""
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Timeline:
    """What held one after the other, and how it ended."""

    title: str
    spans: tuple[Span, ...]
    ending: str
    """As a label."""

    @property
    def table(self) -> Table:
        """The same as numbers."""
        rows = tuple(
            (one.label, one.start.strftime("%Y-%m-%d %H:%M:%S"), f"{(one.end - one.start).total_seconds():,.0f}")
            for one in self.spans
        )
        return Table(self.title, ("held", "from (UTC)", "seconds"), (*rows, (self.ending, "", "")), folded=True)


@dataclass(frozen=True)
class Group:
    """Blocks under a heading of their own; charts stand side by side where there is room."""

    title: str
    blocks: tuple[Block, ...]


Block = Text | Table | Intervals | Lines | Histogram | Matrix | Distributions | Timeline | Group


@dataclass(frozen=True)
class Page:
    """One statement, as people read it."""

    title: str
    outcome: Outcome
    headline: str
    blocks: tuple[Block, ...]
    about: str = ""
    """What was judged, and when; written where pages are made, alike for all kinds."""


def number(value: float | None, digits: int = 4) -> str:
    """A number for a table; a dash where there is none.

    >>> number(0.67812), number(None), number(55628)
    ('0.6781', '–', '55,628')
    """
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}g}" if abs(value) < 1e6 else f"{value:,.0f}"


def interval(lower: float | None, upper: float | None, digits: int = 4) -> str:
    """An interval for a table.

    >>> interval(0.61, None)
    '0.61 … ∞'
    """
    low = "-∞" if lower is None else number(lower, digits)
    return f"{low} … {'∞' if upper is None else number(upper, digits)}"


def counted(count: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "slice"), counted(2000, "slice")
    ('1 slice', '2,000 slices')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def marked(outcome: str) -> str:
    """An outcome's sign and word."""
    return f"{SYMBOLS.get(outcome, '')} {outcome}".strip()
