"""Pages as one HTML file: no scripts, nothing loaded from elsewhere, light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from mlops_actions import __version__
from mlops_actions.reports import scales
from mlops_actions.reports.page import Block, Page, interval, marked, number


def render(pages: Sequence[Page]) -> str:
    """All pages below each other, in the order of the train."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("mlops_actions.reports", folder) for folder in ("templates", "charts")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "marked": marked, "template": _template}
    environment.globals |= {"interval": interval, "axis_of": scales.axis_of, "timeline_of": scales.timeline_of}
    return environment.get_template("page.html").render(pages=pages, version=__version__)


def _template(block: Block) -> str:
    return f"{type(block).__name__.lower()}.html"
