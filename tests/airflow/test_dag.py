"""The Airflow example, run by Airflow: a good model, a bad one, and a mistake."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.checkout import ROOT
from mlops_actions.registries import open_registry

RUN = """
import json, sys
from flights import dag
run = dag.test()
states = {one.task_id: str(one.state) for one in run.get_task_instances()}
print("ENDED", json.dumps({"run": str(run.state), **states}))
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The variables of an Airflow whose database was made."""
    home = tmp_path_factory.mktemp("airflow")
    variables = {
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "examples/airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "examples/airflow"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    program = Path(os.environ["AIRFLOW"]).with_name("airflow")
    subprocess.run([program, "db", "migrate"], env=variables, capture_output=True, check=True)
    return variables


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tests/e2e/consumer", tmp_path / "flights")
    return tmp_path / "flights"


def ended(airflow: Mapping[str, str], project: Path) -> dict[str, str]:
    """The states in which one run of the DAG and its tasks ended."""
    variables = {**airflow, "FLIGHTS_PROJECT": str(project)}
    done = subprocess.run(
        [os.environ["AIRFLOW"], "-c", RUN], env=variables, capture_output=True, text=True, check=False, timeout=300
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("ENDED ")]
    assert lines, done.stdout[-3000:] + done.stderr[-3000:]
    return dict(json.loads(lines[-1].removeprefix("ENDED ")))


def champion(project: Path) -> dict[str, int]:
    aliases = open_registry(f"file:{project}/registry").head("flights").aliases
    return {alias: version.number for alias, version in aliases.items() if version}


def test_a_good_model_is_promoted_and_a_bad_one_keeps_the_champion_on_a_green_run(
    airflow: Mapping[str, str], project: Path
) -> None:
    assert set(ended(airflow, project).values()) == {"success"}
    assert champion(project) == {"champion": 1}
    (project / "train.py").write_text((project / "train.py").read_text().replace('"bad" in sys.argv', "True"))
    states = ended(airflow, project)
    assert (states["run"], states["quality_gate"], states["promote_champion"]) == ("success", "skipped", "skipped")
    assert states["evaluate_model"] == "success"
    assert champion(project) == {"champion": 1}


def test_a_mistake_fails_the_run(airflow: Mapping[str, str], project: Path) -> None:
    (project / "contract.yaml").write_text("nonsense: []\n")
    states = ended(airflow, project)
    assert (states["run"], states["validate_data"]) == ("failed", "failed")
    assert states["promote_champion"] == "upstream_failed"
