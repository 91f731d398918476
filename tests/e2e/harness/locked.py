"""A consumer's project that uv has locked, to what the tests run with and is on this machine already."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from harness.checkout import ROOT

UV = Path(sys.executable).with_name("uv")


def lock(project: Path, example: str) -> dict[str, str]:
    """Writes pyproject.toml of the example and its lock. Returns what jobs need to find uv, and what uv and Go have."""
    here = f"python_version >= '{sys.version_info.major}.{sys.version_info.minor}'"
    versions = [f"{one.name}=={one.version} ; {here}" for one in distributions() if one.name != "mlops-actions"]
    constrained = f"[tool.uv]\nconstraint-dependencies = {versions}\n"
    written = (ROOT / "examples" / example / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(written + constrained)
    subprocess.run([UV, "lock", "--quiet", "--python", sys.executable], cwd=project, check=True)
    cache = subprocess.run([UV, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    known = ["go", "env", "-json", "GOCACHE", "GOMODCACHE"]
    go = json.loads(subprocess.run(known, capture_output=True, text=True, check=True).stdout)
    return {**go, "SETUP_UV": str(UV), "UV_CACHE_DIR": cache, "UV_PYTHON": sys.executable}
