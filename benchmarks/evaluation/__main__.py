"""evaluate-model beside its peers: the same rows and the same model, in turn, each in an environment of its own.

    python benchmarks/evaluation [--rounds 5] [--write]     `--write` puts the tables into RESULTS.md

Each measurement is a process that prints seconds and peak memory as JSON. A round runs every one of them once, so
that a busy machine slows all; medians are compared. The peers' environments are made by uv in the user's cache.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from results import write_section  # noqa: E402  a script's neighbour

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mlops-actions-benchmarks"
ENVIRONMENTS = {
    "scores": [
        "scikit-learn==1.9.1",
        "scipy==1.17.1",
        "pandas==3.1.1",
        "fairlearn==0.15.0",
        "confidenceinterval==1.0.5",
    ],
    "mlflow": ["mlflow==3.17.2", "scikit-learn==1.9.1", "pandas==3.1.1", "joblib==1.6.0", "pyarrow"],
}
TIMED_RESAMPLES, RESAMPLES = 3, 1000


@dataclass(frozen=True)
class Target:
    """What is promised of one measurement against another, or against a number."""

    what: str
    ours: str
    peer: str | None
    """The measurement that ours is compared with; None for a limit in seconds."""
    limit: float
    """Largest ratio ours / peer, or largest seconds."""
    scale: float = 1.0
    """What the peer's seconds are multiplied with, where it ran a part of its work only."""


SCALED = RESAMPLES / TIMED_RESAMPLES
TARGETS = (
    Target("1M rows, after scoring: 12 metrics with intervals, a champion, 200 slices", "table", None, 1.5),
    Target("1M rows: 12 metrics with intervals, beside scikit-learn's without", "metrics", "sklearn-report", 1.0),
    Target("1M rows: interval of the AUC, scipy's bootstrap of 1,000", "auc", "scipy-bootstrap", 1 / 1000, SCALED),
    Target("1M rows: interval of the AUC, `confidenceinterval`", "auc", "confidenceinterval", 1 / 5),
    Target("1M rows: 200 slices × 10 metrics, Fairlearn's MetricFrame", "slices", "fairlearn", 1 / 300),
    Target("process, 1M rows × 20 features, `mlflow.models.evaluate`", "process-million", "mlflow-million", 1 / 5),
    Target("process, 100,000 rows × 20 features, the same", "process", "mlflow", 1 / 5),
    Target("process, 500 rows, model load included", "small", None, 2.0),
)
LIMIT_MEGABYTES = 600


