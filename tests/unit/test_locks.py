"""What each action's environment holds, read from the locked requirements."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = {path.stem: path for path in (ROOT / "python" / "requirements").glob("*.txt")}
EXTRAS = {"aws", "azure", "spark-connect"}
"""What `launch` adds to an environment where a location asks for it."""
HEAVY = {"pandas", "scikit-learn", "scipy", "duckdb", "narwhals", "pyarrow", "joblib"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pins(path: Path) -> dict[str, set[str]]:
    """Package → versions; several where they differ by Python's version."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=; \[]", requirement)[0] for requirement in requirements}


def test_there_is_a_lock_for_every_environment() -> None:
    assert set(LOCKS) == {"all", "core", "data", "dev", "envoy", "uv"} | EXTRAS


@pytest.mark.parametrize("lock", ["core", "envoy", "aws", "azure"])
def test_gate_promotion_and_canary_are_light(lock: str) -> None:
    assert not HEAVY & set(pins(LOCKS[lock]))


def test_each_environment_holds_what_its_actions_need() -> None:
    core, data, envoy = (
        names(PROJECT["dependencies"]),
        names(PROJECT["optional-dependencies"]["data"]),
        names(PROJECT["optional-dependencies"]["envoy"]),
    )
    assert core <= set(pins(LOCKS["core"]))
    assert core | data <= set(pins(LOCKS["data"]))
    assert core | envoy <= set(pins(LOCKS["envoy"]))
    assert core | data | envoy <= set(pins(LOCKS["all"]))
    for extra in EXTRAS:
        assert names(PROJECT["optional-dependencies"][extra]) <= set(pins(LOCKS[extra]))


@pytest.mark.parametrize("lock", sorted(LOCKS))
def test_every_pin_has_hashes_and_nothing_says_where_it_comes_from(lock: str) -> None:
    text = LOCKS[lock].read_text()
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9-]+==\S+", entry)
        assert "--hash=sha256:" in entry
    assert "://" not in text


@pytest.mark.parametrize("lock", sorted(set(LOCKS) - {"dev"} - EXTRAS))
def test_all_environments_are_parts_of_one_resolution(lock: str) -> None:
    whole = pins(LOCKS["dev"])
    assert all(versions <= whole[name] for name, versions in pins(LOCKS[lock]).items())


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_what_is_added_agrees_with_every_environment_and_with_what_else_is_added(extra: str) -> None:
    added = pins(LOCKS[extra])
    for other in set(LOCKS) - {"dev", extra}:
        there = pins(LOCKS[other])
        assert {name: added[name] for name in added.keys() & there.keys()} == {
            name: there[name] for name in added.keys() & there.keys()
        }


@pytest.mark.parametrize("action", ["quality_gate", "promote_champion", "canary_deploy"])
def test_a_light_action_imports_nothing_heavy(action: str) -> None:
    code = f"import sys, mlops_actions.{action}.action; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "sklearn", "scipy", "duckdb", "narwhals", "jinja2", "requests", "obstore"} & set(modules)


def test_no_cloud_is_imported_before_a_location_names_it() -> None:
    code = (
        "import sys, mlops_actions.cli, mlops_actions.registries, mlops_actions.promote_champion.action\n"
        "import mlops_actions.canary_deploy.action\n"
        "ours = ('mlops_actions.clouds', *(f'mlops_actions.registries.{name}' for name in sys.argv[1:]))\n"
        "print([name for name in sys.modules if name.startswith(('azure', 'boto', *ours))])"
    )
    hosted = ["azureml", "hosted", "huggingface", "mlflow", "sagemaker", "wandb"]
    done = subprocess.run([sys.executable, "-c", code, *hosted], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
