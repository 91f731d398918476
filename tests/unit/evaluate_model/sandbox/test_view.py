"""What a strict sandbox shows of a tree of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.evaluate_model.sandbox.interpreter import Interpreter
from mlops_actions.evaluate_model.sandbox.view import Entry, view_of


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for folder in ("bin", "lib", "data", "src"):
        (tmp_path / "workspace" / folder).mkdir(parents=True)
    (tmp_path / "workspace" / "bin" / "python").touch()
    (tmp_path / "workspace" / "labels.csv").touch()
    return tmp_path / "workspace"


def interpreter(prefix: Path, *search_path: Path) -> Interpreter:
    executable = str(prefix / "bin" / "python")
    return Interpreter("python", "python", executable, (str(prefix),), "3.11.7", tuple(map(str, search_path)))


def shown(entries: list[Entry], below: Path) -> list[tuple[str, str]]:
    return [(one.kind, str(Path(one.path).relative_to(below))) for one in entries if below in Path(one.path).parents]


def test_of_an_environment_made_in_the_workspace_itself_only_its_parts_are_shown(workspace: Path) -> None:
    entries = view_of(interpreter(workspace), [workspace])
    assert shown(entries, workspace.parent) == [("show", "workspace/bin"), ("show", "workspace/lib")]


def test_an_editable_install_is_shown_but_not_a_workspace_that_is_one(workspace: Path) -> None:
    entries = view_of(interpreter(workspace, workspace, workspace.parent, workspace / "src"), [workspace])
    assert ("show", "workspace/src") in shown(entries, workspace.parent)
    assert ("show", "workspace") not in shown(entries, workspace.parent)
    assert not [one for one in entries if one.kind == "show" and Path(one.path) in workspace.parents]


def test_a_workspace_inside_what_is_shown_is_covered_and_its_interpreter_shown_again(workspace: Path) -> None:
    around = workspace.parent / "lib"
    around.mkdir()
    inner = workspace.rename(around / "workspace")
    outer = Interpreter("python", "python", str(inner / "bin/python"), (str(workspace.parent), str(inner)), "3.11.7")
    assert shown(view_of(outer, [inner]), workspace.parent) == [
        ("show", "lib"),
        ("cover", "lib/workspace"),
        ("show", "lib/workspace/bin"),
        ("show", "lib/workspace/lib"),
    ]


def test_links_on_the_way_are_made_again(workspace: Path) -> None:
    (workspace.parent / "link").symlink_to("workspace")
    linked = interpreter(workspace.parent / "link")
    entries = view_of(linked, [workspace])
    assert Entry("link", str(workspace.parent / "link"), "workspace") in entries
    assert ("show", "workspace/bin") in shown(entries, workspace.parent)


def test_links_in_a_circle_end_the_way(workspace: Path) -> None:
    (workspace / "bin" / "python").unlink()
    (workspace / "bin" / "python").symlink_to("python")
    assert ("show", "workspace/bin") in shown(view_of(interpreter(workspace), [workspace]), workspace.parent)


def test_no_home_is_shown_and_no_socket_of_a_service(workspace: Path) -> None:
    paths = {one.path for one in view_of(interpreter(workspace), [workspace]) if one.kind == "show"}
    assert "/usr" in paths
    assert not paths & {"/", "/root", "/home", "/run", "/var", "/tmp", "/etc", "/proc", "/dev", "/sys"}
