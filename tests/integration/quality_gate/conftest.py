"""Statements and a registry as the other actions leave them, and the gate run on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.evidence import EvidenceStore, Material, Predicate, Provenance, Statement, digest_path
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.quality_gate.action import Inputs, run
from mlops_actions.registries import Author, open_registry
from mlops_actions.statistics.estimate import Estimate


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("model", "champion", "other"):
        Path(f"{name}.joblib").write_bytes(name.encode() * 100)
    Path("test.csv").write_text("late\n1\n")


def sha256(name: str) -> str:
    return digest_path(f"{name}.joblib")


def record(value: float, se: float, scale: str = "identity") -> EstimateRecord:
    return EstimateRecord.of(Estimate(value, se, 60, 5000, 5000, 61, scale, "delong"), 0.95)


def write(about: str, predicate: Predicate, *, days_ago: float = 0) -> Path:
    """Store a statement as the runner does."""
    finished = datetime.now(UTC) - timedelta(days=days_ago)
    made = predicate.model_copy(update={"provenance": Provenance(tool="0", started=finished, finished=finished)})
    subject = digest_path(about)
    return EvidenceStore("mlops-evidence").write(Statement(about, subject, made))


def evaluation(*, champion: str | None = None, data: str = "test.csv", **changes: Any) -> Evaluation:
    """AUC 0.75, shown to be 0.02 better than the champion by day, where there is one."""
    against: dict[str, Any] = {}
    if champion is not None:
        against = {
            "champion_sha256": champion,
            "champion_name": "@champion",
            "champion": {"roc_auc": record(0.73, 0.01, "logit")},
            "differences": {"roc_auc": record(0.02, 0.005)},
        }
    known: dict[str, Any] = {
        "result": "pass",
        "materials": [Material(name="data", uri=data, digest={"sha256": digest_path(data)})],
        "task": "binary",
        "n": 5000,
        "target": "late",
        "features": ["hour"],
        "cluster": ["day"],
        "estimates": {"roc_auc": record(0.75, 0.01, "logit")},
        "isolation": "process",
        "size_bytes": 2_500_000,
    }
    return Evaluation.model_validate({**known, **against, **changes})


def promote(*models: str) -> None:
    """Let the alias `champion` name each model in turn."""
    registry = open_registry("file:registry")
    for model in models:
        blob = registry.store(Path(f"{model}.joblib"), sha256(model))
        assert registry.point(registry.head("flights"), "champion", blob, "promote", Author("a test")) is not None


def gate(rules: str | None, **inputs: Any) -> Statement[Verdict]:
    return run(Inputs(rules=rules, registry="file:registry", name="flights", **inputs))
