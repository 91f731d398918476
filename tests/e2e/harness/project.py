"""A consumer's repository with an example's workflows: a small model to train, a registry that outlives its jobs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from harness.checkout import ROOT
from mlops_actions.registries import open_registry

CONSUMER = ROOT / "tests/e2e/consumer"
ELSEWHERE = "train_elsewhere.py"


def make_project(folder: Path, example: str, **settings: Any) -> Path:
    """`folder/consumer`, with the workflows of `examples/<example>`; `settings` replace those of its mlops.yml.

    Its registry is `folder/registry`: all jobs reach it, as they would a bucket.
    """
    project = Path(shutil.copytree(CONSUMER, folder / "consumer", ignore=shutil.ignore_patterns(ELSEWHERE)))
    written = yaml.safe_load((project / "mlops.yml").read_text())
    written |= {"registry": f"file:{folder / 'registry'}"} | settings
    (project / "mlops.yml").write_text(yaml.safe_dump(written))
    (project / "requirements.txt").write_text("# what the consumer's Python has is enough\n")
    shutil.copytree(ROOT / "examples" / example / ".github", project / ".github")
    return project


def train_elsewhere(project: Path) -> None:
    """The project has its model's predictions from now on, and nothing is scored: for tests that are not about that."""
    shutil.copy(CONSUMER / ELSEWHERE, project / "train.py")
    written = yaml.safe_load((project / "mlops.yml").read_text())
    del written["evaluate-model"]["isolation"]
    written["evaluate-model"]["predictions"] = "data/predictions.csv"
    (project / "mlops.yml").write_text(yaml.safe_dump(written))


def pin(project: Path) -> None:
    """Names our actions by a commit, as `init` does; the examples name the tag, which a release moves."""
    for workflow in (project / ".github/workflows").glob("*.yml"):
        workflow.write_text(workflow.read_text().replace("@v1", f"@{'1' * 40}"))


def champion(project: Path, name: str = "flights") -> str | None:
    """SHA-256 of the model that the project's registry calls champion."""
    version = open_registry(f"file:{project.parent / 'registry'}").head(name).aliases.get("champion")
    return version.sha256 if version else None
