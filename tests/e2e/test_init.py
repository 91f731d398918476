"""What `init` writes runs as it is: a project without a line of ours, one command, and its workflow under act."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from harness.act import Act, program
from harness.checkout import ROOT
from mlops_actions.registries import open_registry

INIT = [
    "--model",
    "build/model.joblib",
    "--data",
    "data/test.csv",
    "--target",
    "late",
    "--train",
    "python train.py good",
]


def test_one_command_and_a_push_take_a_model_to_the_registry(act: Act, tmp_path: Path) -> None:
    consumer, registry = tmp_path / "consumer", tmp_path / "registry"
    consumer.mkdir()
    shutil.copy(ROOT / "tests/e2e/consumer/train.py", consumer)
    subprocess.run([sys.executable, "train.py", "good"], cwd=consumer, check=True)
    init = [sys.executable, "-m", "mlops_actions", "init", *INIT, "--registry", f"file:{registry}", "--name", "flights"]
    subprocess.run(init, cwd=consumer, check=True)
    workflow = consumer / ".github/workflows/release-model.yml"
    subprocess.run([program("actionlint"), str(workflow)], check=True)
    shutil.rmtree(consumer / "build")
    shutil.rmtree(consumer / "data")
    run = act.run(consumer, workflow.name, env={"SETUP_PYTHON": sys.executable})
    assert run.job("release").result == "success", run
    head = open_registry(f"file:{registry}").head("flights")
    assert head.aliases.keys() == {"champion"}
    assert (consumer.with_name("consumer-artifacts") / "evidence.zip").is_file()
