"""A real HTTPRoute, obeyed by a real gateway, changed by an account that may do what the guide's Role lets it."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from canary_site import Backend, free_port, until
from guide import shown, shown_all
from kubernetes_site import GATEWAY, RBAC, Cluster
from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.metrics import MetricSource, open_metrics
from mlops_actions.canary_deploy.targets import Services, Target, open_target
from mlops_actions.errors import InputError, OutsideError
from target_contract import TargetContract, expect_share
from target_site import TIME_LIMIT, TargetSite, Users, ask

ROOT = Path(__file__).parents[2]
SECTION = "`httproute:` Kubernetes Gateway API"


class HttpRouteSite(TargetSite):
    """The guide's route and Role; Traefik is controller and proxy in one."""

    # A gateway says that it has observed a change before its traffic follows.
    lag = 0.5

    def __init__(self, folder: Path, kubernetes: Cluster) -> None:
        super().__init__(folder, kubernetes.host)
        self.kubernetes = kubernetes
        self.stack = ExitStack()
        found = subprocess.run([ROOT / ".ci/tool", "traefik"], capture_output=True, text=True, check=True)
        self.traefik = found.stdout.strip()
        kubernetes.serve("model-v1", self.stable.address)
        kubernetes.serve("model-v2", self.candidate.address)
        step, route, role = shown_all(SECTION, "yaml", {"namespace: prod": "namespace: default", ":prod/": ":default/"})
        (self.step,) = yaml.safe_load(step)
        self.route = yaml.safe_load(route)
        kubernetes.apply(self.route)
        kubernetes.apply(yaml.safe_load(role))
        kubernetes.apply({
            "apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": "canary"},
            "subjects": [{"kind": "User", "name": "ci"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "canary"},
        })  # fmt: skip
        replaced = {"traefik.example:8082": f"{kubernetes.host}:{kubernetes.metrics_port}", "svc-prod": "svc-default"}
        (folder / "counts.sh").write_text(shown(SECTION, "sh", replaced))
        (folder / "counts.sh").chmod(0o755)

    @property
    def address(self) -> str:
        return f"{self.kubernetes.host}:{self.kubernetes.gateway_port}"

    @property
    def names(self) -> tuple[str, str]:
        return self.step["with"]["stable"], self.step["with"]["candidate"]

    @property
    def location(self) -> str:
        return str(self.step["with"]["target"])

    def source(self) -> MetricSource:
        return open_metrics(self.target(), f"exec:{self.folder}/counts.sh", self.services())

    def inputs(self, **given: Any) -> Inputs:
        return super().inputs(**{"metrics_source": f"exec:{self.folder}/counts.sh"} | given)

    def start(self) -> None:
        self.stack.enter_context(self.kubernetes.gateway(self.traefik))
        until(lambda: bool({"stable", "candidate"} & set(ask(self.address, 1))), 60)

    def stop(self) -> None:
        self.stack.close()

    def close(self) -> None:
        super().close()
        self.kubernetes.delete(self.route)

    def change(self, stable: int, candidate: int) -> None:
        refs = [
            {"name": "model-v1", "port": 80, "weight": stable},
            {"name": "model-v2", "port": 80, "weight": candidate},
        ]
        path = f"/apis/{GATEWAY}/namespaces/default/httproutes/model"
        self.kubernetes.merge(path, {"spec": {"rules": [{"backendRefs": refs}]}})

    def set_by_hand(self, percent: float) -> None:
        self.change(100 - round(percent), round(percent))

    def weights(self) -> list[tuple[str, int]]:
        found = self.kubernetes.ask("GET", f"/apis/{GATEWAY}/namespaces/default/httproutes/model")
        return [(ref["name"], ref["weight"]) for ref in found["spec"]["rules"][0]["backendRefs"]]


@pytest.fixture
def site(kubernetes: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpRouteSite]:
    monkeypatch.setenv("KUBECONFIG", str(kubernetes.kubeconfig("ci")))
    made = HttpRouteSite(tmp_path, kubernetes)
    try:
        made.start()
        yield made
    finally:
        made.close()


