"""A rollout as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.memory.document import read_rollout, write_rollout
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, Settings, look, start
from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential import BY_CLUSTER, Block, Counts, Metric, to_document

SETTINGS = Settings("envoy:127.0.0.1:1", "a:1", "b:2", steps=(5, 20), interval=10, deadline=600)


def begun() -> Rollout:
    metric = Metric(ERRORS, BY_CLUSTER, Counts(1, 100))
    return start("r1", SETTINGS, Candidate("m", "0" * 64, verified=True), [metric], alpha=0.05, now=1.5)


@pytest.mark.parametrize("errors", [1, 40])
def test_a_rollout_comes_back_as_it_was(errors: int) -> None:
    rollout = look(begun(), Seen(20.0, 5.0, {ERRORS: Block(Counts(errors, 40), Counts(1, 800))}))
    back = read_rollout(write_rollout(rollout), "here")
    assert to_document(back.evidence) == to_document(rollout.evidence)
    for field in ("id", "settings", "candidate", "started", "weights", "step", "seen", "looks", "ending"):
        assert getattr(back, field) == getattr(rollout, field), field


@pytest.mark.parametrize("content", ["", "{", '{"version": 2}', '{"version": 1, "id": "x"}'])
def test_what_is_damaged_is_named_and_not_guessed_at(content: str) -> None:
    with pytest.raises(InputError, match=r"^rollout\.json: the state of the rollout cannot be read"):
        read_rollout(content.encode(), "rollout.json")


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
def test_what_no_rollout_wrote_is_refused(edit: dict[str, Any], told: str) -> None:
    document = edited(json.loads(write_rollout(begun())), edit)
    with pytest.raises(InputError, match=rf"rollout\.json: .*{told}"):
        read_rollout(json.dumps(document).encode(), "rollout.json")


def edited(document: Any, edit: Any) -> Any:
    """The document with some of its parts replaced, however deep."""
    if isinstance(edit, dict):
        return document | {key: edited(document[key], value) for key, value in edit.items()}
    if isinstance(edit, list) and edit and isinstance(edit[0], dict):
        return [edited(document[0], edit[0])]
    return edit
