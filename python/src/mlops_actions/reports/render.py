"""From a statement to its page, and from pages to text."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from mlops_actions.evidence.statement import Predicate, Statement
from mlops_actions.reports import markdown
from mlops_actions.reports.page import Page


def to_markdown(statement: Statement[Predicate]) -> str:
    """One statement as a section of a step summary."""
    return markdown.render(_page(statement))


def to_html(statements: Sequence[Statement[Predicate]]) -> str:
    """Statements as one self-contained HTML page."""
    from mlops_actions.reports import html

    return html.render([_page(statement) for statement in statements])


def to_junit(statements: Sequence[Statement[Predicate]]) -> bytes:
    """Statements as JUnit XML."""
    from mlops_actions.reports import junit

    return junit.render(statements)


def _page(statement: Statement[Predicate]) -> Page:
    """Each kind of statement has a module of its name here, with one function `page`."""
    module = import_module(f"mlops_actions.reports.{statement.kind.replace('-', '_')}")
    found = module.page(statement)
    assert isinstance(found, Page)
    return found
