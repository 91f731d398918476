"""What a rollout must not forget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.memory import Memory
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, Settings, look, start
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import BY_CLUSTER, Block, Counts, Metric, to_document

SETTINGS = Settings("envoy:127.0.0.1:1", "a:1", "b:2", steps=(5, 20), interval=10, deadline=600)


def begun() -> Rollout:
    metric = Metric(ERRORS, BY_CLUSTER, Counts(1, 100))
    return start("r1", SETTINGS, Candidate("m", "0" * 64, verified=True), [metric], alpha=0.05, now=1.5)


@pytest.mark.parametrize("errors", [1, 40])
def test_a_rollout_comes_back_as_it_was(tmp_path: Path, errors: int) -> None:
    memory = Memory(str(tmp_path), "envoy:127.0.0.1:1")
    rollout = look(begun(), Seen(20.0, 5.0, {ERRORS: Block(Counts(errors, 40), Counts(1, 800))}))
    memory.save(rollout)
    back = memory.load()
    assert back is not None
    assert to_document(back.evidence) == to_document(rollout.evidence)
    for field in ("id", "settings", "candidate", "started", "weights", "step", "seen", "looks", "ending"):
        assert getattr(back, field) == getattr(rollout, field), field


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    assert Memory(str(tmp_path), "envoy:127.0.0.1:1").load() is None


def test_targets_do_not_share_their_memory(tmp_path: Path) -> None:
    Memory(str(tmp_path), "envoy:127.0.0.1:1").save(begun())
    assert Memory(str(tmp_path), "envoy:127.0.0.1:11").load() is None


@pytest.mark.parametrize("content", ["", "{", '{"version": 2}', '{"version": 1, "id": "x"}'])
def test_a_damaged_file_is_named_and_not_guessed_at(tmp_path: Path, content: str) -> None:
    memory = Memory(str(tmp_path), "t")
    memory.save(begun())
    (memory.folder / "rollout.json").write_text(content)
    with pytest.raises(InputError, match=r"rollout\.json: the state of the rollout cannot be read"):
        memory.load()


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ({"weights": []}, "weights: Tuple should have at least 1 item"),
        ({"weights": [5, 101]}, "weights.1: Input should be less than or equal to 100"),
        ({"weights": [0]}, "it: a rollout that goes on cannot have the weight 0 %"),
        ({"step": 2}, r"it: step 3 of \(5.0, 20.0\) cannot be"),
        ({"settings": {"interval": 0}}, "it: interval and deadline are above 0"),
        ({"settings": {"steps": [5, 100]}}, r"it: step 1 of \(5.0, 100.0\) cannot be"),
        ({"evidence": {"metrics": [{"promotes": False}]}}, "at least one metric has to be shown to be good enough"),
        ({"evidence": {"metrics": [{"dispersion": [3.0, "assumed", "many"]}]}}, "`dispersion` holds 'many'"),
    ],
)
def test_a_file_that_no_rollout_wrote_is_refused(tmp_path: Path, edit: dict[str, Any], told: str) -> None:
    memory = Memory(str(tmp_path), "t")
    memory.save(begun())
    file = memory.folder / "rollout.json"
    file.write_text(json.dumps(edited(json.loads(file.read_text()), edit)))
    with pytest.raises(InputError, match=rf"rollout\.json: .*{told}"):
        memory.load()


def edited(document: Any, edit: Any) -> Any:
    """The document with some of its parts replaced, however deep."""
    if isinstance(edit, dict):
        return document | {key: edited(document[key], value) for key, value in edit.items()}
    if isinstance(edit, list) and edit and isinstance(edit[0], dict):
        return [edited(document[0], edit[0])]
    return edit


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    memory = Memory(str(tmp_path), "t")
    refused = pytest.raises(OutsideError, match="another rollout on this target is running, by process [0-9]+")
    with memory.lock(), refused, memory.lock():
        pytest.fail("both held the lock")


def test_a_lock_is_free_again_after_its_run(tmp_path: Path) -> None:
    memory = Memory(str(tmp_path), "t")
    with memory.lock():
        first = (memory.folder / "lock").read_text()
    with memory.lock():
        assert (memory.folder / "lock").read_text() == first


def test_an_abort_is_asked_for_once(tmp_path: Path) -> None:
    memory = Memory(str(tmp_path), "t")
    memory.ask_to_abort()
    assert memory.asked_to_abort()
    memory.forget_abort()
    memory.forget_abort()
    assert not memory.asked_to_abort()


def test_a_state_folder_that_cannot_be_written_is_an_error_of_the_outside(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="state folder"), Memory(str(tmp_path / "file"), "t").lock():
        pass
