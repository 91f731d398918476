"""Tables of RESULTS.md that a script writes itself, each between two comments with its name."""

from __future__ import annotations

from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def write_section(name: str, text: str) -> None:
    """Replace what stands between the comments of this name; KeyError where they are missing."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    before, found, rest = RESULTS.read_text(encoding="utf-8").partition(begin)
    _old, closed, after = rest.partition(end)
    if not found or not closed:
        raise KeyError(f"{RESULTS.name} has no section {name!r}")
    RESULTS.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
