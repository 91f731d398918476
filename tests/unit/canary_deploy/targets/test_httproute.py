"""Weights of a route as others have written them; the real gateway is in `tests/kubernetes`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubernetes_answers import Answers, serve
from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import InputError, OutsideError


def route(*weights: int | None, third: int | None = None) -> dict[str, Any]:
    names = ("model-v1", "model-v2")
    given = [*zip(names, weights, strict=False), *([("model-v0", third)] if third is not None else [])]
    refs = [{"name": name, "port": 80} | ({} if weight is None else {"weight": weight}) for name, weight in given]
    status = {"parents": [{"conditions": [{"type": "Accepted", "status": "True", "observedGeneration": 1}]}]}
    return {
        "metadata": {"resourceVersion": "7", "generation": 1},
        "spec": {"rules": [{"backendRefs": refs}]},
        "status": status,
    }


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def target(folder: Path) -> Any:
    return open_target("httproute:prod/model", Services("model-v1:80", "model-v2:80", "/healthz", 1, folder))


@pytest.mark.parametrize(
    ("found", "percent"),
    [
        (route(3, 1), 25),
        (route(600, 200), 25),
        (route(None, None), 50),
        (route(7, 0), 0),
        (route(0, 7), 100),
        (route(60, 20, third=20), 20),
    ],
)
def test_weights_that_do_not_sum_to_100_are_shares_of_their_sum(
    kubeconfig: Path, found: dict[str, Any], percent: float
) -> None:
    with serve(Answers(found), kubeconfig):
        assert target(kubeconfig.parent).weight() == percent


def test_weights_of_a_stable_service_alone_are_made_percentages(kubeconfig: Path) -> None:
    answers = Answers(route(7))
    with serve(answers, kubeconfig):
        target(kubeconfig.parent).prepare()
    (change,) = answers.changes
    assert [ref["weight"] for ref in change["spec"]["rules"][0]["backendRefs"]] == [100, 0]
    assert change["metadata"]["resourceVersion"] == "7"


def test_a_third_service_that_gets_traffic_is_refused_and_nothing_is_changed(kubeconfig: Path) -> None:
    answers = Answers(route(60, 0, third=20))
    with serve(answers, kubeconfig), pytest.raises(InputError, match="already sends traffic to model-v0:80"):
        target(kubeconfig.parent).prepare()
    assert answers.changes == []


def test_a_third_service_that_came_later_keeps_a_weight_from_being_confirmed_but_no_roll_back(
    kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_actions.canary_deploy.targets.weights.follow.__defaults__", (0.05,))
    with serve(Answers(route(95, 5, third=100)), kubeconfig):
        moved = target(kubeconfig.parent)
        with pytest.raises(OutsideError, match=r"stays at 10 % instead of 20 %"):
            moved.set_weight(20)
        moved.set_weight(0)
        assert moved.weight() == 0


def test_rules_that_split_unequally_are_no_weight(kubeconfig: Path) -> None:
    found = route(90, 10)
    found["spec"]["rules"] += route(80, 20)["spec"]["rules"]
    with serve(Answers(found), kubeconfig), pytest.raises(OutsideError, match=r"split unequally: \[10.0, 20.0\] %"):
        target(kubeconfig.parent).weight()
