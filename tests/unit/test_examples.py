"""Every workflow that somebody may copy is run by a test, which names its example and file, or says here why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(path for path in (ROOT / "examples").rglob("*.yml") if path.parent.name == "workflows")
TESTS = {
    path: path.read_text()
    for folder in ("docker", "e2e", "gitlab")
    for path in (ROOT / "tests" / folder).glob("test_*.py")
}
NOT_RUN = {
    "pull-request/comment.yml": "It begins when another workflow has ended, which act does not know, and asks GitHub "
    "itself by `gh`. What it comments is tested in tests/unit/test_comment.py.",
}


def name(workflow: Path) -> str:
    return f"{workflow.relative_to(ROOT / 'examples').parts[0]}/{workflow.name}"


def runs(test: str, workflow: Path) -> bool:
    example, file = name(workflow).split("/")
    return (f"examples/{example}" in test or f'"{example}"' in test) and file in test


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name)
def test_every_workflow_of_an_example_is_run_by_a_test_or_says_why_not(workflow: Path) -> None:
    running = [path for path, text in TESTS.items() if runs(text, workflow)]
    assert bool(running) != (name(workflow) in NOT_RUN), (
        f"{name(workflow)}: no test runs it, or it is listed for nothing"
    )


def test_what_is_listed_as_not_run_is_there() -> None:
    assert NOT_RUN.keys() <= set(map(name, WORKFLOWS))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=name)
def test_what_releases_is_never_cancelled(workflow: Path) -> None:
    text = workflow.read_text()
    assert "cancel-in-progress: true" not in text
    if "promote-champion@" in text or "canary-deploy@" in text:
        assert "\nconcurrency:" in text


def test_what_each_workflow_may_is_said_with_the_threats() -> None:
    asked: dict[str, dict[str, str]] = {}
    for workflow in WORKFLOWS:
        written = yaml.safe_load(workflow.read_text())
        rights = asked.setdefault(name(workflow).split("/")[0], {})
        assert "permissions" in written, workflow
        for one in (written, *written["jobs"].values()):
            for right, level in (one.get("permissions") or {}).items():
                rights[right] = max(level, rights.get(right, "read"))  # "read" < "write"
    said = {}
    for line in (ROOT / "SECURITY.md").read_text().splitlines():
        for example in re.findall(r"\]\(examples/([\w-]+)\)[,| ]", line.partition("|")[2].partition("|")[0] + " "):
            said[example] = dict(re.findall(r"`([\w-]+): (\w+)`", line))
    assert said == asked


def test_every_example_is_in_the_cookbook() -> None:
    cookbook = (ROOT / "docs/cookbook.md").read_text()
    for readme in (ROOT / "examples").glob("*/README.md"):
        assert f"(../examples/{readme.parent.name})" in cookbook, readme
