"""Tables that a script writes itself, each between two comments with its name: in RESULTS.md, and in README.md."""

from __future__ import annotations

from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
README = Path(__file__).parents[1] / "README.md"


def write_section(name: str, text: str, page: Path = RESULTS) -> None:
    """Replace what stands between the comments of this name; KeyError where they are missing."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _old, closed, after = rest.partition(end)
    if not found or not closed:
        raise KeyError(f"{page.name} has no section {name!r}")
    page.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
