"""What a review of a workflow finds, each by one change to a workflow that it finds nothing in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.onboarding.workflow_review import review

COMMIT = "0123456789abcdef0123456789abcdef01234567"
GOOD = f"""\
on: push
permissions: {{}}
concurrency: {{group: release, cancel-in-progress: false}}
jobs:
  release:
    runs-on: ubuntu-24.04
    steps:
      - id: gate
        uses: org/mlops-actions/quality-gate@{COMMIT} # v1.2.3
      - if: steps.gate.outputs.result == 'pass'
        uses: org/mlops-actions/canary-deploy@{COMMIT}
  abort:
    if: always()
    runs-on: ubuntu-24.04
    steps:
      - uses: org/mlops-actions/canary-deploy@{COMMIT}
        with: {{mode: abort}}
"""
CHANGES = {
    "a tag": (
        (f"quality-gate@{COMMIT} # v1.2.3", "quality-gate@v1"),
        [
            "9: v1 can be moved to other code. Pin the commit, with the version as a comment.",
            f"11: {COMMIT[:12]} and v1 are two versions in one workflow. "
            "Use one: statements are written for the next action to read.",
        ],
    ),
    "no rights": (
        ("permissions: {}\n", ""),
        [
            "4: the job 'release' has whatever rights the repository gives by default. "
            "Write `permissions: {}` at the top, and in each job what it needs, such as `contents: read`."
        ],
    ),
    "cancelled": (
        ("cancel-in-progress: false", "cancel-in-progress: true"),
        ["3: a newer run cancels one that may be promoting or moving traffic. Write `cancel-in-progress: false`."],
    ),
    "not fail": (
        ("result == 'pass'", "result != 'fail'"),
        ["10: `!= 'fail'` holds for `inconclusive` and `error` too. Write `== 'pass'`."],
    ),
    "no abort": (
        ("mode: abort", "mode: status"),
        [
            "4: no job takes the traffic back when the canary's job dies. "
            "Add a job with `if: always()` that runs canary-deploy with `mode: abort`."
        ],
    ),
}


def remarks(folder: Path, text: str) -> list[str]:
    path = folder / "release.yml"
    path.write_text(text)
    return [f"{one.where.removeprefix(f'{path}:')}: {one.message} {one.remedy}" for one in review(path)]


def test_a_careful_workflow_has_no_remark(tmp_path: Path) -> None:
    assert remarks(tmp_path, GOOD) == []


@pytest.mark.parametrize("change", CHANGES)
def test_each_trap_is_named_with_its_line_and_its_remedy(tmp_path: Path, change: str) -> None:
    (old, new), expected = CHANGES[change]
    assert old in GOOD
    assert remarks(tmp_path, GOOD.replace(old, new, 1)) == expected


@pytest.mark.parametrize("text", ["on: push\njobs: {a: {steps: [{run: make}]}}\n", "[]\n", "\n", "on: push\njobs:\n"])
def test_a_workflow_without_these_actions_is_none_of_our_business(tmp_path: Path, text: str) -> None:
    assert remarks(tmp_path, text) == []
