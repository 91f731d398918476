"""A rollout that is remembered in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.memory.folder import FolderMemory
from mlops_actions.errors import OutsideError


def test_a_lock_is_free_again_after_its_run(tmp_path: Path) -> None:
    memory = FolderMemory(tmp_path)
    with memory.lock():
        first = (tmp_path / "lock").read_text()
    with memory.lock():
        assert (tmp_path / "lock").read_text() == first


def test_a_second_run_is_told_the_first_ones_process(tmp_path: Path) -> None:
    memory = FolderMemory(tmp_path)
    refused = pytest.raises(OutsideError, match="another rollout on this target is running, by process [0-9]+")
    with memory.lock(), refused, memory.lock():
        pytest.fail("both held the lock")


def test_a_folder_that_cannot_be_written_is_an_error_of_the_outside(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="state folder"), FolderMemory(tmp_path / "file" / "t").lock():
        pass


def test_a_request_that_cannot_be_read_is_an_error_of_the_outside(tmp_path: Path) -> None:
    (tmp_path / "request").mkdir()
    with pytest.raises(OutsideError, match=r"the request '.*/request' cannot be read: Is a directory\."):
        FolderMemory(tmp_path).asked()
