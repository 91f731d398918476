"""A real InferenceService in a real API server.

What KServe's controller does with it, by way of Knative, is played by the test: it writes the status that KServe
documents, and no more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

from canary_site import until
from guide import shown
from kubernetes_site import RBAC, Cluster, path_of
from mlops_actions.canary_deploy.metrics import open_metrics
from mlops_actions.canary_deploy.targets import Services, Target, open_target
from mlops_actions.errors import InputError, OutsideError

READY = [{"type": "PredictorReady", "status": "True"}, {"type": "PredictorRouteReady", "status": "True"}]


class Controller:
    """Gives the latest revision what canaryTrafficPercent says, and the revision before the rest."""

    def __init__(self, kubernetes: Cluster) -> None:
        self.kubernetes = kubernetes
        self.service: dict[str, Any] = yaml.safe_load(
            shown("`kserve:` KServe", "yaml", {"namespace: prod": "namespace: default"})
        )
        self.path = path_of(self.service)
        self.latest = "model-predictor-00002"
        self.obeys = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._reconcile)

    def __enter__(self) -> Self:
        self.kubernetes.apply(self.service)
        self._thread.start()
        until(lambda: "status" in self.read())
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.kubernetes.delete(self.service)

    def read(self) -> Any:
        return self.kubernetes.ask("GET", self.path)

    def _reconcile(self) -> None:
        seen = None
        while not self._stop.wait(0.02):
            found = self.read()
            if self.obeys and (found["metadata"]["generation"], self.latest) != seen:
                seen = (found["metadata"]["generation"], self.latest)
                self.tell(found["spec"]["predictor"].get("canaryTrafficPercent", 100))

    def tell(self, percent: int, **more: Any) -> None:
        """Write the status."""
        traffic = [
            {"latestRevision": True, "percent": percent, "revisionName": self.latest},
            {"latestRevision": False, "percent": 100 - percent, "revisionName": "model-predictor-00001", "tag": "prev"},
        ]
        predictor = {
            "latestCreatedRevision": "model-predictor-00002", "latestReadyRevision": self.latest,
            "previousRolledoutRevision": "model-predictor-00001", "traffic": traffic,
        }  # fmt: skip
        status = {"conditions": READY, "components": {"predictor": predictor}, "deploymentMode": "Serverless"} | more
        self.kubernetes.merge(f"{self.path}/status", {"status": status})


@pytest.fixture
def controller(kubernetes: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    kubernetes.apply({
        "apiVersion": RBAC, "kind": "Role", "metadata": {"name": "kserve"},
        "rules": [{"apiGroups": ["serving.kserve.io"], "resources": ["inferenceservices"], "resourceNames": ["model"],
                   "verbs": ["get", "patch"]}],
    })  # fmt: skip
    kubernetes.apply({
        "apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": "kserve"},
        "subjects": [{"kind": "User", "name": "ci"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "kserve"},
    })  # fmt: skip
    monkeypatch.setenv("KUBECONFIG", str(kubernetes.kubeconfig("ci")))
    with Controller(kubernetes) as made:
        yield made


def target(stable: str = "previous", candidate: str = "latest") -> Target:
    return open_target("kserve:default/model", Services(stable, candidate, "/healthz", 8, Path("state")))


def test_weights_are_set_and_read_back_from_the_status(controller: Controller) -> None:
    steered = target("model-predictor-00001", "model-predictor-00002")
    steered.prepare()
    assert steered.weight() == 0
    for percent in (5, 20, 100, 0):
        steered.set_weight(percent)
        assert controller.read()["spec"]["predictor"]["canaryTrafficPercent"] == percent
        assert target().weight() == percent


def test_a_status_that_never_follows_is_an_error(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_actions.canary_deploy.targets.kserve._FOLLOW_LIMIT", 0.3)
    controller.obeys = False
    with pytest.raises(OutsideError, match=r"the weight of kserve:default/model stays at 0 % instead of 20 %\."):
        target().set_weight(20)


def test_a_weight_that_somebody_else_set_is_not_overwritten(controller: Controller) -> None:
    steered = target()
    steered.set_weight(20, expected=0)
    controller.kubernetes.merge(controller.path, {"spec": {"predictor": {"canaryTrafficPercent": 77}}})
    until(lambda: steered.weight() == 77)
    with pytest.raises(OutsideError, match="is 77 % instead of 20 %: somebody else changed it"):
        steered.set_weight(50, expected=20)
    assert controller.read()["spec"]["predictor"]["canaryTrafficPercent"] == 77


def test_of_many_who_start_from_the_same_weight_one_gets_through(controller: Controller) -> None:
    done: list[int] = []

    def step(percent: int) -> None:
        try:
            target().set_weight(percent, expected=0)
            done.append(percent)
        except OutsideError as error:
            assert "somebody else changed it" in error.message or "stays at" in error.message

    threads = [threading.Thread(target=step, args=(percent,)) for percent in (10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert target().weight() == done[0]


def test_the_digest_is_an_annotation_and_health_a_condition(controller: Controller) -> None:
    found = target().probe("candidate")
    assert found.healthy
    assert found.sha256 == "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert target().probe("stable").healthy
    controller.obeys = False
    controller.tell(0, conditions=[{"type": "PredictorReady", "status": "False"}])
    assert target().probe("candidate").detail == "PredictorReady is False"
    assert target().probe("stable").detail == "PredictorRouteReady is not told"


def test_a_new_revision_that_is_not_ready_is_no_candidate(controller: Controller) -> None:
    controller.latest = "model-predictor-00001"
    until(lambda: not target().probe("candidate").healthy)
    assert target().probe("candidate").detail == "its revision model-predictor-00002 is not ready"
    with pytest.raises(
        InputError, match="has no two revisions to split between: its traffic goes to model-predictor-00001"
    ):
        target().prepare()


def test_what_splits_no_traffic_is_refused(controller: Controller) -> None:
    controller.obeys = False
    controller.tell(0, deploymentMode="RawDeployment")
    with pytest.raises(InputError, match=r"in the mode RawDeployment, where KServe splits no traffic\. Use httproute:"):
        target().prepare()


def test_another_revision_than_was_named_is_refused(controller: Controller) -> None:
    said = "the input 'candidate' is 'model-predictor-00007'; for the InferenceService 'model' it is latest or model-"
    with pytest.raises(InputError, match=said):
        target(candidate="model-predictor-00007").prepare()


def test_a_model_that_would_get_all_traffic_at_once_is_refused(controller: Controller) -> None:
    controller.obeys = False
    controller.kubernetes.merge(controller.path, {"spec": {"predictor": {"canaryTrafficPercent": None}}})
    with pytest.raises(
        InputError, match=r"has no canaryTrafficPercent: 0, so that its next model would get all traffic"
    ):
        target().prepare()
    controller.tell(100)
    with pytest.raises(
        InputError, match=r"already sends 100 % of the traffic to its candidate\. Deploy a new model with"
    ):
        target().prepare()


def test_it_counts_nothing_by_itself(controller: Controller) -> None:
    with pytest.raises(InputError, match=r"kserve:default/model has no counters of its own\. Give 'metrics-source'"):
        open_metrics(target(), None, Services("previous", "latest", "/", 1, Path("state")))
