"""From a statement to its page, and from pages to text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
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
    return replace(found, about=_about(statement))


def _about(statement: Statement[Predicate]) -> str:
    """What was judged, when, of which commit and by whom, for who reads a page that was sent on."""
    told = [f"About {statement.name}", f"SHA-256 {statement.sha256[:12]}"]
    if made := statement.predicate.provenance:
        told.append(f"{made.finished.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        told += [f"commit {made.commit[:12]}"] if made.commit else []
        told += [made.actor] if made.actor else []
    return ", ".join(told) + "."
