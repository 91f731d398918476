"""What is said of what Kubernetes forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubernetes_answers import Answers, serve
from mlops_actions.canary_deploy.kubernetes_api import KubernetesApi
from mlops_actions.errors import InputError


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def test_a_token_that_may_only_read_is_told_the_verbs_that_it_needs(kubeconfig: Path) -> None:
    answers = Answers({"spec": {}}, verbs=("GET",))
    with serve(answers, kubeconfig):
        api = KubernetesApi()
        assert api.read("/apis/route") == {"spec": {}}
        with pytest.raises(InputError, match=re.escape("target: Kubernetes forbids us to patch /apis/route: ")) as told:
            api.patch("/apis/route", {"spec": {"rules": []}})
    assert str(told.value) == (
        'target: Kubernetes forbids us to patch /apis/route: User "ci" cannot patch resource "httproutes". '
        "A Role with the verbs get and patch on this one object is enough."
    )
    assert answers.changes == []


def test_a_token_that_may_nothing_is_told_the_same(kubeconfig: Path) -> None:
    with serve(Answers({}, verbs=()), kubeconfig), pytest.raises(InputError, match="forbids us to get /apis/route"):
        KubernetesApi().read("/apis/route")
