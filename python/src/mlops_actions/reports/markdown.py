"""A page as GitHub-flavoured Markdown: tables, aligned so that a terminal can show them too, and timelines."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

from mlops_actions.reports.page import Block, Group, Intervals, Page, Table, Text, Timeline, marked

MAX_ROWS = 200
"""Rows of one table; a summary is a page to read, the statement holds the rest."""

_SPECIAL = re.compile(r"([\\`*\[\]<>|#~@]|(?<!\w)_|_(?!\w))")


def render(page: Page) -> str:
    """The page as Markdown. Of charts only those are here that are a table too."""
    parts = [f"## {page.title}: {marked(page.outcome)}", escape(page.headline)]
    parts += [_block(block) for block in page.blocks]
    parts.append(escape(page.about))
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    r"""Text from data, made harmless: no markup, no mentions, one line. Underscores inside a word mean nothing.

    >>> print(escape("*roc_auc* | <b>"))
    \*roc_auc\* \| \<b\>
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _block(block: Block) -> str:
    if isinstance(block, Text):
        return escape(block.text)
    if isinstance(block, Group):
        return "\n\n".join(filter(None, map(_block, block.blocks)))
    if isinstance(block, Timeline):
        return _gantt(block)
    if isinstance(block, Intervals):
        block = Table(block.title, block.headings[:-1], tuple(row.cells for row in block.rows), block.folded)
    if not isinstance(block, Table) or not block.rows:
        return ""
    table = _table(block)
    if block.folded:
        return f"<details><summary>{escape(block.title)}</summary>\n\n{table}\n\n</details>"
    return f"### {escape(block.title)}\n\n{table}"


def _gantt(block: Timeline) -> str:
    """A diagram of Mermaid's, which GitHub and GitLab draw; its text is ours alone."""
    lines = ["```mermaid", "gantt", "    dateFormat X", "    axisFormat %H:%M:%S", f"    section {block.title}"]
    for span in block.spans:
        # A bar of no length is not drawn.
        start, end = int(span.start.timestamp()), int(span.end.timestamp())
        lines.append(f"    {span.label} :done, {start}, {max(end, start + 1)}")
    last = int(block.spans[-1].end.timestamp())
    return "\n".join([*lines, f"    {block.ending} :milestone, {last}, {last}", "```"])


def _table(block: Table) -> str:
    rows = [tuple(map(str, row)) for row in (block.headings, *block.rows[:MAX_ROWS])]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(block.headings))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    rest = len(block.rows) - MAX_ROWS
    return "\n".join(lines) + (f"\n\n… and {rest:,} more rows: see the statement." if rest > 0 else "")


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (escape(cell) + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _width(text: str) -> int:
    """Columns of a terminal: the escapes are taken out there, and signs are two columns wide."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in " ".join(text.split()))
