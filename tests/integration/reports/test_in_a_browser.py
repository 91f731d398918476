"""Reports in a real browser, at the width of a phone and of a desk, light and dark."""

from __future__ import annotations

import html
import json
import re
import shutil
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from browser_site import find_browser, run, serving
from evaluations import binary_evaluation, multiclass_evaluation, regression_evaluation
from mlops_actions.evidence import Predicate, Statement
from mlops_actions.reports import to_html
from statements import data_report, promotion, rollout, verdict

WIDTHS = (390, 1280)
REPORTS: dict[str, list[Predicate]] = {
    "binary.html": [binary_evaluation(40)],
    "multiclass.html": [multiclass_evaluation()],
    "regression.html": [regression_evaluation()],
    "train.html": [data_report(), binary_evaluation(4, champion=False), verdict(), rollout(), promotion()],
}


@pytest.fixture(scope="module")
def browser() -> str:
    found = find_browser()
    if found is None:
        pytest.skip("a browser is missing: apt install chromium")
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("site")
    for name, predicates in REPORTS.items():
        statements = [Statement("build/model.joblib", "ab" * 32, one) for one in predicates]
        (folder / name).write_text(to_html(statements))
    shutil.copy(Path(__file__).with_name("inspect.html"), folder)
    with serving(folder) as address:
        yield folder, address


@pytest.fixture(scope="module", params=["light", "dark"])
def looks(
    request: pytest.FixtureRequest,
    browser: str,
    site: tuple[Path, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[dict[str, Any]]:
    """What the browser saw of every report at every width, everything unfolded."""
    asked = urlencode({"report": list(REPORTS), "width": WIDTHS}, doseq=True)
    page = f"{site[1]}/inspect.html?{asked}"
    profile = tmp_path_factory.mktemp("profile")
    window = ("--window-size=1400,1000", "--virtual-time-budget=60000", "--dump-dom")
    document = run(browser, profile, request.param, *window, page)
    found = re.search(r'<pre id="found">(.+?)</pre>', document, re.DOTALL)
    assert found, document[-2000:]
    seen: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    assert [(one["report"], one["asked"]) for one in seen] == [(name, width) for name in REPORTS for width in WIDTHS]
    assert {one["paper"] for one in seen} == {"rgb(255, 255, 255)" if request.param == "light" else "rgb(22, 24, 28)"}
    return seen


def of_all(looks: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """What is not empty of one thing, by report and width."""
    return {f"{one['report']} at {one['asked']}": one[key] for one in looks if one[key]}


def test_nothing_is_wider_than_the_window(looks: list[dict[str, Any]]) -> None:
    assert [one["width"] for one in looks] == [one["asked"] for one in looks]
    assert [one["scroll_width"] for one in looks] == [one["width"] for one in looks]
    assert of_all(looks, "outside") == {}


def test_no_label_lies_on_another(looks: list[dict[str, Any]]) -> None:
    assert of_all(looks, "overlaps") == {}


def test_text_and_lines_stand_out_from_what_is_behind_them(looks: list[dict[str, Any]]) -> None:
    assert of_all(looks, "faint") == {}
    assert of_all(looks, "pale") == {}


def test_nothing_runs_and_nothing_is_fetched(looks: list[dict[str, Any]]) -> None:
    for key in ("scripts", "handlers", "requests"):
        assert of_all(looks, key) == {}


def test_every_picture_has_a_title_and_every_table_a_caption(looks: list[dict[str, Any]]) -> None:
    assert min(one["pictures"] for one in looks) >= 8
    for key in ("untitled", "unnamed", "captions"):
        assert of_all(looks, key) == {}
    assert {one["language"] for one in looks} == {"en"}


def test_headings_are_in_order(looks: list[dict[str, Any]]) -> None:
    for one in looks:
        assert one["headings"][:2] == [1, 2]
        assert all(later <= earlier + 1 for earlier, later in pairwise(one["headings"]))


def test_what_is_folded_or_scrolls_is_reached_by_keyboard(looks: list[dict[str, Any]]) -> None:
    assert min(one["folded"] for one in looks) >= 3
    assert of_all(looks, "unreachable") == {}


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_report_has_a_picture(browser: str, site: tuple[Path, str], tmp_path: Path, width: int, scheme: str) -> None:
    picture = tmp_path / f"report-{width}-{scheme}.png"
    window = (f"--window-size={width},2400", f"--screenshot={picture}")
    run(browser, tmp_path / "profile", scheme, *window, (site[0] / "binary.html").as_uri())
    content = picture.read_bytes()
    assert struct.unpack(">II", content[16:24]) == (width, 2400)
    # A page that is one colour compresses to a few kilobytes.
    assert len(content) > 50_000
