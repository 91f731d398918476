"""The flight-delay project, copied to a temporary folder and run in its own locked environment."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "examples" / "flight-delay"
GENERATED = shutil.ignore_patterns(".*", "__pycache__", "build", "data", "registry", "mlops-evidence")


@pytest.fixture(scope="session")
def python() -> Path:
    """The interpreter of the project's environment, which is made if it is not there."""
    root = SOURCE.parents[1]
    subprocess.run(["make", "--no-print-directory", "example"], cwd=root, check=True)
    return SOURCE / ".venv" / "bin" / "python"


@pytest.fixture(scope="session")
def project(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the project, with its data prepared and the models that are served trained."""
    folder = tmp_path_factory.mktemp("example") / "flight-delay"
    shutil.copytree(SOURCE, folder, ignore=GENERATED)
    subprocess.run([python, "prepare.py"], cwd=folder, check=True)
    subprocess.run([python, "train.py", "weather", "fragile"], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="session")
def run(python: Path, project: Path) -> Callable[..., str]:
    """What a script of the project prints; a failure shows all of it."""

    def run_script(*arguments: str) -> str:
        done = subprocess.run(
            [python, *arguments], cwd=project, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run_script
