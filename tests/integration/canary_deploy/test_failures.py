"""What fails around a rollout: the disk, the network to the registry, a proxy that does not obey, another run."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from canary_site import until
from mlflow_site import BUCKET, s3_environment
from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.memory import local_folder
from mlops_actions.canary_deploy.memory.folder import FolderMemory
from mlops_actions.canary_deploy.rollout import Rollout
from mlops_actions.errors import InputError, OutsideError
from s3_site import faulty_proxy
from scripted_service import ScriptedService


class Site:
    """A service, and the action against it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = ScriptedService(folder, traffic=200)
        (folder / "model.bin").write_bytes(b"a model")

    def settings(self, **given: Any) -> dict[str, Any]:
        return {
            "model": str(self.folder / "model.bin"),
            "target": self.service.location,
            "stable": "v1",
            "candidate": "v2",
            "steps": [10, 50, 100],
            "interval": 0.2,
            "baseline": 0.2,
            "deadline": 600,
            "error_margin": 0.05,
            "evidence": str(self.folder / "evidence"),
            "state": str(self.folder / "state"),
        } | given

    def run(self, **given: Any) -> Any:
        return run(Inputs.model_validate(self.settings(**given))).predicate

    def start(self, **given: Any) -> subprocess.Popen[str]:
        """The action as a process of its own."""
        flags = [
            f"--{name.replace('_', '-')}={', '.join(map(str, value)) if isinstance(value, list) else value}"
            for name, value in self.settings(**given).items()
        ]
        command = [sys.executable, "-m", "mlops_actions", "canary-deploy", *flags]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def await_weight(self, weight: float) -> None:
        until(lambda: self.service.weight == weight)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_disk_that_is_full_takes_the_traffic_back(site: Site) -> None:
    """After the first step no file may be larger than the state is by then."""
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("prlimit is missing; it is in util-linux")
    fill = site.folder / "fill.sh"
    fill.write_text(f"#!/bin/sh\n{prlimit} --pid $PPID --fsize=1000:\n")
    fill.chmod(0o755)
    site.service.set(traffic=20_000)
    process = site.start(after_step=f"exec:{fill}")
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 4, printed
    assert "rollout.json' cannot be written: File too large." in printed
    assert site.service.weights == [10, 0]


def test_a_bug_in_what_remembers_takes_the_traffic_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    save = FolderMemory.save

    def fail_once_users_are_there(memory: FolderMemory, rollout: Rollout) -> None:
        if site.service.weight:
            raise ValueError("a rollout that cannot be written")
        save(memory, rollout)

    monkeypatch.setattr(FolderMemory, "save", fail_once_users_are_there)
    site.service.set(traffic=20_000)
    with pytest.raises(ValueError, match="a rollout that cannot be written"):
        site.run()
    assert site.service.weights == [10, 0]


def test_a_registry_that_is_lost_takes_the_traffic_back(site: Site, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty_proxy(s3) as proxy:
        for name, value in {**s3_environment(proxy.address), "HOME": str(site.folder)}.items():
            monkeypatch.setenv(name, value)

        def cut() -> None:
            site.await_weight(10)
            proxy.upstream = ("127.0.0.1", 9)

        thread = threading.Thread(target=cut)
        thread.start()
        with pytest.raises(OutsideError, match=f"the registry 's3://{BUCKET}/{site.folder.name}' (cannot be|did not)"):
            site.run(state=f"s3://{BUCKET}/{site.folder.name}")
        thread.join()
        assert site.service.weights == [10, 0]


def test_an_abort_takes_the_traffic_back_also_without_the_registry(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**s3_environment("http://127.0.0.1:9"), "HOME": str(site.folder)}.items():
        monkeypatch.setenv(name, value)
    site.service.set(weight=10)
    with pytest.raises(OutsideError, match="the registry 's3://bucket' cannot be written"):
        site.run(mode="abort", state="s3://bucket")
    assert site.service.weight == 0


def test_an_abort_takes_the_traffic_back_also_where_the_state_cannot_be_read(site: Site) -> None:
    state = local_folder(str(site.folder / "state"), site.service.location) / "rollout.json"
    state.parent.mkdir(parents=True)
    state.write_text('{"version": 2}')
    site.service.set(weight=10)
    with pytest.raises(
        InputError, match=r"rollout\.json: the state of the rollout cannot be read: version: Input should"
    ):
        site.run(mode="abort")
    assert site.service.weight == 0


def test_a_weight_that_the_proxy_has_rounded_is_the_one_that_was_set(site: Site) -> None:
    site.service.set(traffic=20_000)
    site.run()
    site.service.set(weight=99.99999985)
    assert site.run(mode="status").result == "pass"
    site.service.set(weight=99)
    status = site.run(mode="status")
    assert (status.result, status.reasons[-1].code) == ("inconclusive", "weight-differs")


def test_of_two_runs_at_once_on_a_shared_registry_the_second_names_the_first(site: Site) -> None:
    state = f"file:{site.folder}/registry"
    process = site.start(state=state, minimum_requests=10**9, interval=0.5)
    site.await_weight(10)
    try:
        with pytest.raises(OutsideError, match=f"is running, by process {process.pid} on "):
            site.run(state=state)
        assert site.service.weights == [10], "the second changed nothing"
    finally:
        aborted = site.run(state=state, mode="abort")
    process.communicate(timeout=30)
    assert (aborted.outcome, process.returncode, site.service.weight) == ("rolled-back", 3, 0)
    assert "The rollout was aborted by process " in aborted.reasons[0].message


def test_a_person_promotes_while_a_run_looks(site: Site) -> None:
    process = site.start(minimum_requests=10**9, interval=0.5)
    site.await_weight(10)
    promoted = site.run(mode="promote")
    process.communicate(timeout=30)
    assert (promoted.outcome, promoted.reasons[0].code, site.service.weight) == ("promoted", "promoted-by-hand", 100)
    assert process.returncode == 3, "nothing was shown"


def test_a_scheduled_run_that_is_cancelled_as_a_runner_does_it_takes_the_traffic_back(site: Site) -> None:
    process = site.start(mode="advance", window="60s", deadline="7d", state=f"file:{site.folder}/registry", interval=1)
    site.await_weight(10)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    until(lambda: site.service.weight == 0, seconds=5)
    assert time.monotonic() - began < 5
    process.communicate(timeout=30)
    assert process.returncode == 130


def test_a_weight_that_is_never_followed_is_named_and_nothing_is_promoted(site: Site) -> None:
    site.service.set(stuck=True)
    rollout = site.run()
    assert (rollout.result, rollout.outcome, rollout.reasons[0].code) == (
        "inconclusive", "rolled-back", "target-failed",
    )  # fmt: skip
    assert "stays at 0 % instead of 10 %" in rollout.reasons[0].message
    assert site.service.weight == 0


def test_each_step_is_a_notice_on_the_runs_page(site: Site) -> None:
    site.service.set(traffic=20_000)
    process = site.start()
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    assert "step 1 of 2: the candidate gets 10 %" in printed
    assert "step 2 of 2: the candidate gets 50 %" in printed
    (statement,) = (site.folder / "evidence").glob("rollout-*.json")
    assert json.loads(statement.read_text())["predicate"]["weights"] == [10, 50, 100]
