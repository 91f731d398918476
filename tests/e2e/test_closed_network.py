"""A runner that reaches one package index of its own, and nothing else."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.checkout import ROOT
from harness.machine import bare_path

LOCKS = ROOT / "python/requirements"
NOWHERE = "http://127.0.0.1:9"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mirror of what the locks name, as `pip download` fills one: the URL of its simple index."""
    folder = tmp_path_factory.mktemp("mirror")
    files = folder / "files"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    for lock in ("all.txt", "uv.txt"):
        download = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        subprocess.run([folder / "venv/bin/pip", *download, "--dest", files, "--requirement", LOCKS / lock], check=True)
    for wheel in files.glob("*.whl"):
        name = re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()
        place = folder / "simple" / name
        place.mkdir(parents=True, exist_ok=True)
        shutil.move(wheel, place)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def environment(index: str, tmp_path: Path) -> dict[str, str]:
    """An empty home and tool cache, a minimal PATH, and every way to the outside ending nowhere."""
    return {
        "PATH": bare_path(tmp_path / "bin"),
        "HOME": str(tmp_path / "home"),
        "RUNNER_TOOL_CACHE": str(tmp_path / "tools"),
        "LANG": "C.UTF-8",
        "PIP_INDEX_URL": index,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), NOWHERE),
    }


@pytest.mark.parametrize(
    "action", ["validate-data", "evaluate-model", "quality-gate", "promote-champion", "canary-deploy"]
)
def test_every_action_starts_from_a_mirror_alone(environment: dict[str, str], tmp_path: Path, action: str) -> None:
    launch = [str(ROOT / "python/launch"), action, "--help"]
    done = subprocess.run(launch, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: mlops-actions {action}")


def test_without_the_mirror_the_message_says_what_failed(environment: dict[str, str], tmp_path: Path) -> None:
    launch = [str(ROOT / "python/launch"), "quality-gate", "--help"]
    closed = {**environment, "PIP_INDEX_URL": f"{NOWHERE}/simple", "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
    done = subprocess.run(launch, env=closed, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    assert "The action's environment could not be made; the reason is printed above." in done.stderr
    assert [path.name for path in (tmp_path / "tools/mlops-actions").iterdir()] == ["lock"]


def test_no_host_of_githubs_is_built_in() -> None:
    """GitHub Enterprise Server has names of its own: they come from GITHUB_API_URL and GITHUB_SERVER_URL."""
    search = ["git", "-C", str(ROOT), "grep", "-lE", r"github(usercontent)?\.com", "--", "python/src", "python/launch"]
    found = subprocess.run(search, capture_output=True, text=True, check=False).stdout.splitlines()
    asked_by_nobody_here = {
        "onboarding/pinning.py",  # like the templates: what init writes into files of the user
        "schemas.py",  # where an editor finds the standard's own schema
        "tables/delta.py",  # where the protocol is described
    }
    named = {path.removeprefix("python/src/mlops_actions/") for path in found}
    assert {one for one in named - asked_by_nobody_here if not one.startswith("onboarding/templates/")} == set()
