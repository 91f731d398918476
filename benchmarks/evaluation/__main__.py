"""evaluate-model beside its peers: the same rows and the same model, in turn, each in an environment of its own.

    python benchmarks/evaluation [--rounds 5] [--write]     `--write` puts the tables into RESULTS.md

Each measurement is a process that prints seconds and peak memory as JSON. A round runs every one of them once, so
that a busy machine slows all; medians are compared. The peers' environments are made by uv in the user's cache.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from results import write_section  # noqa: E402  a script's neighbours
from side_by_side import Measured, Target, environment, measure, rows, run, table  # noqa: E402

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
    Target("… memory of the first, the rows included", "table", None, 600, of="megabytes"),
    Target("process, 500 rows, with a champion", "small-champion"),
)


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
        load = os.getloadavg()[0]
        found = measure(works, Path(folder), options.rounds)
    text = report(found, options.rounds, load)
    print(text)
    if options.write:
        write_section("evaluation", text)
    return int("no" in {verdict for *_cells, verdict in rows(TARGETS, found)})


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


def report(found: Mapping[str, Measured], rounds: int, load: float) -> str:
    """Markdown: the machine, then one line a target."""
    versions = ", ".join(
        one for packages in ENVIRONMENTS.values() for one in packages if "mlflow" in one or "fair" in one
    )
    head = (
        f"`python benchmarks/evaluation --write`: medians (least to most) of {rounds} rounds, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the beginning. {versions}.\n"
    )
    return f"{head}\n{table(['what', 'ours', 'peer', 'target', 'kept'], rows(TARGETS, found))}"


if __name__ == "__main__":
    sys.exit(main())
