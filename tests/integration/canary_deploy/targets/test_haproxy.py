"""HAProxy, set up as the guide says, by a Unix socket and by TCP."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from canary_site import Backend, free_port
from guide import shown
from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import InputError, OutsideError
from target_contract import TakingOverContract, TargetContract, expect_agreement
from target_site import TargetSite


class HaproxySite(TargetSite):
    """HAProxy with the guide's configuration."""

    def __init__(self, folder: Path, level: str = "admin", more: str = "") -> None:
        super().__init__(folder)
        program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            pytest.skip("HAProxy is not installed; .ci/run installs it")
        self.program = program
        self.socket_port = free_port()
        # The configuration names neither server's real address: those are set at runtime.
        text = shown("`haproxy:` HAProxy", "haproxy", {
            "/run/haproxy/admin.sock": f"{folder}/admin.sock",
            "level admin": f"level {level}\n    stats socket ipv4@127.0.0.1:{self.socket_port} level {level}",
            "bind :80": f"bind 127.0.0.1:{self.port}", "timeout server 8s": "timeout server 500ms",
            "10.0.0.1:8000": self.stable.address,
        })  # fmt: skip
        (folder / "haproxy.cfg").write_text(f"{text}{more}\n")

    @property
    def location(self) -> str:
        return f"haproxy:{self.folder}/admin.sock?backend=model"

    def start(self) -> None:
        self.run_program(self.program, "-f", self.folder / "haproxy.cfg", "-db")

    def set_by_hand(self, percent: float) -> None:
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(self.folder / "admin.sock"))
            stream.sendall(b"set weight model/candidate 154; set weight model/stable 46\n")
            assert percent == 77
            assert stream.recv(99).strip() == b""


class HaproxyByTcpSite(HaproxySite):
    """The same by TCP."""

    @property
    def location(self) -> str:
        return f"haproxy:127.0.0.1:{self.socket_port}?backend=model"


@pytest.fixture(params=[HaproxySite, HaproxyByTcpSite], ids=["unix", "tcp"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HaproxySite]:
    yield from running(request.param(tmp_path))


def running(made: HaproxySite) -> Iterator[HaproxySite]:
    try:
        made.start()
        yield made
    finally:
        made.close()


class TestHaproxy(TakingOverContract, TargetContract):
    """By its runtime socket."""


def test_prometheus_counts_what_it_counts_itself(tmp_path: Path) -> None:
    port = free_port()
    exporter = f"\nfrontend metrics\n    bind 127.0.0.1:{port}\n    http-request use-service prometheus-exporter"
    for site in running(HaproxySite(tmp_path, more=exporter)):
        site.exporter = (f"127.0.0.1:{port}/metrics", "haproxy&backend=model")
        expect_agreement(site, tmp_path)


def test_a_socket_that_may_only_read_is_named_with_what_to_write(tmp_path: Path) -> None:
    for site in running(HaproxySite(tmp_path, level="user")):
        with pytest.raises(InputError, match=r"may not do `.*`\. Write `level admin` on its line `stats socket`"):
            site.target().prepare()


def test_a_backend_that_is_not_set_up_is_refused(tmp_path: Path) -> None:
    more = "\nbackend other\n    server a 127.0.0.1:1\nbackend crowd\n    server stable 127.0.0.1:1 weight 1\n"
    more += "    server candidate 127.0.0.1:2 weight 0\n    server third 127.0.0.1:3 weight 9"
    for site in running(HaproxySite(tmp_path, more=more)):
        services = Services(site.stable.address, site.candidate.address, "/healthz", 1, tmp_path)
        for backend, said in {
            "nowhere": "HAProxy has no such backend .show servers state nowhere.",
            "other": r"the backend 'other' of HAProxy has no server 'stable'; it has \['a'\]\. Write in it",
            "crowd": "the backend 'crowd' of HAProxy has more servers that get traffic: third",
        }.items():
            with pytest.raises(InputError, match=said):
                open_target(f"haproxy:{tmp_path}/admin.sock?backend={backend}", services).prepare()


def test_a_server_that_a_person_took_out_has_no_weight(site: HaproxySite) -> None:
    target = site.target()
    target.prepare()
    target.set_weight(50)
    with socket.create_connection(("127.0.0.1", site.socket_port)) as stream:
        stream.sendall(b"set server model/candidate state drain\n")
        stream.recv(99)
    assert target.weight() == 0
    with pytest.raises(OutsideError, match=r"stays at 0 % instead of 50 %"):
        target.set_weight(50)


def test_what_is_no_haproxy_is_said(tmp_path: Path) -> None:
    server = Backend()
    try:
        services = Services("127.0.0.1:1", "127.0.0.1:2", "/", 1, tmp_path)
        target = open_target(f"haproxy:{server.address}?backend=model", services)
        with pytest.raises(OutsideError, match="does not answer"):
            target.weight()
        with pytest.raises(OutsideError, match="nowhere.sock does not answer: No such file or directory"):
            open_target(f"haproxy:{tmp_path}/nowhere.sock?backend=model", services).weight()
    finally:
        server.close()
