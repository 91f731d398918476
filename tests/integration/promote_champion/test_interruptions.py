"""A promotion that is killed or runs out of disk leaves the old champion serving, and a rerun completes it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

from interrupted_command import interrupt
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import resolve
from mlops_actions.registries.objects import Objects
from mlops_actions.registries.verification import verify
from promotion_project import Project
from s3_site import faulty_proxy

CONTENT = "new" * 500_000
OLD, NEW = digest_bytes(b"old"), digest_bytes(CONTENT.encode())
PROMOTE = ("promote-champion", "--name", "delay", "--model", "build/new.joblib", "--evidence", "evidence")
ON_DISK = (*PROMOTE, "--registry", "file:registry")


def judged_candidate(project: Project) -> None:
    """A judged and recorded model of some size; another one is champion."""
    project.promoted("old")
    path = project.model(CONTENT, "build/new.joblib")
    project.trained(path)
    project.judged(path)
    shutil.rmtree("mlops-evidence", ignore_errors=True)


def completed(project: Project) -> bool:
    """Whether the killed promotion made the new champion; running it again completes it in any case."""
    serving = resolve("delay@champion", project.registry_location, None)
    assert serving.version == {OLD: 1, NEW: 2}[serving.sha256]
    assert verify(project.registry, "delay").problems == ()
    again = project.promote("build/new.joblib").predicate
    assert (again.result, again.version, again.after) == ("pass", 2, NEW)
    assert again.changed == (serving.sha256 == OLD)
    assert [change.after.sha256 for change in project.registry.history("delay")] == [OLD, NEW]
    kept = project.registry.statements("delay", NEW)
    assert {"evaluation", "training", "verdict"} <= {statement.kind for statement in kept}
    version = project.registry.version("delay", NEW)
    assert version is not None
    assert version.number == 2
    return serving.sha256 == NEW


def test_a_promotion_killed_at_any_write_leaves_the_old_or_the_new_champion_whole(project: Project) -> None:
    judged_candidate(project)
    shutil.copytree("registry", "pristine")
    counted = interrupt("count", 0, *ON_DISK)
    assert counted.returncode == 0, counted.stderr
    # Two blocks of the model and its name, three statements, where to look for the version, the log entry, the
    # hint at it, and the promotion's statement.
    assert counted.stdout.splitlines()[-1] == "10"
    made = []
    for mode, number in [("before", 1), ("during", 1), ("during", 2), *(("after", number) for number in range(1, 11))]:
        shutil.rmtree("registry")
        shutil.copytree("pristine", "registry")
        killed = interrupt(mode, number, *ON_DISK)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        made.append(completed(project))
    # Only the log entry, the eighth write, makes the new champion.
    assert made == [False] * 10 + [True] * 3


def test_a_promotion_to_a_bucket_killed_after_any_request_is_completed_by_a_rerun(bucket: Project, s3: str) -> None:
    judged_candidate(bucket)
    pristine = bucket.registry_location
    with faulty_proxy(s3) as proxy:
        made = []
        for number in range(1, 10):
            bucket.registry_location = copied(pristine, f"{pristine}-{number}")
            command = [sys.executable, "-m", "mlops_actions", *PROMOTE, "--registry", bucket.registry_location]
            environment = {**os.environ, "AWS_ENDPOINT": proxy.address}
            promotion = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
            proxy.order(number, "killed", promotion.kill)
            _, told = promotion.communicate(timeout=120)
            assert promotion.returncode == -signal.SIGKILL, told
            made.append(completed(bucket))
    # The model in three requests, three statements, where to look for it, and only then the log entry.
    assert made == [False] * 7 + [True] * 2


def copied(location: str, to: str) -> str:
    source, goal = Objects(location), Objects(to)
    for key in source.keys(""):
        goal.replace(key, source.read(key) or b"")
    return to


@pytest.mark.parametrize("limit", [0, 100, 1_200_000])
def test_a_full_disk_leaves_the_old_champion_and_nothing_half_written(project: Project, limit: int) -> None:
    judged_candidate(project)
    before = project.files()
    full = interrupt("full", limit, *ON_DISK)
    assert full.returncode == 4, full.stderr
    assert full.stderr.startswith(
        "error: the registry 'file:registry' cannot be written: File too large. "
        "Check that it is there, your rights and the free space, then run it again."
    )
    assert project.files() == before
    assert project.promote("build/new.joblib").predicate.result == "pass"
