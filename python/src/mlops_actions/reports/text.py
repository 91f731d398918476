"""A page as plain text for a terminal: columns aligned, nothing folded, nothing from data obeyed."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

from mlops_actions.reports.page import Page, Table, Text, marked

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def render(page: Page) -> str:
    """The page as text. Charts are left out: each stands beside a table.

    >>> print(render(Page("History", "", "of m", (Table("Changes", ("when", "what"), (("now", "v1"),)),))))
    History: of m
    <BLANKLINE>
    Changes
      when  what
      now   v1
    """
    title = f"{page.title}: {marked(page.outcome)}" if page.outcome else page.title
    parts = [plain(f"{title}: {page.headline}" if page.headline else title)]
    for block in page.blocks:
        if isinstance(block, Text):
            parts.append(plain(block.text))
        elif isinstance(block, Table) and block.rows:
            parts.append("\n".join([plain(block.title), *_lines(block)]))
    return "\n\n".join(parts)


def plain(text: str) -> str:
    r"""Text from data as one line without control characters.

    >>> plain("a\x1b[31m\nb")
    'a [31m b'
    """
    return _CONTROL.sub(" ", text)


def _lines(block: Table) -> list[str]:
    rows = [tuple(plain(str(cell)) for cell in row) for row in (block.headings, *block.rows)]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(block.headings))]
    return [_line(row, widths) for row in rows]


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return ("  " + "  ".join(padded)).rstrip()


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
