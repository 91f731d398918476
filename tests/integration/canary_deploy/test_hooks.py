"""What users let happen before and after each step, and the first deployment that it checks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.canary_deploy import hooks
from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.memory import open_memory
from mlops_actions.canary_deploy.rollout import Candidate, Settings, start
from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_bytes
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.statistics.sequential import BY_CLUSTER, Counts, Metric
from scripted_service import ScriptedService

SCRIPT = """#!/bin/sh
echo "$MLOPS_WHEN $MLOPS_STEP/$MLOPS_STEPS $MLOPS_WEIGHT $MLOPS_STABLE $MLOPS_CANDIDATE $MLOPS_SHA256" >>{log}
[ "$MLOPS_WHEN $MLOPS_WEIGHT" != "{fails}" ] || {{ echo "the cache is cold" >&2; exit 3; }}
"""
SHA256 = digest_bytes(b"a model")


class Site:
    """A service, and a script that notes when it is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = ScriptedService(folder, traffic=20_000)
        (folder / "model.bin").write_bytes(b"a model")
        self.script("")

    def script(self, fails: str) -> None:
        (self.folder / "hook.sh").write_text(SCRIPT.format(log=self.folder / "hook.log", fails=fails))
        (self.folder / "hook.sh").chmod(0o755)

    def run(self, **given: Any) -> Rollout:
        hook = f"exec:{self.folder}/hook.sh"
        settings: dict[str, Any] = {
            "model": str(self.folder / "model.bin"),
            "target": self.service.location,
            "stable": "v1",
            "candidate": "v2",
            "steps": [10, 50, 100],
            "interval": 0.1,
            "baseline": 0.1,
            "deadline": 60,
            "error_margin": 0.05,
            "before_step": hook,
            "after_step": hook,
            "evidence": str(self.folder / "evidence"),
            "state": str(self.folder / "state"),
        }
        return run(Inputs.model_validate(settings | given)).predicate

    def called(self) -> list[str]:
        log = self.folder / "hook.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_hooks_surround_each_step_and_are_told_which(site: Site) -> None:
    assert site.run().outcome == "promoted"
    rest = f"v1 v2 {SHA256}"
    assert site.called() == [
        f"before-step 1/2 10 {rest}",
        f"after-step 1/2 10 {rest}",
        f"before-step 2/2 50 {rest}",
        f"after-step 2/2 50 {rest}",
        f"before-step 3/2 100 {rest}",
    ]


@pytest.mark.parametrize(
    ("fails", "step", "weights"),
    [
        ("before-step 10", "1 at 10 %", [0]),
        ("after-step 10", "1 at 10 %", [10, 0]),
        ("before-step 50", "2 at 50 %", [10, 0]),
        ("before-step 100", "3 at 100 %", [10, 50, 0]),
    ],
)
def test_a_hook_that_fails_rolls_back_and_its_weight_is_never_set(
    site: Site, fails: str, step: str, weights: list[float]
) -> None:
    site.script(fails)
    rollout = site.run()
    assert (rollout.result, rollout.outcome, rollout.weights) == ("inconclusive", "rolled-back", weights)
    assert rollout.reasons[0].code == "hook-failed"
    assert rollout.reasons[0].message == (
        f"The hook '{fails.split()[0]}' of step {step} failed: `{site.folder}/hook.sh` ended with status 3: "
        "the cache is cold"
    )
    assert site.service.weights == weights
    assert len(site.called()) > 0


def test_over_several_runs_each_step_begins_once(site: Site) -> None:
    site.service.set(traffic=400)
    for _ in range(2):
        assert site.run(mode="advance", window=0.1, deadline="7d").outcome == "in-progress"
    assert [line.split()[0] for line in site.called()] == ["before-step"]


class Receiver(BaseHTTPRequestHandler):
    """Takes what is posted; `/refuse` does not."""

    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(500 if self.path == "/refuse" else 204)
        self.end_headers()
        if self.path == "/refuse":
            self.wfile.write(b"not on a Friday")

    def log_message(self, *_: object) -> None:
        pass


