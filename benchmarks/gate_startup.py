"""quality-gate as a process on a warm environment, beside `python -c 'import numpy, pydantic'`.

    python benchmarks/gate_startup.py [--runs 15]

Both run in turn, so that a busy machine slows both, and medians are compared. The target is a ratio of 2 or less. The
environment is the locked one that the action runs in, as `python/launch` makes it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "python/src"
TARGET = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15, help="of each, at least 7")
    runs = max(7, parser.parse_args().runs)
    install = [sys.executable, "-I", str(ROOT / "python/requirements/install.py"), "core"]
    python = subprocess.run(install, check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        gate = gate_command(python, Path(folder))
        imports = [python, "-c", "import numpy, pydantic"]
        for command in (gate, imports):  # compiled and in the page cache before it counts
            seconds(command, Path(folder))
        times = [(seconds(gate, Path(folder)), seconds(imports, Path(folder))) for _ in range(runs)]
    ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"quality-gate          {ours * 1000:6.0f} ms, median of {runs}")
    print(f"import numpy, pydantic {theirs * 1000:5.0f} ms")
    print(f"ratio                 {ours / theirs:6.2f}, at most {TARGET}")
    return int(ours / theirs > TARGET)


def gate_command(python: str, folder: Path) -> list[str]:
    """A gate over three rules of a metrics file about a model: read, judge, write the verdict."""
    (folder / "model.joblib").write_bytes(b"a model is only hashed here")
    (folder / "metrics.json").write_text(json.dumps({"accuracy": 0.93, "roc_auc": 0.97, "log_loss": 0.2}))
    rules = "accuracy > 0.9\nroc_auc > 0.95\nlog_loss < 0.3"
    return [
        *(python, "-P", "-m", "mlops_actions", "quality-gate", "--name", "startup"),
        *("--model", "model.joblib", "--metrics-file", "metrics.json", "--rules", rules, "--evidence", "evidence"),
    ]


def seconds(command: list[str], folder: Path) -> float:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(SOURCE)}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return taken


if __name__ == "__main__":
    sys.exit(main())