class TestHttpRoute(TargetContract):
    """By the API server."""

    def test_a_program_that_is_gone_is_an_error_of_the_outside(self, site: TargetSite) -> None:
        """The API server, which is what we talk to."""
        assert isinstance(site, HttpRouteSite)
        gone = f"https://127.0.0.1:{free_port()}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KUBECONFIG", str(site.kubernetes.kubeconfig("ci", server=gone)))
            for ask_it in (site.target().weight, site.target().reach, lambda: site.target().set_weight(5)):
                with pytest.raises(OutsideError, match=f"the API server {gone} does not answer: Connection refused"):
                    ask_it()


def test_a_whole_rollout_is_promoted_by_an_account_that_may_do_nothing_else(site: HttpRouteSite) -> None:
    with Users(site.address, rate=150) as users:
        until(lambda: users.answers["stable"] > 20)
        rollout = run(site.inputs()).predicate
    assert (rollout.result, rollout.outcome, rollout.identity) == ("pass", "promoted", "verified"), rollout.reasons
    assert site.weights() == [("model-v1", 0), ("model-v2", 100)]
    assert set(users.answers) == {"stable", "candidate"}, users.answers


def test_an_abort_needs_no_source_of_metrics(site: HttpRouteSite) -> None:
    target = site.target()
    target.prepare()
    target.set_weight(20)
    run(site.inputs(mode="abort", metrics_source=None))
    assert site.weights() == [("model-v1", 100), ("model-v2", 0)]


def test_the_next_rollout_lets_go_of_the_service_before_the_last(site: HttpRouteSite) -> None:
    site.change(0, 100)
    third = Backend(says="third", host=site.kubernetes.host)
    try:
        site.kubernetes.serve("model-v3", third.address)
        services = Services("model-v2:80", "model-v3:80", "/healthz", TIME_LIMIT, site.folder)
        target = open_target(site.location, services)
        target.prepare()
        assert site.weights() == [("model-v2", 100), ("model-v3", 0)]
        target.set_weight(100)
        until(lambda: ask(site.address, 5)["third"] == 5)
    finally:
        third.close()


