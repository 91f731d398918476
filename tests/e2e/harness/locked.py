"""A consumer's project that uv has locked, to what the tests run with and is on this machine already."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from harness.checkout import ROOT

UV = Path(sys.executable).with_name("uv")
TEST = """
from pathlib import Path

def test_the_label_is_no_feature():
    assert 'FEATURES = ["wind", "rain"]' in Path("train.py").read_text()
"""


def lock(project: Path, example: str) -> dict[str, str]:
    """Writes pyproject.toml of the example, its lock and a test.

    Returns what a job's environment needs to find uv, and what uv and Go have downloaded before.
    """
    here = f"python_version >= '{sys.version_info.major}.{sys.version_info.minor}'"
    versions = [f"{one.name}=={one.version} ; {here}" for one in distributions() if one.name != "mlops-actions"]
    constrained = f"[tool.uv]\nconstraint-dependencies = {versions}\n"
    written = (ROOT / "examples" / example / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(written + constrained)
    (project / "test_train.py").write_text(TEST)
    subprocess.run([UV, "lock", "--quiet", "--python", sys.executable], cwd=project, check=True)
    cache = subprocess.run([UV, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    known = ["go", "env", "-json", "GOCACHE", "GOMODCACHE"]
    go = json.loads(subprocess.run(known, capture_output=True, text=True, check=True).stdout)
    return {**go, "SETUP_UV": str(UV), "UV_CACHE_DIR": cache, "UV_PYTHON": sys.executable}
