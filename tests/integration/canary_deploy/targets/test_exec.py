"""A command of the user's: the guide's script with a real nginx, and scripts that fail in every way."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from canary_site import free_port
from guide import shown
from mlops_actions.canary_deploy.metrics import Snapshot, open_metrics
from mlops_actions.canary_deploy.servers import Probe
from mlops_actions.canary_deploy.targets import Services, Target, open_target
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import Counts
from target_contract import TargetContract
from target_site import TargetSite

SECTION = "`exec:` your own script"


class NginxSite(TargetSite):
    """nginx behind the guide's route.sh."""

    # A reload of nginx closes connections that are kept alive, sometimes with a request on them.
    keeps_alive = False
    # They are in its log.
    counters_survive = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.share_port = free_port()
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
        if program is None:
            pytest.skip("nginx is not installed; .ci/run installs it")
        self.program = program
        (folder / "log").mkdir()
        (folder / "log/canary.log").touch()
        paths = {"/var/log/nginx": str(folder / "log"), "/etc/nginx": str(folder)}
        # The script finds nginx by its usual name, set up to run beside any other.
        nginx = f"{program} -p {folder} -c nginx.conf"
        script = shown(
            SECTION, "sh", paths | {"nginx -": f"{nginx} -", "127.0.0.1:8080": f"127.0.0.1:{self.share_port}"}
        )
        (folder / "route.sh").write_text(script)
        (folder / "route.sh").chmod(0o755)
        block = shown(
            SECTION,
            "nginx",
            paths | {"10.0.0.1:8000": self.stable.address, "10.0.0.2:8000": self.candidate.address,
                     "listen 80;": f"listen 127.0.0.1:{self.port};", "127.0.0.1:8080": f"127.0.0.1:{self.share_port}"},
        )  # fmt: skip
        (folder / "canary.conf").write_text(
            "map '' $share { default 0; }\nsplit_clients $request_id $side { * stable; }\n"
        )
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nworker_processes 1;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{block}}}\n"
        )

    @property
    def location(self) -> str:
        return f"exec:{self.folder}/route.sh"

    def start(self) -> None:
        self.run_program(self.program, "-p", self.folder, "-c", "nginx.conf")

    def stop(self) -> None:
        """nginx's workers outlive a master that was killed."""
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def set_by_hand(self, percent: float) -> None:
        subprocess.run([self.folder / "route.sh", "set", f"{percent:g}"], check=True)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TargetSite]:
    made = NginxSite(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


class TestNginxByScript(TargetContract):
    """The guide's script."""


def target_of(folder: Path, script: str, stable: str = "blue", candidate: str = "green") -> Target:
    file = folder / "route.sh"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return open_target(f"exec:{file}", Services(stable, candidate, "/healthz", 1, folder))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no such host >&2; exit 7", r"route.sh get` ended with status 7: no such host$"),
        ("exit 1", "ended with status 1: it said nothing on standard error"),
        ("echo", "route.sh get` printed nothing instead of a percentage such as 5"),
        ("echo much", "printed 'much' instead of a percentage"),
        ("echo nan", "printed 'nan' instead of a percentage"),
        ("echo 101", "printed '101' instead of a percentage"),
    ],
)
def test_a_weight_that_cannot_be_read_is_no_weight(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(OutsideError, match=said):
        target_of(tmp_path, script).weight()


def test_a_weight_that_never_follows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"the weight of exec:.*route.sh stays at 0 % instead of 5 %\."):
        target_of(tmp_path, "[ $1 = set ] || echo 0").set_weight(5)


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_actions.canary_deploy.command._TIME_LIMIT", 0.3)
    with pytest.raises(OutsideError, match=r"route.sh get` did not end within 0\.3 s\."):
        target_of(tmp_path, "sleep 60 | cat").weight()


@pytest.mark.parametrize(
    ("location", "said"),
    [
        (
            "exec:/nowhere/route.sh",
            "the command of exec:/nowhere/route.sh cannot be started: No such file or directory",
        ),
        ("exec:", r"names no command\. Write it after exec:, such as exec:\./route\.sh"),
        ("exec:'route", "which is no command: No closing quotation"),
    ],
)
def test_a_command_that_is_none_is_a_wrong_input(tmp_path: Path, location: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        open_target(location, Services("a:1", "b:1", "/", 1, tmp_path)).weight()


def test_a_candidate_that_has_traffic_already_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="already sends 100 % of the traffic to its candidate. After a promotion let"):
        target_of(tmp_path, "echo 100").prepare()


def test_a_name_is_asked_of_the_command_and_is_told_the_servers(tmp_path: Path) -> None:
    script = 'echo "{\\"healthy\\": true, \\"sha256\\": \\"$(printf %064d 7)\\"}"; [ "$2" = "$MLOPS_CANDIDATE" ]'
    assert target_of(tmp_path, script).probe("candidate") == Probe(True, f"{7:064d}", "healthy")
    assert (
        target_of(tmp_path, script)
        .probe("stable")
        .detail.endswith("ended with status 1: it said nothing on standard error")
    )


@pytest.mark.parametrize("answer", ["{}", '{"healthy": "yes"}', '{"healthy": null}'])
def test_a_server_that_is_not_said_to_be_healthy_is_not(tmp_path: Path, answer: str) -> None:
    assert not target_of(tmp_path, f"echo '{answer}'").probe("candidate").healthy


def read_counts(folder: Path, printed: str) -> Snapshot:
    target = target_of(folder, f"cat <<'END'\n{printed}\nEND")
    services = Services("blue", "green", "/healthz", 1, folder)
    own = open_metrics(target, None, services).read()
    named = open_metrics(target, target.location, services).read()
    assert own.errors.canary == named.errors.canary, "the same command as `metrics-source`"
    return own


def test_counts_are_read_with_their_birth(tmp_path: Path) -> None:
    printed = '{"stable": {"requests": 900, "errors": 9.0}, "candidate": {"requests": 100, "errors": 1}, "since": %d}'
    first = read_counts(tmp_path, printed % 1000)
    assert (first.errors.baseline, first.errors.canary) == (Counts(9, 900), Counts(1, 100))
    later = read_counts(tmp_path, printed % 1005)
    assert later.restarted_since(first)


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ('{"requests": 100}', "'errors' of 'candidate' as None"),
        ('{"requests": 100, "errors": NaN}', "'errors' of 'candidate' as nan"),
        ('{"requests": 100, "errors": -1}', "'errors' of 'candidate' as -1"),
        ('{"requests": 100, "errors": "1"}', "'errors' of 'candidate' as '1'"),
        ('{"requests": 1, "errors": 2}', "2 errors in 1 requests of 'candidate'"),
        ("null", "nothing about 'candidate'"),
    ],
)
def test_counts_that_are_none_are_never_taken_for_none(tmp_path: Path, candidate: str, said: str) -> None:
    printed = f'{{"stable": {{"requests": 1, "errors": 0}}, "candidate": {candidate}}}'
    with pytest.raises(OutsideError, match=f"route.sh counts` gives {said}"):
        read_counts(tmp_path, printed)