def test_two_who_change_it_at_once_do_not_overwrite_each_other(site: HttpRouteSite) -> None:
    """Of many that start from the same weight exactly one gets through, each time."""
    site.target().prepare()
    for before, after in ((0, 10), (10, 20)):
        done: list[int] = []

        def step(number: int, before: int = before, after: int = after, done: list[int] = done) -> None:
            try:
                site.target().set_weight(after + number, expected=before)
                done.append(number)
            except OutsideError as error:
                assert f"instead of {before} %: somebody else changed it" in error.message

        threads = [threading.Thread(target=step, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 1
        assert site.target().weight() == after + done[0]
        site.target().set_weight(after)


def test_a_gateway_that_does_not_follow_is_said(site: HttpRouteSite, monkeypatch: pytest.MonkeyPatch) -> None:
    target = site.target()
    target.prepare()
    site.stop()
    monkeypatch.setattr("mlops_actions.canary_deploy.targets.httproute._GATEWAY_LIMIT", 0.3)
    with pytest.raises(
        OutsideError, match=r"did not take over the change \(its gateway has not observed it\) within 0\.3"
    ):
        target.set_weight(20)


def test_a_candidate_whose_service_is_not_there_gets_no_traffic(site: HttpRouteSite) -> None:
    services = Services("model-v1:80", "model-v9:80", "/healthz", TIME_LIMIT, site.folder)
    target = open_target(site.location, services)
    assert target.probe("candidate").detail == "status 404"
    with pytest.raises(InputError, match=r"the gateway refuses the HTTPRoute 'model': BackendNotFound: "):
        target.prepare()
    assert ask(site.address, 20) == {"stable": 20}


def test_a_stable_service_that_the_route_does_not_have_is_said(site: HttpRouteSite) -> None:
    services = Services("model-v7:80", "model-v2:80", "/healthz", TIME_LIMIT, site.folder)
    said = r"no rule of the HTTPRoute 'model' leads to the Service 'model-v7:80'; they lead to model-v1:80\. Give the"
    with pytest.raises(InputError, match=said):
        open_target(site.location, services).prepare()


def test_a_route_that_already_leads_elsewhere_is_refused(site: HttpRouteSite) -> None:
    site.change(60, 40)
    with pytest.raises(
        InputError, match=r"the HTTPRoute 'model' already sends traffic to model-v2:80\. After a promotion"
    ):
        site.target().prepare()
    assert site.weights() == [("model-v1", 60), ("model-v2", 40)]


def test_another_rule_is_left_alone_and_both_of_ours_are_changed(site: HttpRouteSite) -> None:
    ours = {"backendRefs": [{"name": "model-v1", "port": 80}]}
    other = {"matches": [{"path": {"value": "/docs"}}], "backendRefs": [{"name": "docs", "port": 80}]}
    path = f"/apis/{GATEWAY}/namespaces/default/httproutes/model"
    site.kubernetes.serve("docs", site.stable.address)
    rules = [{"matches": [{"path": {"value": "/v2"}}], **ours}, other, ours]
    site.kubernetes.merge(path, {"spec": {"rules": rules}})
    target = site.target()
    target.prepare()
    target.set_weight(30)
    found = site.kubernetes.ask("GET", path)["spec"]["rules"]
    assert [[ref["weight"] for ref in rule["backendRefs"]] for rule in found] == [[70, 30], [1], [70, 30]]
    expect_share(site, 30)


@pytest.mark.parametrize(
    ("user", "cluster", "said"),
    [
        (
            "reader",
            {},
            "Kubernetes forbids us to get /apis/gateway.*A Role with the verbs get and patch on this one object",
        ),
        ("nobody", {}, "does not know us: the token or certificate is wrong or expired"),
        (
            "ci",
            {"certificate-authority": None},
            r"does not answer: its certificate is not trusted \(self-signed certificate\)",
        ),
    ],
)
def test_who_is_not_let_in_is_told_why(
    site: HttpRouteSite, monkeypatch: pytest.MonkeyPatch, user: str, cluster: dict[str, str | None], said: str
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(site.kubernetes.kubeconfig(user, **cluster)))
    with pytest.raises((InputError, OutsideError), match=said):
        site.target().weight()
    assert not site.target().probe("candidate").healthy


def test_a_token_that_may_only_read_leaves_the_traffic_as_it_was(
    site: HttpRouteSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.target().prepare()
    site.kubernetes.apply({
        "apiVersion": RBAC, "kind": "Role", "metadata": {"name": "reading"},
        "rules": [{"apiGroups": ["gateway.networking.k8s.io"], "resources": ["httproutes"], "verbs": ["get"]}],
    })  # fmt: skip
    site.kubernetes.apply({
        "apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": "reading"},
        "subjects": [{"kind": "User", "name": "reader"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reading"},
    })  # fmt: skip
    monkeypatch.setenv("KUBECONFIG", str(site.kubernetes.kubeconfig("reader")))
    reading: Target = site.target()
    assert reading.weight() == 0
    with pytest.raises(InputError, match="Kubernetes forbids us to patch /apis/gateway.* cannot patch resource"):
        reading.set_weight(20)
    assert site.weights() == [("model-v1", 100), ("model-v2", 0)]
    assert reading.probe("candidate").detail == "we may not get services/proxy of 'model-v2'"


def test_a_route_that_is_not_there_is_named(site: HttpRouteSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(site.kubernetes.kubeconfig("admin")))
    with pytest.raises(InputError, match=r'httproutes\.gateway\.networking\.k8s\.io "other" not found'):
        open_target("httproute:default/other", site.services()).weight()
