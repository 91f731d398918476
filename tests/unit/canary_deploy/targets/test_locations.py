"""How a target is written, and what is said where it is written wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.metrics import open_metrics
from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import InputError

SERVICES = Services("127.0.0.1:1", "127.0.0.1:2", "/healthz", 8.0, Path("state"))


def test_an_address_is_an_embedded_envoy_that_outlives_the_run() -> None:
    target = open_target("envoy:127.0.0.1:8000", SERVICES)
    assert (target.kind, target.capabilities.outlives_run) == ("envoy", True)


def test_an_admin_url_is_an_envoy_of_somebody_else() -> None:
    assert not open_target("envoy:http://127.0.0.1:9901", SERVICES).capabilities.outlives_run


@pytest.mark.parametrize("location", ["envy:127.0.0.1:8000", "127.0.0.1:8000", "", "trafik:x"])
def test_an_unknown_kind_is_refused_with_one_to_write(location: str) -> None:
    with pytest.raises(InputError, match=r"names no known kind of target\. .*envoy:127\.0\.0\.1:8000.* exec:COMMAND"):
        open_target(location, SERVICES)


@pytest.mark.parametrize("location", ["envoy:8000", "envoy:", "envoy:host:99999", "envoy:http://host", "envoy:a b:1"])
def test_a_wrong_address_is_refused(location: str) -> None:
    with pytest.raises(InputError, match=r"is no address\. Write host:port"):
        open_target(location, SERVICES)


@pytest.mark.parametrize("side", ["stable", "candidate"])
def test_a_server_that_envoy_cannot_find_is_named(side: str) -> None:
    names = {"stable": "127.0.0.1:1", "candidate": "127.0.0.1:2"} | {side: "blue"}
    services = Services(names["stable"], names["candidate"], "/healthz", 8.0, Path("state"))
    with pytest.raises(InputError, match=f"the input '{side}' is 'blue', which is no address. Write host:port"):
        open_target("envoy:127.0.0.1:8000", services)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("httproute:model", "names no object. Write httproute:NAMESPACE/NAME"),
        ("httproute:", "names no place. Write httproute:NAMESPACE/NAME"),
        ("httproute:prod/model/x", "names no object"),
        ("httproute:prod/model?contxt=a", "'contxt', which is no parameter of httproute. Did you mean 'context'"),
        (
            "httproute:prod/model",
            "the input 'stable' is '127.0.0.1:1', which is no Service with a port. Write SERVICE:PORT",
        ),
        ("kserve:Model", "names no object. Write kserve:NAMESPACE/NAME"),
    ],
)
def test_an_object_of_kubernetes_that_is_written_wrongly_is_refused(location: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        open_target(location, SERVICES)


def test_a_source_of_metrics_is_chosen_by_its_scheme() -> None:
    target = open_target("envoy:127.0.0.1:8000", SERVICES)
    assert type(open_metrics(target, None, SERVICES)).__name__ == "EnvoyCounters"
    assert type(open_metrics(target, "exec:./counts.sh", SERVICES)).__name__ == "ExecCounters"
    with pytest.raises(
        InputError, match="'metrics-source' is 'exek:x', which names no known kind of source. Did you mean"
    ):
        open_metrics(target, "exek:x", SERVICES)
