"""evaluation: every metric of one model on one data set, with what a bound at any confidence needs."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from mlops_actions.evidence.statement import Document, Predicate, Sha256
from mlops_actions.statistics.estimate import Estimate

Task = Literal["binary", "multiclass", "regression"]


class EstimateRecord(Document):
    """An estimate as stored: a shown interval, and beside it every field of `Estimate.to_dict`."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="allow")

    value: float | None
    lower: float | None = Field(description="One-sided bound at `confidence`; null when undefined.")
    upper: float | None = Field(description="One-sided bound at `confidence`; null when undefined.")
    confidence: float
    method: str

    @classmethod
    def of(cls, estimate: Estimate, confidence: float) -> EstimateRecord:
        """Store an estimate, with its bounds at one confidence for people to read."""
        bounds = {"lower": _finite(estimate.lower(confidence)), "upper": _finite(estimate.upper(confidence))}
        return cls.model_validate({**estimate.to_dict(), **bounds, "confidence": confidence})

    def estimate(self) -> Estimate:
        """The estimate, ready to give a bound at any confidence."""
        stored: dict[str, Any] = self.model_dump()
        return Estimate.from_dict({key: stored[key] for key in stored if key not in {"lower", "upper", "confidence"}})


class Slice(Document):
    """The rows where one column has one value (or a cross of columns)."""

    column: str
    value: str
    n: int
    estimates: dict[str, EstimateRecord]
    champion: dict[str, EstimateRecord] = {}
    differences: dict[str, EstimateRecord] = {}


class Timing(Document):
    """How long scoring took."""

    load_seconds: float
    score_seconds: float
    latency_p95_ms: float | None = Field(None, description="Of single-row calls.")


class Evaluation(Predicate):
    """About the model: its digest is the subject."""

    KIND: ClassVar[str] = "evaluation"

    task: Task
    n: int = Field(description="Rows scored.")
    target: str
    positive_label: str | None = None
    features: list[str] = Field(description="Columns that were handed to the scorer.")
    unavailable: list[str] = Field([], description="Columns kept from the scorer: not available at prediction time.")
    cluster: list[str] = Field([], description="Columns whose equal values make rows dependent.")
    champion_sha256: Sha256 | None = Field(None, description="The champion scored on the same rows.")
    champion_name: str | None = None
    estimates: dict[str, EstimateRecord] = {}
    champion: dict[str, EstimateRecord] = {}
    differences: dict[str, EstimateRecord] = Field({}, description="Candidate − champion, paired.")
    slices: list[Slice] = []
    fairness: list[dict[str, Any]] = []
    isolation: Literal["strict", "process", "none"]
    size_bytes: int = Field(description="Of the model.")
    timing: Timing | None = None


def _finite(bound: float) -> float | None:
    return bound if abs(bound) < float("inf") else None
