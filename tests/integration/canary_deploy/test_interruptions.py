"""Rollouts that are killed, cancelled, aborted or lose their proxy: no user stays on a candidate that is unproven."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from canary_site import Site, until
from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.targets.supervisor import identity
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import EvidenceStore
from mlops_actions.evidence.rollout import Rollout

SCRIPT = Path(__file__).with_name("interrupted_rollout.py")


def kill_around(site: Site, moment: str, number: int) -> None:
    """Run in a process of its own that is killed before or after its N-th weight."""
    ended = interrupt(moment, number, site.inputs(steps=[50, 100]))
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def interrupt(moment: str, number: int, inputs: Inputs) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, str(SCRIPT), moment, str(number), inputs.model_dump_json(by_alias=True)]
    return subprocess.run(command, timeout=60, capture_output=True)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_killed_rollout_is_taken_up_with_its_evidence_and_promoted(site: Site, moment: str, number: int) -> None:
    site.load.start()
    kill_around(site, moment, number)
    left = site.memory().load()
    assert left is not None
    assert left.weight == (50, 100)[number - 1]
    statement = run(site.inputs(steps=[50, 100]))
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome, rollout.weights) == ("pass", "promoted", [50, 100])
    assert rollout.id == left.id
    assert rollout.looks[: len(left.looks)] == list(left.looks)
    assert site.weight() == 100


def test_a_promotion_that_was_killed_is_not_finished_for_another_model(site: Site) -> None:
    site.load.start()
    kill_around(site, "before", 2)
    site.candidate.sha256 = "b" * 64
    statement = run(site.inputs(steps=[50, 100]))
    assert (statement.predicate.result, statement.predicate.reasons[0].code) == ("fail", "wrong-model")
    assert site.weight() == 0


def test_a_killed_rollout_is_not_taken_up_between_other_servers(site: Site) -> None:
    site.load.start()
    kill_around(site, "after", 1)
    with pytest.raises(InputError, match=f"between other servers has not ended: stable {site.stable.address}, "):
        run(site.inputs(steps=[50, 100], stable="127.0.0.1:1"))


def test_an_abort_that_is_cancelled_still_takes_the_traffic_back(site: Site) -> None:
    site.load.start()
    kill_around(site, "after", 1)
    ended = interrupt("SIGINT", 1, site.inputs(mode="abort"))
    assert ended.returncode == 130, ended.stderr.decode()
    assert site.weight() == 0
    left = site.memory().load()
    assert left is not None
    assert left.is_over


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_roll_back_that_was_killed_is_finished_by_the_next_run(site: Site, moment: str) -> None:
    site.candidate.failing = 1.0
    site.load.start()
    kill_around(site, moment, 2)
    assert site.weight() == (50 if moment == "before" else 0)
    statement = run(site.inputs(steps=[50, 100]))
    assert (statement.predicate.result, statement.predicate.outcome) == ("fail", "rolled-back")
    assert site.weight() == 0


def test_a_killed_rollout_can_be_aborted(site: Site) -> None:
    site.load.start()
    kill_around(site, "after", 1)
    assert site.weight() == 50
    assert run(site.inputs(mode="status")).predicate.reasons[0].code == "in-progress"
    statement = run(site.inputs(mode="abort"))
    assert (statement.predicate.result, statement.predicate.outcome) == ("inconclusive", "rolled-back")
    assert site.weight() == 0
    again = run(site.inputs(mode="abort"))
    assert again.predicate == statement.predicate


def test_cancelled_as_a_runner_does_it_the_candidate_has_no_traffic_within_five_seconds(site: Site) -> None:
    site.load.start()
    command = site.start_command(steps=[5, 100], interval=1)
    command.until(lambda: bool(site.candidate.answered))
    began = time.monotonic()
    command.process.send_signal(signal.SIGINT)
    command.process.send_signal(signal.SIGTERM)
    until(lambda: site.weight() == 0, seconds=5)
    command.end(130)
    assert time.monotonic() - began < 5
    (stored,) = EvidenceStore(site.folder / "evidence").find(Rollout)
    rollout = stored.statement.predicate
    assert (rollout.outcome, rollout.result, rollout.reasons[0].code) == ("rolled-back", "inconclusive", "cancelled")


def test_cancelled_before_the_first_weight_nothing_is_left(site: Site) -> None:
    site.candidate.healthy = False
    command = site.start_command(health_timeout=30)
    command.until(lambda: "asking the candidate" in command.log.read_text())
    command.process.send_signal(signal.SIGTERM)
    command.end(130)
    assert site.memory().load() is None
    assert not EvidenceStore(site.folder / "evidence").find(Rollout)


def test_another_process_is_refused_but_may_abort(site: Site) -> None:
    site.load.start()
    command = site.start_command(steps=[5, 100])
    command.until(lambda: bool(site.candidate.answered))
    running = f"another rollout on this target is running, by process {command.process.pid}"
    with pytest.raises(OutsideError, match=running):
        run(site.inputs())
    statement = run(site.inputs(mode="abort"))
    command.end(3)
    assert statement.predicate.reasons[0].code == "aborted"
    assert site.weight() == 0


def test_an_abort_ends_a_rollout_that_has_not_begun(site: Site) -> None:
    site.start_proxy()
    command = site.start_command(baseline=60)
    command.until(lambda: "watching the stable side" in command.log.read_text())
    run(site.inputs(mode="abort"))
    command.end(3)
    assert "It was asked to abort by " in command.log.read_text()
    assert not site.candidate.answered


def test_a_promotion_that_was_taken_back_since_is_told_as_none(site: Site) -> None:
    site.load.start()
    run(site.inputs(steps=[50]))
    assert run(site.inputs(mode="status")).predicate.result == "pass"
    site.target().set_weight(0)
    status = run(site.inputs(mode="status")).predicate
    assert (status.result, status.outcome) == ("inconclusive", "promoted")
    assert status.reasons[-1].message == "The proxy holds 0 %, the rollout had set 100 %."


def test_a_proxy_that_dies_comes_back_with_all_traffic_on_the_stable_side(site: Site) -> None:
    site.load.start()

    def kill() -> None:
        until(lambda: bool(site.candidate.answered))
        # An Envoy that dies within two seconds of its start is not started again.
        time.sleep(2)
        os.kill(site.process("envoy"), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    statement = run(site.inputs(steps=[5, 100]))
    thread.join()
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome) == ("inconclusive", "rolled-back")
    assert rollout.reasons[0].code == "proxy-restarted"
    assert site.weight() == 0
    before = len(site.stable.answered)
    until(lambda: len(site.stable.answered) > before)


def test_a_proxy_that_is_gone_is_an_error_and_the_next_run_ends_the_rollout(site: Site) -> None:
    site.load.start()

    def kill() -> None:
        until(lambda: bool(site.candidate.answered))
        for process in (site.process("supervisor"), site.process("envoy")):
            os.kill(process, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(OutsideError, match=r"could not be set to 0 %: .*does not answer.* `mode: abort`"):
        run(site.inputs(steps=[5, 100]))
    thread.join()
    statement = run(site.inputs(steps=[5, 100]))
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome, rollout.reasons[0].code) == (
        "inconclusive",
        "rolled-back",
        "target-failed",
    )
    assert site.weight() == 0
    before = len(site.stable.answered)
    until(lambda: len(site.stable.answered) > before)


def test_files_of_a_running_envoy_that_were_lost_are_written_anew(site: Site) -> None:
    site.start_proxy()
    envoy = site.process("envoy")
    (site.proxy_folder / "clusters.json").unlink()
    site.start_proxy()
    assert (site.proxy_folder / "clusters.json").is_file()
    assert site.process("envoy") == envoy


def test_an_envoy_whose_supervisor_was_killed_is_still_ours_to_use_and_to_stop(site: Site) -> None:
    site.start_proxy()
    envoy, supervisor = site.process("envoy"), site.process("supervisor")
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: identity(supervisor) is None)
    site.start_proxy()
    assert site.process("envoy") == envoy
    assert site.target().stop()
    assert identity(envoy) is None


def test_a_weight_that_no_memory_explains_is_taken_back_by_an_abort(site: Site) -> None:
    site.start_proxy()
    site.target().set_weight(30)
    elsewhere = {"target": f"envoy:http://{site.admin_address()}", "state": str(site.folder / "elsewhere")}
    statement = run(site.inputs(mode="abort", **elsewhere))
    assert (statement.predicate.result, statement.predicate.reasons[0].code) == ("inconclusive", "no-rollout")
    assert site.weight() == 0
    site.target().set_weight(100)
    run(site.inputs(mode="abort", **elsewhere))
    assert site.weight() == 100, "all traffic on the candidate is a promotion"
