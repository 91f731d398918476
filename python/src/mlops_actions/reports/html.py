"""Pages as one HTML file: no scripts, nothing loaded from elsewhere, light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mlops_actions import __version__
from mlops_actions.reports import scales
from mlops_actions.reports.page import Block, Page, marked, number


def render(pages: Sequence[Page]) -> str:
    """All pages below each other, in the order of the train."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("mlops_actions.reports", folder) for folder in ("templates", "charts")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "marked": marked, "template": _template, "breakable": _breakable}
    environment.globals |= {"scales": scales}
    return environment.get_template("page.html").render(pages=pages, version=__version__)


def _template(block: Block) -> str:
    return f"{type(block).__name__.lower()}.html"


def _breakable(text: str) -> Markup:
    """Text that may go on in the next line after an underscore."""
    return Markup("_<wbr>").join(escape(part) for part in str(text).split("_"))
