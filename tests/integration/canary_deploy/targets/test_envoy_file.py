"""An Envoy that reads its routes from a file, as the guide shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from canary_site import free_port
from guide import shown, shown_all
from mlops_actions.canary_deploy.targets.embedded_envoy import envoy_binary
from mlops_actions.errors import InputError
from mlops_actions.evidence.store import write_whole
from target_contract import TargetContract
from target_site import TargetSite


class FileSite(TargetSite):
    """Somebody's Envoy with the guide's two files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.admin_port = free_port()
        routes, node, rds = shown_all("`envoy:file:` an Envoy that reads its routes from a file", "yaml", {
            "/etc/envoy": str(folder), "timeout: 8s": "timeout: 0.5s",
        })  # fmt: skip
        self.file = folder / "routes.yaml"
        self.file.write_text(routes)
        text = shown("`envoy:` an embedded Envoy, or yours", "yaml", {
            "address: 10.0.0.1, port_value: 8000": _socket_address(self.stable.address),
            "address: 10.0.0.2, port_value: 8000": _socket_address(self.candidate.address),
            "address: 0.0.0.0, port_value: 80": _socket_address(f"127.0.0.1:{self.port}"),
            "port_value: 9901": f"port_value: {self.admin_port}",
        })  # fmt: skip
        document = re.sub(r"\n +route_config:.*", f"\n                {rds.strip()}\n", text, flags=re.DOTALL)
        (folder / "envoy.yaml").write_text(node + document)

    @property
    def location(self) -> str:
        return f"envoy:file://{self.file}?admin=127.0.0.1:{self.admin_port}"

    def start(self) -> None:
        self.run_program(envoy_binary(), "-c", self.folder / "envoy.yaml", "--disable-hot-restart", "-l", "warning")

    def set_by_hand(self, percent: float) -> None:
        text = re.sub(r"(name: (stable|candidate)[,\n]\s*weight: )\d+", lambda match: (
            f"{match[1]}{percent if match[2] == 'candidate' else 100 - percent:g}"), self.file.read_text())  # fmt: skip
        write_whole(self.file, text.encode())


def _socket_address(address: str) -> str:
    host, _, port = address.partition(":")
    return f"address: {host}, port_value: {port}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FileSite]:
    made = FileSite(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


class TestEnvoyByFile(TargetContract):
    """By its routes."""


def test_all_that_is_not_a_weight_of_ours_is_kept(site: FileSite) -> None:
    before = yaml.safe_load(site.file.read_text())
    site.target().prepare()
    site.target().set_weight(12.34)
    after = yaml.safe_load(site.file.read_text())
    route = after["resources"][0]["virtual_hosts"][0]["routes"][0]["route"]
    assert [one["weight"] for one in route["weighted_clusters"]["clusters"]] == [8766, 1234]
    route["weighted_clusters"]["clusters"] = before["resources"][0]["virtual_hosts"][0]["routes"][0]["route"][
        "weighted_clusters"
    ]["clusters"]
    assert after == before


def test_a_weight_holds_over_a_restart(site: FileSite) -> None:
    site.target().prepare()
    site.target().set_weight(20)
    site.stop()
    site.start()
    assert site.target().weight() == 20


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "routes.yaml' cannot be read: No such file or directory. It is the one that Envoy's RDS reads"),
        ("resources: []", "splits between 'stable' and 'candidate'. Give a route weighted_clusters: {clusters:"),
        ("][", "splits between 'stable' and 'candidate'"),
    ],
)
def test_a_file_that_is_not_its_routes_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    site = FileSite(tmp_path)
    try:
        site.file.unlink()
        if content is not None:
            site.file.write_text(content)
        with pytest.raises(InputError, match=said):
            site.target().prepare()
    finally:
        site.close()
