"""A rollout that is remembered in a bucket."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from mlflow_site import BUCKET, s3_environment
from mlops_actions.canary_deploy.memory import Memory, Request, log, open_memory
from mlops_actions.canary_deploy.memory.holder import Holder
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import Candidate, Settings, start
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import BY_CLUSTER, Counts, Metric
from s3_site import faulty_proxy

SETTINGS = Settings("envoy:127.0.0.1:1", "a:1", "b:2", steps=(5, 20), interval=10, deadline=600)
ROLLOUT = start(
    "r1", SETTINGS, Candidate("m", "0" * 64, True), [Metric(ERRORS, BY_CLUSTER, Counts(1, 100))], alpha=0.05, now=1.5
)


def opened(folder: str, run: str) -> Memory:
    """As a run on a machine of its own."""
    memory = log.open_log_memory(f"s3://{BUCKET}/{folder}", "t")
    memory._me = Holder(id=run, run=f"https://ci.example/runs/{run}")
    return memory


@pytest.fixture
def bucket(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {**s3_environment(s3), "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return tmp_path.name


def test_of_two_runs_on_two_machines_one_wins_and_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_BEAT", 0.2)
    both, told = Barrier(2), Barrier(2)

    def conduct(run: str) -> str:
        memory = opened(bucket, run)
        both.wait(10)
        try:
            with memory.lock():
                memory.save(ROLLOUT)
                told.wait(20)
                return f"https://ci.example/runs/{run}"
        except OutsideError as error:
            told.wait(20)
            return error.message

    with ThreadPoolExecutor() as pool:
        winner, loser = sorted(pool.map(conduct, "12"), reverse=True)
    assert loser == f"another rollout on this target is running, by {winner}."
    found = opened(bucket, "3").load()
    assert found is not None
    assert found.id == "r1"


def test_a_bucket_that_refuses_keeps_no_roll_back_waiting(
    s3: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulty_proxy(s3) as proxy:
        for name, value in s3_environment(proxy.address).items():
            monkeypatch.setenv(name, value)
        with (memory := opened(bucket, "1")).lock():
            proxy.upstream = ("127.0.0.1", 9)
            began = time.monotonic()
            with pytest.raises(OutsideError, match=f"the registry 's3://{BUCKET}/{bucket}' cannot be written"):
                memory.save(ROLLOUT)
            assert time.monotonic() - began < 4


def test_a_bucket_that_hangs_keeps_no_roll_back_waiting(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        for name, value in s3_environment(f"http://127.0.0.1:{server.getsockname()[1]}").items():
            monkeypatch.setenv(name, value)
        began = time.monotonic()
        with pytest.raises(OutsideError, match=r"the registry 's3://.*' did not answer within 2 s\."):
            opened(bucket, "1").asked()
        assert time.monotonic() - began < 3


def test_an_abort_is_seen_on_another_machine(bucket: str) -> None:
    location = f"s3://{BUCKET}/{bucket}"
    open_memory(None, location, "t").ask(Request("abort"))
    assert open_memory(location, "file:elsewhere", "t").asked()
