"""Ctrl-C, and a CI system's cancel, at each stage of a train: it ends at once with 130, and nothing is half-written.

Each stage is held where it works, so that the signals surely come then: by much data, a model that sleeps, a named
pipe that nobody writes to, or a server that never answers.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml

from mlops_actions.evidence.store import read_statement

ENDS_WITHIN = 7.5
"""Seconds: GitHub sends SIGTERM so long after SIGINT, and kills soon after."""

CONTRACT = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "id": "flights",
    "version": "1.0.0",
    "status": "active",
    "schema": [
        {
            "name": "flights",
            "properties": [
                {"name": "wind", "logicalType": "integer", "unique": True},
                {"name": "late", "logicalType": "integer", "required": True},
            ],
        }
    ],
}
SLEEPER = """
class Model:
    n_features_in_ = 1
    classes_ = [0, 1]
    def predict_proba(self, rows):
        import pathlib, time
        pathlib.Path({started!r}).touch()
        time.sleep(600)
"""


class Written:
    """Unpickles as an instance of the class `Model` of a source text."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __reduce__(self) -> tuple[object, ...]:
        return (eval, (f"(lambda names: (exec({self.source!r}, names), names['Model']())[1])({{}})",))


@dataclass
class Project:
    """A train in a folder, with a temporary folder of its own."""

    folder: Path
    temporary: Path

    def configure(self, **settings: object) -> None:
        known = {"name": "flights", "registry": "file:registry"}
        (self.folder / "mlops.yml").write_text(yaml.safe_dump({**known, **settings}))

    def rows(self, count: int) -> None:
        with duckdb.connect() as connection:
            selected = f"SELECT range AS wind, range % 2 AS late FROM range({count})"
            connection.execute(f"COPY ({selected}) TO '{self.folder / 'test.csv'}'")

    def start(self) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_"))}
        with (self.folder.parent / "log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "mlops_actions", "--json", "run"],
                cwd=self.folder,
                env={**environment, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    @property
    def log(self) -> str:
        return (self.folder.parent / "log").read_text()

    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if not path.is_dir()}

    def processes(self) -> list[str]:
        """The commands of processes that have to do with the folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command, where = path.read_bytes().decode(errors="replace"), str((path.parent / "cwd").readlink())
            except OSError:
                continue
            if str(self.folder.parent) in command + where and int(path.parent.name) != os.getpid():
                found.append(command.replace("\0", " "))
        return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "project", tmp_path / "temporary")
    found.folder.mkdir()
    found.temporary.mkdir()
    (found.folder / "contract.yaml").write_text(yaml.safe_dump(CONTRACT))
    (found.folder / "model.pkl").write_bytes(pickle.dumps(Written(SLEEPER.format(started=str(tmp_path / "started")))))
    found.rows(1000)
    return found


def much_data(project: Project) -> Callable[[str], bool]:
    project.rows(6_000_000)
    project.configure(stages=["validate-data"], **{"validate-data": {"data": "test.csv", "contract": "contract.yaml"}})
    return lambda log: "Checking test.csv" in log


def sleeping_model(project: Project) -> Callable[[str], bool]:
    inputs = {"model": "model.pkl", "data": "test.csv", "target": "late", "python": sys.executable}
    project.configure(stages=["evaluate-model"], **{"evaluate-model": {**inputs, "isolation": "process"}})
    return lambda _: (project.folder.parent / "started").exists()


def sleeping_model_in_strict_isolation(project: Project) -> Callable[[str], bool]:
    source = SLEEPER.replace("pathlib.Path({started!r}).touch()", "pass")
    (project.folder / "model.pkl").write_bytes(pickle.dumps(Written(source)))
    sleeping_model(project)
    settings = (project.folder / "mlops.yml").read_text()
    (project.folder / "mlops.yml").write_text(settings.replace("isolation: process", "isolation: strict"))
    since = time.monotonic()
    # Nothing that it writes inside is seen here.
    return lambda log: "Scoring 1,000 rows" in log and time.monotonic() > since + 3


def pipe_for_metrics(project: Project) -> Callable[[str], bool]:
    os.mkfifo(project.folder / "metrics.json")
    gate = {"model": "model.pkl", "metrics-file": "metrics.json", "rules": "accuracy > 0.8"}
    project.configure(stages=["quality-gate"], **{"quality-gate": gate})
    return lambda log: "1/1 quality-gate" in log


def pipe_among_the_evidence(project: Project) -> Callable[[str], bool]:
    (project.folder / "mlops-evidence").mkdir()
    os.mkfifo(project.folder / f"mlops-evidence/verdict-{'a' * 12}-{'b' * 12}.json")
    project.configure(stages=["promote-champion"], **{"promote-champion": {"alias": "champion"}})
    return lambda log: "1/1 promote-champion" in log


def silent_candidate(project: Project) -> Callable[[str], bool]:
    inputs = {"target": "envoy:127.0.0.1:1", "stable": "127.0.0.1:2", "candidate": "127.0.0.1:1", "model": "model.pkl"}
    project.configure(stages=["canary-deploy"], **{"canary-deploy": {**inputs, "health-timeout": "60s"}})
    return lambda log: "asking the candidate" in log


@pytest.mark.parametrize(
    "hold",
    [
        much_data,
        sleeping_model,
        sleeping_model_in_strict_isolation,
        pipe_for_metrics,
        pipe_among_the_evidence,
        silent_candidate,
    ],
)
@pytest.mark.parametrize("second", [signal.SIGTERM, None], ids=["SIGINT-SIGTERM", "SIGINT"])
def test_a_train_that_is_cancelled_leaves_nothing_half_done(
    project: Project, hold: Callable[[Project], Callable[[str], bool]], second: signal.Signals | None
) -> None:
    is_held = hold(project)
    before = project.files()
    with project.start() as train:
        try:
            wait_until(train, project, is_held)
            began = time.monotonic()
            os.kill(train.pid, signal.SIGINT)
            if second:
                time.sleep(0.1)
                if train.poll() is None:
                    os.kill(train.pid, second)
            out, _ = train.communicate(timeout=30)
        finally:
            train.kill()

    assert train.returncode == 130, project.log
    assert time.monotonic() - began < ENDS_WITHIN
    assert json.loads(out)["result"] in {"error", "fail"}
    assert "Traceback" not in project.log
    left = project.files() - before
    statements = {path for path in left if path.startswith("mlops-evidence/rollout-")}
    assert left - statements == {path for path in left if path.startswith("mlops-state/")}
    for path in statements:
        assert read_statement(project.folder / path).statement.predicate.result != "pass"
    assert list(project.temporary.iterdir()) == []
    assert project.processes() == []


def wait_until(train: subprocess.Popen[str], project: Project, is_held: Callable[[str], bool]) -> None:
    until = time.monotonic() + 30
    while not is_held(project.log):
        assert train.poll() is None, project.log
        assert time.monotonic() < until, project.log
        time.sleep(0.02)
    time.sleep(0.2)
