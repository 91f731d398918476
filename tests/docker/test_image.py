"""The image by itself, and as GitHub's runner starts a Docker action."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from docker_site import Job, docker
from harness.checkout import ROOT

LARGEST = 350_000_000
"""Bytes, compressed as a registry keeps them."""


def test_the_image_is_the_command_line(image: str) -> None:
    assert docker("run", "--rm", image, "--version").startswith("mlops-actions ")
    assert docker("run", "--rm", image) == docker("run", "--rm", image, "--help")


def test_the_command_is_on_the_path_of_a_pipeline_that_runs_a_shell_in_the_image(image: str) -> None:
    shown = docker("run", "--rm", "--entrypoint", "sh", image, "-c", "mlops-actions --version")
    assert shown == docker("run", "--rm", image, "--version")


def test_the_image_says_what_it_is_made_from(image: str) -> None:
    labels = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", image))
    assert {name.removeprefix("org.opencontainers.image.") for name in labels} >= {"title", "licenses", "revision"}


def test_the_image_is_small(image: str) -> None:
    size = 0
    with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving:
        assert saving.stdout is not None
        while block := saving.stdout.read(1 << 24):
            size += len(gzip.compress(block, 1))
    assert saving.returncode == 0
    assert size <= LARGEST


def test_a_model_is_judged_as_whom_the_workspace_belongs_to(job: Job) -> None:
    (job.workspace / "model.bin").write_bytes(b"weights")
    (job.workspace / "metrics.json").write_text('{"accuracy": 0.9}')
    given = {"model": "model.bin", "metrics-file": "metrics.json", "rules": "accuracy > 0.8", "evidence": "kept"}
    step = job.run("quality-gate", given)
    assert (step.exit_code, step.outputs["result"]) == (0, "pass"), step.output
    assert step.summary.startswith("## Gate")
    written = [*(job.workspace / "kept").iterdir()]
    assert [path.stat().st_uid for path in written] == [job.user]
    assert str(Path(step.outputs["statement"])) == f"kept/{written[0].name}"


def test_an_input_with_a_hyphen_arrives_and_a_refusal_fails_the_step(job: Job) -> None:
    (job.workspace / "model.bin").write_bytes(b"weights")
    (job.workspace / "metrics.json").write_text('{"accuracy": 0.7}')
    given = {"model": "model.bin", "metrics-file": "metrics.json", "rules": "accuracy > 0.8"}
    refused = job.run("quality-gate", given)
    assert (refused.exit_code, refused.outputs["result"]) == (1, "fail"), refused.output
    let_through = job.run("quality-gate", {**given, "fail-on": "never"})
    assert (let_through.exit_code, let_through.outputs["result"]) == (0, "fail"), let_through.output


def test_no_user_is_root_unless_the_folder_is_roots(image: str, tmp_path: Path) -> None:
    show = "import os; print(os.getuid(), os.access(os.environ['HOME'], os.W_OK))"
    record = ["record", "--evidence", "/tmp/kept", "--model", "/etc/hostname", "--", "python3", "-c", show]
    mount = ["--volume", f"{tmp_path}:/work", "--workdir", "/work"]
    tmp_path.chmod(0o755)
    assert "0 True" in docker("run", "--rm", *mount, image, *record)
    assert "4242 True" in docker("run", "--rm", *mount, "--user", "4242", image, *record)


def test_the_whole_train_runs_in_the_image_with_a_model_in_an_environment_of_its_own(job: Job) -> None:
    shutil.copytree(ROOT / "tests/e2e/consumer", job.workspace, dirs_exist_ok=True)
    subprocess.run([sys.executable, "train.py", "good"], cwd=job.workspace, check=True)
    versions = [f"{name}=={version(name)}" for name in ("scikit-learn", "joblib", "pandas", "numpy")]
    (job.workspace / "requirements.txt").write_text("\n".join(versions))
    settings = (job.workspace / "mlops.yml").read_text()
    (job.workspace / "mlops.yml").write_text(
        settings.replace("isolation: process", "isolation: process\n  environment: requirements.txt")
    )
    step = job.run("run", {})
    assert (step.exit_code, step.outputs["result"], step.outputs["stage"]) == (0, "pass", "promote-champion"), (
        step.output
    )
