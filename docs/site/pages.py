"""Lays out the pages of the site: the Markdown of this repository, with links that leave it pointing at its host.

python docs/site/pages.py FOLDER      then: mkdocs build --config-file docs/site/mkdocs.yml --strict

Nothing is written twice: a page of the site is a file that is read in the repository, too. A relative link to nothing
is an error that names its page. Standard library only.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "https://github.com/org/mlops-actions/blob/main"
PAGES = {
    "README.md": "index.md",
    "docs/statistics.md": "statistics.md",
    "docs/cookbook.md": "cookbook.md",
    "docs/local-testing.md": "local-testing.md",
    "docs/closed-networks.md": "closed-networks.md",
    "docs/registry.md": "registry.md",
    "docs/registry-layout.md": "registry-layout.md",
    "docs/clouds.md": "clouds.md",
    "SECURITY.md": "security.md",
    "container/README.md": "container.md",
    "benchmarks/RESULTS.md": "measured.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
GLOBS = {"actions/*/README.md": "actions", "examples/*/README.md": "examples", "docs/decisions/*.md": "decisions"}
_LINK = re.compile(r"(?P<before>!?\[[^\]\n]*\]\()(?P<target>[^)\s]+)(?P<after>\))")


class BrokenLinkError(Exception):
    """A page links to what is not there."""


def main(folder: Path) -> None:
    """Write every page, and what pages show, below `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    pages = all_pages()
    for source, page in pages.items():
        target = folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rewritten((ROOT / source).read_text(), source, pages), encoding="utf-8")
    for picture in sorted((ROOT / "docs").glob("*.svg")):
        shutil.copy(picture, folder)
    shutil.copy(ROOT / "docs/site/style.css", folder)


def all_pages() -> dict[str, str]:
    """Path in the repository → path in the site."""
    pages = {source: page for source, page in PAGES.items() if (ROOT / source).exists()}
    for file in sorted((ROOT / "docs").glob("*.md")):
        pages.setdefault(f"docs/{file.name}", file.name)
    for pattern, folder in GLOBS.items():
        for file in sorted(ROOT.glob(pattern)):
            name = file.parent.name if file.name == "README.md" else file.stem
            pages[str(file.relative_to(ROOT))] = f"{folder}/{name}.md"
    return pages


def rewritten(text: str, source: str, pages: dict[str, str]) -> str:
    """The page's text with each relative link as the site has it; blocks of code are left alone."""
    blocks = re.split(r"(^ *```.*?^ *```$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(
        block if block.lstrip().startswith("```") else _LINK.sub(lambda match: _linked(match, source, pages), block)
        for block in blocks
    )


def _linked(match: re.Match[str], source: str, pages: dict[str, str]) -> str:
    target, _, anchor = match["target"].partition("#")
    if not target or "://" in target or target.startswith("mailto:"):
        return match[0]
    place = os.path.normpath(Path(source).parent / target)
    found = place if place in pages else f"{place}/README.md"
    if found in pages:
        there = os.path.relpath(pages[found], Path(pages[source]).parent)
    elif place.startswith("docs/") and place.endswith(".svg") and (ROOT / place).exists():
        there = os.path.relpath(Path(place).name, Path(pages[source]).parent)
    elif (ROOT / place).exists():
        there = f"{SOURCE}/{place}"
    else:
        raise BrokenLinkError(f"{source}: there is no {match['target']}")
    return f"{match['before']}{there}{'#' + anchor if anchor else ''}{match['after']}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