class Server(HTTPServer):
    received: list[dict[str, Any]]


@pytest.fixture
def receiver() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Receiver) as server:
        server.received = []
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def test_a_url_is_posted_to(site: Site, receiver: Server) -> None:
    url = f"http://127.0.0.1:{receiver.server_address[1]}"
    assert site.run(before_step=f"{url}/steps", after_step=None).outcome == "promoted"
    assert [one["weight"] for one in receiver.received] == [10, 50, 100]
    assert receiver.received[0] == {
        "when": "before-step", "step": 1, "steps": 2, "weight": 10.0, "stable": "v1", "candidate": "v2",
        "model": str(site.folder / "model.bin"), "sha256": SHA256,
    }  # fmt: skip
    site.service.set(weight=0)
    refused = site.run(before_step=f"{url}/refuse", after_step=None)
    assert refused.reasons[0].message.endswith(f'{url}/refuse answered with status 500: "not on a Friday"')


def test_a_hook_that_hangs_is_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "TIME_LIMIT", 0.3)
    rollout = site.run(before_step="exec:sleep 30")
    assert rollout.reasons[0].message == (
        "The hook 'before-step' of step 1 at 10 % failed: `sleep 30` did not end within 0.3 s."
    )


def test_a_hook_that_is_neither_a_command_nor_a_url_is_refused_before_anything_is_set(site: Site) -> None:
    with pytest.raises(InputError) as refused:
        site.run(after_step="warm.sh")
    assert str(refused.value) == (
        "the input 'after-step' is 'warm.sh', which is neither a command nor a URL. "
        "Write exec:COMMAND, such as exec:./warm.sh, or https://host/path."
    )
    assert site.service.weights == []


def test_a_first_deployment_is_promoted_once_its_smoke_check_passes(site: Site) -> None:
    site.service.set(sha256={"v2": SHA256})
    rollout = site.run(stable="none")
    assert (rollout.result, rollout.outcome, rollout.identity, rollout.weights) == (
        "pass", "promoted", "verified", [100],
    )  # fmt: skip
    assert rollout.reasons[0].message == (
        "There was no stable side to compare with: the candidate was healthy and passed its smoke checks, and gets all "
        "traffic."
    )
    assert site.service.weights[-1] == 100
    assert len(site.called()) == 1


@pytest.mark.parametrize(
    ("change", "fails", "code"),
    [
        ({"healthy": False}, "", "candidate-unhealthy"),
        ({"sha256": {"v2": "b" * 64}}, "", "wrong-model"),
        ({}, "before-step 100", "hook-failed"),
    ],
)
def test_a_first_deployment_that_is_not_well_gets_no_traffic(
    site: Site, change: dict[str, Any], fails: str, code: str
) -> None:
    site.service.set(**change)
    site.script(fails)
    rollout = site.run(stable="none", health_timeout=0.2)
    assert (rollout.result, rollout.outcome, rollout.reasons[0].code) == ("fail", "refused", code)
    assert site.service.weights == []


def test_a_first_deployment_that_nothing_checks_is_refused(site: Site) -> None:
    with pytest.raises(InputError, match="with `stable: none` the candidate is compared with nothing, and nothing che"):
        site.run(stable="none", before_step=None)


def test_a_rollout_that_has_not_ended_is_no_first_deployment(site: Site) -> None:
    settings = Settings(site.service.location, "v1", "v2", steps=(10, 50), interval=10, deadline=600)
    metric = Metric("errors", BY_CLUSTER, Counts(1, 100))
    memory = open_memory(str(site.folder / "state"), "", site.service.location)
    with memory.lock():
        memory.save(start("r1", settings, Candidate("m", SHA256, verified=True), [metric], alpha=0.05, now=1.5))
    with pytest.raises(InputError) as refused:
        site.run(stable="none")
    assert str(refused.value) == (
        f"{memory.location}: a rollout of the model {SHA256[:12]} has not ended on {site.service.location}, so that "
        "this is no first deployment. Name its server as 'stable' (v1) to run it to its end, or give `mode: abort`."
    )
    assert site.service.weights == []
