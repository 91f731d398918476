"""Statements as people read them."""

from mlops_actions.reports.render import to_html, to_junit, to_markdown

__all__ = ["to_html", "to_junit", "to_markdown"]