@dataclass
class Measured:
    """What the rounds found of one measurement."""

    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        return f"{_shown(self.median)} ({_shown(min(self.seconds))} to {_shown(max(self.seconds))})"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="measure only names that begin so")
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    options = parser.parse_args()
    peers = {name: environment(name, packages) for name, packages in ENVIRONMENTS.items()}
    with tempfile.TemporaryDirectory(prefix="mlops-bench-") as folder:
        run([str(peers["mlflow"]), str(HERE / "inputs.py"), folder], Path(folder))
        works = commands(peers)
        works = {name: work for name, work in works.items() if name.startswith(options.only or "")}
        found = {name: Measured() for name in works}
        load = os.getloadavg()[0]
        for number in range(options.rounds):
            for name, command in works.items():
                measure(found[name], command, Path(folder))
            print(f"round {number + 1} of {options.rounds}: load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    text = report(found, options.rounds, load)
    print(text)
    if options.write:
        write_section("evaluation", text)
    return int("no" in {verdict for *_cells, verdict in rows(found)})


def environment(name: str, packages: Sequence[str]) -> Path:
    """The interpreter of a peer's environment, made the first time."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if uv is None:
        raise SystemExit("uv makes the peers' environments and is not there: run `make setup`")
    folder = CACHE / f"{name}-{abs(hash_of(packages)):x}"
    if not (folder / ".made").exists():
        print(f"making {folder}", file=sys.stderr)
        subprocess.run([uv, "venv", "--quiet", "--clear", str(folder)], check=True)
        python = str(folder / "bin/python")
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *packages], check=True
        )
        (folder / ".made").touch()
    return folder / "bin/python"


def hash_of(packages: Sequence[str]) -> int:
    """The same number for the same packages in every run."""
    from zlib import crc32

    return crc32(" ".join(packages).encode())


def commands(peers: Mapping[str, Path]) -> dict[str, list[str]]:
    """Name → the process that measures it."""
    ours = [sys.executable, str(HERE / "ours.py")]
    scores, mlflow = str(peers["scores"]), str(peers["mlflow"])
    action = [*(str(Path(sys.executable).parent / "mlops-actions"), "evaluate-model", "--model", "model.joblib")]
    action += ["--target", "y", "--champion", "champion.joblib", "--python", mlflow, "--champion-python", mlflow]
    alone = [*action[:4], "--target", "y", "--python", mlflow]
    return {
        **{name: [*ours, name] for name in ("table", "metrics", "auc", "slices")},
        "sklearn-report": [scores, str(HERE / "peers.py"), "sklearn-report"],
        "scipy-bootstrap": [scores, str(HERE / "peers.py"), "scipy-bootstrap", str(TIMED_RESAMPLES)],
        "confidenceinterval": [scores, str(HERE / "peers.py"), "confidenceinterval"],
        "fairlearn": [scores, str(HERE / "peers.py"), "fairlearn"],
        "process": [*alone, "--data", "rows.parquet"],
        "mlflow": [mlflow, str(HERE / "peers.py"), "mlflow", "rows.parquet"],
        "process-million": [*alone, "--data", "million.parquet"],
        "mlflow-million": [mlflow, str(HERE / "peers.py"), "mlflow", "million.parquet"],
        "small": [*alone, "--data", "few.parquet"],
        "small-champion": [*action, "--data", "few.parquet"],
    }


def measure(into: Measured, command: Sequence[str], folder: Path) -> None:
    """One run; what prints no JSON is timed from outside, from the start of the process to its end."""
    start = time.perf_counter()
    output = run(command, folder)
    taken = time.perf_counter() - start
    last = output.strip().splitlines()[-1] if output.strip() else ""
    try:
        told = json.loads(last)
    except ValueError:
        told = {"seconds": taken}
    into.seconds.append(told["seconds"])
    into.megabytes.append(told.get("megabytes", 0.0))
    into.note = told.get("note", "")


def run(command: Sequence[str], folder: Path) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def rows(found: Mapping[str, Measured]) -> list[tuple[str, str, str, str, str]]:
    """What, ours, the peer, the ratio with its target, and whether it is kept."""
    lines = []
    for target in TARGETS:
        if target.ours not in found or (target.peer or target.ours) not in found:
            continue
        ours = found[target.ours]
        if target.peer is None:
            kept = ours.median <= target.limit
            lines.append((target.what, ours.spread, "–", f"at most {target.limit:g} s", "yes" if kept else "no"))
            continue
        peer = found[target.peer]
        theirs = peer.median * target.scale
        note = f", {peer.note}" if peer.note else ""
        ratio = ours.median / theirs
        asked = f"1/{1 / ratio:,.0f}" if ratio < 0.5 else f"{ratio:.2f} ×"
        limit = f"1/{1 / target.limit:,.0f}" if target.limit < 1 else f"{target.limit:g} ×"
        shown = f"{_shown(theirs)} ({_shown(min(peer.seconds) * target.scale)} to "
        shown += f"{_shown(max(peer.seconds) * target.scale)}{note})"
        kept = ratio <= target.limit
        lines.append((target.what, ours.spread, shown, f"{asked} (at most {limit})", "yes" if kept else "no"))
    if "table" in found:
        peak = max(found["table"].megabytes)
        kept = peak <= LIMIT_MEGABYTES
        limit = f"at most {LIMIT_MEGABYTES} MB"
        lines.append(("… its peak memory, the rows included", f"{peak:.0f} MB", "–", limit, "yes" if kept else "no"))
    if "small-champion" in found:
        lines.append(("process, 500 rows, with a champion", found["small-champion"].spread, "–", "–", "–"))
    return lines


def report(found: Mapping[str, Measured], rounds: int, load: float) -> str:
    """Markdown: the machine, then one line a target."""
    versions = ", ".join(
        one for packages in ENVIRONMENTS.values() for one in packages if "mlflow" in one or "fair" in one
    )
    head = (
        f"`python benchmarks/evaluation --write`: medians (least to most) of {rounds} rounds, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the beginning. {versions}.\n"
    )
    table = ["| what | ours | peer | target | kept |", "|---|---|---|---|---|"]
    table += [f"| {' | '.join(cells)} |" for cells in rows(found)]
    return "\n".join([head, *table])


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s" if seconds < 20 else f"{seconds:,.0f} s"


if __name__ == "__main__":
    sys.exit(main())
