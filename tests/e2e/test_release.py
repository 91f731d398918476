"""What a release does, tried on this working tree: nothing here publishes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.checkout import ROOT, export, make_repository

DIGEST = "a" * 64
COMMIT = "c" * 40


def release(*arguments: str, checkout: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / ".ci/release", *arguments], cwd=checkout, capture_output=True, text=True, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository that is ready for version 9.8.7."""
    folder = export(tmp_path / "mlops-actions")
    version = folder / "python/src/mlops_actions/__init__.py"
    version.write_text(re.sub(r'__version__ = ".*"', '__version__ = "9.8.7"', version.read_text()))
    changes = folder / "CHANGELOG.md"
    changes.write_text(changes.read_text().replace("## Unreleased", "## Unreleased\n\n## 9.8.7 - 2030-01-01", 1))
    return make_repository(folder, origin="https://github.com/org/mlops-actions")


def test_a_tree_that_is_ready_can_be_released_once(tree: Path) -> None:
    assert release("check", "9.8.7", checkout=tree).stdout == "v9.8.7 can be released\n"
    subprocess.run(["git", "-C", str(tree), "tag", "v9.8.7"], check=True)
    assert release("check", "9.8.7", checkout=tree).stderr == "the tag v9.8.7 is there already; a release never moves\n"


def test_what_does_not_agree_is_refused(tree: Path) -> None:
    assert release("check", "9.8", checkout=tree).stderr == "9.8 is no version such as 1.2.3\n"
    assert release("check", "9.8.8", checkout=tree).stderr.startswith("__version__ is 9.8.7, not 9.8.8; ")
    (tree / "README.md").write_text("changed")
    assert release("check", "9.8.7", checkout=tree).stderr == "the working tree has changes; commit them\n"
    changes = (tree / "CHANGELOG.md").read_text()
    (tree / "CHANGELOG.md").write_text(changes.replace("## 9.8.7", "## 9.8.6"))
    assert release("check", "9.8.7", checkout=tree).stderr.startswith("CHANGELOG.md has nothing under '## 9.8.7'; ")


def test_the_notes_are_the_changelogs_part(tree: Path) -> None:
    notes = release("notes", "9.8.7", checkout=tree).stdout
    assert "The five actions" in notes
    assert "## " not in notes.replace("### ", "")


def test_a_release_names_the_image_by_its_digest_and_main_the_dockerfile() -> None:
    assert "  image: ../Dockerfile\n" in (ROOT / "container/action.yml").read_text()
    released = release("container", f"ghcr.io/org/mlops-actions@sha256:{DIGEST}").stdout
    assert f"  image: docker://ghcr.io/org/mlops-actions@sha256:{DIGEST}\n" in released
    assert "Dockerfile" not in released
    assert release("container", "ghcr.io/org/mlops-actions:v1").stderr.endswith("names no digest\n")


def test_a_release_names_our_actions_by_a_commit_wherever_somebody_may_call_or_copy_them(tree: Path) -> None:
    assert release("pin", "v1", "9.8.7", checkout=tree).stderr == "v1 is no commit\n"
    pinned = release("pin", COMMIT, "9.8.7", checkout=tree)
    assert pinned.returncode == 0, pinned.stderr
    called = [tree / ".github/workflows/release-model.yml", *(tree / "examples").rglob("*.yml")]
    used = [line.strip(" -") for path in called for line in path.read_text().splitlines() if "uses: org/" in line]
    assert len(used) > 20
    assert {line.partition("@")[2] for line in used} == {f"{COMMIT} # v9.8.7"}
    # Then they hold without the exception that our own linting makes for a tag.
    workflows = [path for path in called if path.parent.name == "workflows" and "your-org/" not in path.read_text()]
    zizmor = [
        str(Path(sys.executable).with_name("zizmor")),
        "--offline",
        "--no-config",
        "--quiet",
        *map(str, workflows),
    ]
    done = subprocess.run(zizmor, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_wheel_is_the_same_twice_and_gates_in_an_empty_environment(tmp_path: Path) -> None:
    built = release("wheel", str(tmp_path / "dist"))
    assert built.returncode == 0, built.stderr
    assert sorted(path.suffix for path in (tmp_path / "dist").iterdir()) == [".gz", ".whl"]


def test_the_workflow_publishes_nothing_in_a_dry_run() -> None:
    text = (ROOT / ".github/workflows/release.yml").read_text()
    publish = text[text.index("  publish:\n") :]
    assert "if: ${{ !inputs.dry-run }}" in publish
    before = text[: text.index("  publish:\n")]
    assert not re.search(r"git push|gh release|uv publish", before)
    assert "push=$PUSH" in before
    assert "PUSH: ${{ !inputs.dry-run }}" in before
