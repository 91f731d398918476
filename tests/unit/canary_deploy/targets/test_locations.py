"""How a target is written, and what is said where it is written wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

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
