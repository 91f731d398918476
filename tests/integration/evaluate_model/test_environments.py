"""Environments that uv makes from a model's own requirements, with packages small enough to fetch in a test."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evaluate_model.scoring.environments import find_environment, make_environment

from .conftest import Evaluate


@pytest.fixture(autouse=True)
def _kept_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # uv lies there


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """The wheel of a package `tiny` 1.0, beside which requirements can be written."""
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    about = "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "answer = 42\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", f"tiny.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return path


def written(folder: Path, text: str, name: str = "requirements.txt") -> Path:
    (folder / name).write_text(text)
    return folder / name


def answer(executable: str) -> str:
    code = "import tiny; print(tiny.answer)"
    return subprocess.run([executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_requirements_become_an_environment_that_a_later_run_finds(wheel: Path) -> None:
    file = written(wheel.parent, "./tiny-1.0-py3-none-any.whl\n")
    first = make_environment(file, sys.executable)
    assert answer(first.executable) == "42"
    wheel.unlink()  # a second install would fail
    assert make_environment(file, sys.executable).executable == first.executable


def test_other_requirements_are_another_environment_also_where_an_included_file_differs(wheel: Path) -> None:
    included = written(wheel.parent, "./tiny-1.0-py3-none-any.whl\n", "more.txt")
    file = written(wheel.parent, "-r more.txt\n")
    first = make_environment(file, sys.executable)
    included.write_text("# the same package\n./tiny-1.0-py3-none-any.whl\n")
    assert make_environment(file, sys.executable).executable != first.executable


def test_a_folder_of_an_mlflow_model_says_its_python_and_requirements(wheel: Path) -> None:
    written(wheel.parent, "./tiny-1.0-py3-none-any.whl\n")
    version = ".".join(map(str, sys.version_info[:2]))
    written(wheel.parent, f"python: {version}\n", "python_env.yaml")
    interpreter = find_environment(str(wheel.parent), "python3")
    assert interpreter.version.startswith(version)
    assert answer(interpreter.executable) == "42"


def test_a_lock_of_uv_is_installed_without_the_project(wheel: Path) -> None:
    written(
        wheel.parent,
        "[project]\nname = 'mine'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['tiny']\n"
        "[tool.uv.sources]\ntiny = { path = 'tiny-1.0-py3-none-any.whl' }\n",
        "pyproject.toml",
    )
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "lock", "--quiet", "--offline"], cwd=wheel.parent, check=True)
    assert answer(make_environment(wheel.parent / "uv.lock", sys.executable).executable) == "42"


@pytest.mark.parametrize("line", ["-e ./package", "--editable=./package", "./package"])
def test_nothing_is_built_since_that_would_run_its_code(tmp_path: Path, line: str) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "setup.py").write_text(
        f"import setuptools; open({str(tmp_path / 'ran')!r}, 'w'); setuptools.setup(name='package')"
    )
    with pytest.raises(InputError):
        make_environment(written(tmp_path, f"{line}\n"), sys.executable)
    assert not (tmp_path / "ran").exists()


def test_requirements_that_cannot_be_met_are_a_wrong_input_in_uvs_words(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        make_environment(written(tmp_path, "tiny==99\n"), sys.executable)
    message = str(caught.value)
    assert message.startswith("environment: no environment could be made from ")
    assert "your requirements are unsatisfiable" in " ".join(message.split())
    assert not list((tmp_path / "cache" / "mlops-actions").glob("model-*"))


def test_an_index_that_cannot_be_reached_is_the_outside_worlds_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(OutsideError, match="Connection refused"):
        make_environment(written(tmp_path, "tiny==1.0\n"), sys.executable)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.txt", "environment: there is no file 'gone.txt'. Give a "),
        ("conda.yaml", "environment: 'conda.yaml' is no requirements file that uv reads. Give a "),
        (".", "environment: the folder '.' holds no requirements. Give a "),
    ],
)
def test_what_is_no_requirements_file_is_told_what_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "", "conda.yaml")
    with pytest.raises(InputError) as caught:
        make_environment(Path(name), sys.executable)
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith(
        "requirements.txt, pylock.toml, uv.lock, pyproject.toml, or a folder with one of them."
    )


def test_a_version_without_requirements_means_the_python_of_that_name_on_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'python3.99' does not exist"):
        find_environment(None, "3.99")


def test_a_model_is_scored_in_the_environment_of_its_requirements(
    evaluate: Evaluate, trained: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_NO_INDEX")
    names = ("joblib", "numpy", "pandas", "scikit-learn")
    written(folder, "".join(f"{name}=={version(name)}\n" for name in names))
    found = evaluate(trained, environment="requirements.txt")
    assert found.result == "pass"
    assert found.environment
    installed = found.environment.packages
    assert {name: installed.get(name) for name in names} == {name: version(name) for name in names}
    assert found.environment.python == platform.python_version()
    assert found.environment.platform == platform.platform()
