"""A revision that is deployed while another is judged; weights and health are in `tests/kubernetes`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubernetes_answers import Answers, serve
from mlops_actions.canary_deploy.targets import Services, Target, open_target
from mlops_actions.errors import InputError


def service(latest: str, percent: int) -> dict[str, Any]:
    traffic = [{"revisionName": latest, "percent": percent}, {"revisionName": "m-1", "percent": 100 - percent}]
    predictor = {"latestCreatedRevision": latest, "latestReadyRevision": latest, "traffic": traffic}
    return {
        "metadata": {"name": "model", "resourceVersion": "7"},
        "spec": {"predictor": {"canaryTrafficPercent": percent}},
        "status": {"components": {"predictor": predictor}},
    }


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def target() -> Target:
    return open_target("kserve:prod/model", Services("previous", "latest", "/healthz", 1, Path("state")))


def test_a_revision_that_is_deployed_meanwhile_inherits_neither_weight_nor_evidence(kubeconfig: Path) -> None:
    answers = Answers(service("m-2", 0))
    with serve(answers, kubeconfig):
        steered = target()
        steered.prepare()
        answers.held = service("m-2", 20)
        assert steered.weight() == 20
        answers.held = service("m-3", 20)
        with pytest.raises(InputError) as refused:
            steered.weight()
        with pytest.raises(InputError, match="got the revision m-3 while m-2 was judged"):
            steered.set_weight(50, expected=20)
    assert str(refused.value) == (
        "target: the InferenceService 'model' got the revision m-3 while m-2 was judged; what was seen so far is not "
        "about it. Deploy nothing until a rollout has ended, then run a new one."
    )
    assert answers.changes == []


def test_the_traffic_is_taken_back_from_whatever_revision_has_it(kubeconfig: Path) -> None:
    answers = Answers(service("m-2", 0))
    with serve(answers, kubeconfig):
        steered = target()
        steered.reach()
        answers.held = service("m-3", 0) | {"spec": {"predictor": {"canaryTrafficPercent": 20}}}
        steered.set_weight(0)
    assert [change["spec"] for change in answers.changes] == [{"predictor": {"canaryTrafficPercent": 0}}]
