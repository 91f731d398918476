"""The embedded Envoy, and one that somebody else runs as the guide says."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from canary_site import free_port
from guide import shown
from mlops_actions.canary_deploy.targets.embedded_envoy import envoy_binary
from mlops_actions.canary_deploy.targets.envoy import open_target
from mlops_actions.canary_deploy.targets.interface import Services
from mlops_actions.errors import InputError
from target_contract import TargetContract, TimedContract
from target_site import TargetSite

KEY = "mlops_actions.canary.candidate"


class EnvoySite(TargetSite):
    """Either of both."""

    @property
    @abstractmethod
    def admin(self) -> str:
        """Its admin interface."""

    @property
    def exporter(self) -> tuple[str, str]:  # type: ignore[override]
        return f"{self.admin}/stats/prometheus", "envoy"

    def set_by_hand(self, percent: float) -> None:
        requests.post(f"http://{self.admin}/runtime_modify", params={KEY: f"{percent:g}"}, timeout=5).raise_for_status()


class EmbeddedSite(EnvoySite):
    """Ours; whoever prepares or reaches it starts it."""

    @property
    def location(self) -> str:
        return f"envoy:127.0.0.1:{self.port}"

    @property
    def admin(self) -> str:
        (file,) = (self.folder / "state").glob("*/envoy/admin-address")
        return file.read_text()

    def start(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        self.target().stop()


class ForeignSite(EnvoySite):
    """Somebody else's, with the guide's configuration."""

    def __init__(self, folder: Path, **replaced: str) -> None:
        super().__init__(folder)
        self.admin_port = free_port()
        text = shown("`envoy:` an embedded Envoy, or yours", "yaml", {
            "address: 10.0.0.1, port_value: 8000": _socket_address(self.stable.address),
            "address: 10.0.0.2, port_value: 8000": _socket_address(self.candidate.address),
            "address: 0.0.0.0, port_value: 80": _socket_address(f"127.0.0.1:{self.port}"),
            "port_value: 9901": f"port_value: {self.admin_port}", "timeout: 8s": "timeout: 0.5s", **replaced,
        })  # fmt: skip
        (folder / "envoy.yaml").write_text(text)

    @property
    def location(self) -> str:
        return f"envoy:http://{self.admin}"

    @property
    def admin(self) -> str:
        return f"127.0.0.1:{self.admin_port}"

    def start(self) -> None:
        self.run_program(envoy_binary(), "-c", self.folder / "envoy.yaml", "--disable-hot-restart", "-l", "warning")


def _socket_address(address: str) -> str:
    host, _, port = address.partition(":")
    return f"address: {host}, port_value: {port}"


SITES: list[Callable[[Path], EnvoySite]] = [EmbeddedSite, ForeignSite]


@pytest.fixture(params=SITES, ids=["embedded", "foreign"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EnvoySite]:
    yield from running(request.param(tmp_path))


def running(made: EnvoySite) -> Iterator[EnvoySite]:
    try:
        made.start()
        yield made
    finally:
        made.close()


class TestEnvoy(TargetContract, TimedContract):
    """By its runtime."""


def test_an_envoy_without_the_routes_is_told_what_it_lacks(tmp_path: Path) -> None:
    for site in running(ForeignSite(tmp_path, **{KEY: "another.key"})):
        with pytest.raises(InputError, match=f"has the runtime key {KEY}. Put before the route to 'stable' one to"):
            site.target().prepare()


def test_an_envoy_that_runs_already_is_refused_while_its_candidate_has_traffic(tmp_path: Path) -> None:
    for site in running(ForeignSite(tmp_path)):
        site.set_by_hand(40)
        services = Services(site.stable.address, site.candidate.address, "/healthz", 1, tmp_path)
        with pytest.raises(InputError, match="already sends 40 % of the traffic to its candidate"):
            open_target(site.location, services).prepare()
