"""A project whose models are judged by statements written as quality-gate writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops_actions.evidence import EvidenceStore, Predicate, Provenance, Result, Statement, digest_path
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation
from mlops_actions.evidence.promotion import Promotion
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.evidence.training import Training
from mlops_actions.policy.case import case_of
from mlops_actions.policy.document import inline_policy
from mlops_actions.policy.facts import Champion
from mlops_actions.policy.judging.judge import Terms
from mlops_actions.policy.verdicts import reach_verdict
from mlops_actions.promote_champion.action import Inputs, run
from mlops_actions.registries import Registry, open_registry
from mlops_actions.statistics.estimate import Estimate

NAME = "delay"
TEST_SET = "e" * 64
RULES = "roc_auc > 0.6\nroc_auc >= champion"


def record(value: float, se: float) -> EstimateRecord:
    return EstimateRecord.of(Estimate(value, se, 60, 5000, 5000, 61, "identity", "mean"), 0.95)


@dataclass
class Project:
    """A folder with models, evidence and a registry; the current directory is in it."""

    evidence: str = "evidence"
    registry_location: str = "file:registry"
    minute: int = 0
    name: str = NAME

    @property
    def registry(self) -> Registry:
        return open_registry(self.registry_location)

    def champion(self) -> str | None:
        version = self.registry.head(self.name).aliases.get("champion")
        return version.sha256 if version else None

    def model(self, content: str, path: str | None = None) -> str:
        """Write a model and return its path."""
        path = path or f"build/{content}.joblib"
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(content)
        return path

    def judged(self, path: str, result: Result = "pass", champion: str | None = "now") -> str:
        """A model's verdict against a champion, by default the present one; reached as the gate does."""
        against = self.champion() if champion == "now" else champion
        self.evaluated(path, result, against)
        store = EvidenceStore(self.evidence)
        policy = inline_policy(RULES)
        state = Champion("compared", against) if against else Champion("never", None, "there was none.")
        case = case_of(store, store.find(Evaluation, digest_path(path))[-1], policy.rules, lambda: state)
        return self.state(path, reach_verdict(case, policy, Terms(0.95, False, "skip", date(2026, 1, 1))))

    def evaluated(self, path: str, result: Result = "pass", champion: str | None = None) -> str:
        """An evaluation on which the gate comes to this result."""
        value, se = {"pass": (0.8, 0.01), "fail": (0.4, 0.01), "inconclusive": (0.62, 0.05)}[result]
        against = {
            "champion_sha256": champion,
            "champion_name": "old.joblib",
            "champion": {"roc_auc": record(0.7, 0.01)},
            "differences": {"roc_auc": record(0.1, 0.01)},
        }
        evaluation = {
            "result": "pass",
            "task": "binary",
            "n": 5000,
            "target": "late",
            "features": ["hour"],
            "materials": [{"name": "data", "uri": "test.csv", "digest": {"sha256": TEST_SET}}],
            "estimates": {"roc_auc": record(value, se)},
            "isolation": "process",
            "size_bytes": 100,
        }
        return self.state(path, Evaluation.model_validate(evaluation | (against if champion else {})))

    def trained(self, path: str) -> str:
        return self.state(path, Training(result="pass", command=["train"], exit_code=0, seconds=1))

    def rolled_out(self, path: str, result: Result, **other: Any) -> str:
        rollout = Rollout(
            result=result,
            target="envoy:admin",
            strategy="canary",
            outcome="promoted" if result == "pass" else "rolled-back",
            identity="verified",
            steps=[100],
            looks=[],
            weights=[],
            alpha=0.05,
            error_margin=0.01,
            dispersion=1,
        )
        return self.state(path, rollout.model_copy(update=other))

    def state(self, path: str, predicate: Predicate) -> str:
        """Store a statement, each a minute after the one before; returns its path."""
        self.minute += 1
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=self.minute)
        provenance = Provenance(tool="0.1.0", started=moment, finished=moment)
        stated = predicate.model_copy(update={"provenance": provenance})
        return str(EvidenceStore(self.evidence).write(Statement(path, digest_path(path), stated)))

    def inputs(self, **given: Any) -> Inputs:
        fields = {"name": self.name, "registry": self.registry_location, "evidence": self.evidence, **given}
        return Inputs.model_validate(fields)

    def promote(self, model: str | None = None, **given: Any) -> Statement[Promotion]:
        return run(self.inputs(model=model, **given))

    def promoted(self, content: str) -> str:
        """Judge and promote a model; returns its digest."""
        path = self.model(content)
        self.judged(path)
        statement = self.promote(path)
        assert statement.predicate.result == "pass"
        return statement.sha256

    def files(self) -> dict[str, bytes]:
        """Everything that lies in the registry."""
        return {str(path): path.read_bytes() for path in sorted(Path("registry").rglob("*")) if path.is_file()}
