"""Traefik, set up as the guide says."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from canary_site import Backend, free_port, until
from guide import shown_all
from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import InputError, OutsideError
from target_contract import TakingOverContract, TargetContract, TimedContract
from target_site import TargetSite, ask

ROOT = Path(__file__).parents[4]


class TraefikSite(TargetSite):
    """Traefik with the guide's two files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        found = subprocess.run([ROOT / ".ci/tool", "traefik"], capture_output=True, text=True, check=False)
        if found.returncode:
            pytest.skip("Traefik is not installed; .ci/tool --install traefik does it")
        self.program = found.stdout.strip()
        self.api_port = free_port()
        static, router = shown_all("`traefik:` Traefik", "yaml", {
            '":80"': f'"127.0.0.1:{self.port}"', "127.0.0.1:8080": f"127.0.0.1:{self.api_port}",
            "/etc/traefik/dynamic": f"{folder}/dynamic",
        })  # fmt: skip
        (folder / "traefik.yml").write_text(static)
        (folder / "dynamic").mkdir()
        (folder / "dynamic/router.yml").write_text(router)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def file(self) -> Path:
        return self.folder / "dynamic/canary.yml"

    @property
    def location(self) -> str:
        return f"traefik:{self.api}?file={self.file}"

    @property
    def exporter(self) -> tuple[str, str]:  # type: ignore[override]
        return f"{self.api.removeprefix('http://')}/metrics", "traefik"

    def start(self) -> None:
        self.run_program(self.program, "--configfile", self.folder / "traefik.yml")
        until(lambda: requests.get(f"{self.api}/api/http/routers", timeout=5).ok)

    def set_by_hand(self, percent: float) -> None:
        text = self.file.read_text().replace("weight: 80", f"weight: {100 - percent}")
        # A file that is written in place is empty for a moment, and Traefik's users get a 404.
        changed = self.folder / "changed.yml"
        changed.write_text(text.replace("weight: 20", f"weight: {percent}"))
        changed.replace(self.file)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TraefikSite]:
    made = TraefikSite(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


class TestTraefik(TakingOverContract, TargetContract, TimedContract):
    """By its file provider."""


def test_a_weight_outlives_a_restart(site: TraefikSite) -> None:
    target = site.target()
    target.prepare()
    target.set_weight(20)
    site.stop()
    site.start()
    until(lambda: ask(site.address, 1)["404"] == 0)
    assert site.target().weight() == 20


def test_a_candidate_that_hangs_is_cut_off(site: TraefikSite) -> None:
    target = site.target()
    target.prepare()
    target.set_weight(100)
    site.candidate.seconds = 1.0
    assert ask(site.address, 1) == {"504": 1}


def test_a_file_of_somebody_else_is_never_overwritten(site: TraefikSite) -> None:
    site.file.write_text("http: {}\n")
    with pytest.raises(InputError, match=r"canary.yml' is not ours, and would be overwritten\. Name one that is not"):
        site.target().prepare()
    assert site.file.read_text() == "http: {}\n"


def test_a_file_that_traefik_does_not_watch_is_said(site: TraefikSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_actions.canary_deploy.targets.traefik._FOLLOW_LIMIT", 0.5)
    services = Services(site.stable.address, site.candidate.address, "/healthz", 1, site.folder)
    with pytest.raises(OutsideError, match=r"did not take over the two servers within 0\.5 s"):
        open_target(f"traefik:{site.api}?file={site.folder}/elsewhere.yml", services).prepare()


def test_a_service_that_no_router_leads_to_is_refused(site: TraefikSite) -> None:
    services = Services(site.stable.address, site.candidate.address, "/healthz", 1, site.folder)
    with pytest.raises(
        InputError, match=r"no router of Traefik .* leads to the service other@file\. Let yours name it"
    ):
        open_target(f"traefik:{site.api}?file={site.folder}/dynamic/other.yml&service=other", services).prepare()


def test_what_is_no_traefik_is_said(tmp_path: Path) -> None:
    server = Backend()
    try:
        services = Services("127.0.0.1:1", "127.0.0.1:2", "/", 1, tmp_path)
        with pytest.raises(
            OutsideError, match=r"/api/http/services/model@file does not answer as Traefik\. Is its API on"
        ):
            open_target(f"traefik:http://{server.address}?file={tmp_path}/canary.yml", services).weight()
    finally:
        server.close()


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("traefik:http://127.0.0.1:8080", "does not say its 'file'. Write traefik:http"),
        ("traefik:?file=a.yml", "names no place"),
        ("traefik:127.0.0.1:80?file=a.yml", "'127.0.0.1:80' is no URL of Traefik's API"),
        ("traefik:http://a?file=a.json", "Traefik does not read 'a.json'. Let the name of the file end with"),
        ("traefik:http://a?file=a.yml&srvice=b", "'srvice', which is no parameter of traefik. Did you mean"),
        ("traefik:http://a?file=a.yml&file=b.yml", "has 'file' twice"),
    ],
)
def test_a_location_that_is_wrong_says_what_to_write(location: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        open_target(location, Services("127.0.0.1:1", "127.0.0.1:2", "/", 1, tmp_path))
