"""The documentation as a site: whole, with every page reached, and readable in a real browser at two widths."""

from __future__ import annotations

import html
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from browser_site import find_browser, run, serving
from harness.checkout import ROOT, export

SEEN = ("index", "statistics", "cookbook", "measured", "actions/evaluate-model", "examples/flight-delay")
FRAME = """<!doctype html><meta charset="utf-8">
<iframe id="frame" sandbox="allow-same-origin" style="border:0;height:900px"></iframe>
<pre id="found"></pre><script>
(async () => {
  const found = [], frame = document.getElementById("frame");
  for (const page of PAGES) for (const width of [390, 1280]) {
    frame.style.width = `${width}px`;
    await new Promise(done => { frame.onload = done; frame.src = page; });
    const root = frame.contentDocument.documentElement;
    found.push({
      page, width, scroll: root.scrollWidth, words: root.querySelector("article").innerText.split(/\\s+/).length,
      elsewhere: frame.contentWindow.performance.getEntriesByType("resource").map(one => one.name)
        .filter(one => !one.startsWith(location.origin)),
    });
  }
  document.getElementById("found").textContent = JSON.stringify(found);
})();
</script>"""


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    specification = importlib.util.spec_from_file_location("pages", ROOT / "docs/site/pages.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The site, built from a copy of this working tree; a broken link or anchor ends the build."""
    tree = export(tmp_path_factory.mktemp("docs") / "mlops-actions")
    subprocess.run([sys.executable, "docs/site/pages.py", "build/pages"], cwd=tree, check=True)
    build = [os.environ["MKDOCS"], "build", "--quiet", "--config-file", "docs/site/mkdocs.yml", "--strict"]
    done = subprocess.run(build, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tree / "build/site"
    addresses = [f"/{'' if page == 'index' else f'{page}/'}" for page in SEEN]
    (folder / "frame.html").write_text(FRAME.replace("PAGES", json.dumps(addresses)))
    with serving(folder) as address:
        yield folder, address


def test_every_page_is_reached_from_the_menu(pages: ModuleType) -> None:
    text = (ROOT / "docs/site/mkdocs.yml").read_text()
    reached = set(re.findall(r": (\S+\.md)$", text, re.MULTILINE))
    assert yaml.safe_load(text)["strict"] is True
    listed = {page for page in pages.all_pages().values() if not page.startswith("decisions/")}
    assert listed == reached


def test_a_link_to_nothing_names_its_page(pages: ModuleType) -> None:
    with pytest.raises(pages.BrokenLinkError, match=r"README.md: there is no docs/gone.md"):
        pages.rewritten("[x](docs/gone.md)", "README.md", pages.all_pages())


def test_links_inside_stay_inside_and_others_go_to_the_repository(pages: ModuleType) -> None:
    known = pages.all_pages()
    assert pages.rewritten("[a](actions/quality-gate)", "README.md", known) == "[a](actions/quality-gate.md)"
    assert pages.rewritten("[s](../../SECURITY.md#keys)", "examples/gitlab/README.md", known) == (
        "[s](../security.md#keys)"
    )
    assert pages.rewritten("[l](LICENSE)", "README.md", known) == f"[l]({pages.SOURCE}/LICENSE)"
    assert pages.rewritten("```\n[l](gone)\n```", "README.md", known) == "```\n[l](gone)\n```"


def test_pages_fit_a_phone_and_a_desk(site: tuple[Path, str], tmp_path: Path) -> None:
    browser = find_browser()
    assert browser, "a browser is missing: apt install chromium"
    window = ("--window-size=1400,1000", "--virtual-time-budget=20000", "--dump-dom")
    document = run(browser, tmp_path / "profile", "light", *window, f"{site[1]}/frame.html")
    found = re.search(r'<pre id="found">(.+?)</pre>', document, re.DOTALL)
    assert found, document[-2000:]
    seen: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    assert len(seen) == 2 * len(SEEN)
    assert [(one["page"], one["scroll"]) for one in seen] == [(one["page"], one["width"]) for one in seen]
    assert min(one["words"] for one in seen) > 200
    assert [one["elsewhere"] for one in seen if one["elsewhere"]] == []


def test_no_page_asks_another_server_for_anything(site: tuple[Path, str]) -> None:
    fetched = re.compile(
        r"""<(?:script|img|iframe|link rel="?(?:stylesheet|icon|preload)"?)[^>]*(?:src|href)=["']?https?:"""
    )
    asked = [str(page) for page in site[0].rglob("*.html") if fetched.search(page.read_text())]
    assert asked == []
    # The theme asks a repository's host for its stars where it knows a repository.
    assert "data-md-component=source" not in (site[0] / "index.html").read_text().replace('"', "")


def test_a_search_finds_what_the_site_is_about(site: tuple[Path, str]) -> None:
    index = json.loads((site[0] / "search/search_index.json").read_text())
    text = " ".join(one["text"] for one in index["docs"])
    assert all(word in text for word in ("non-inferiority", "canary", "cluster", "champion"))
