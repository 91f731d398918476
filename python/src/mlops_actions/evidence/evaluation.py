"""evaluation: every metric of one model on one data set, with what a bound at any confidence needs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlops_actions.evidence.curves import Curves
from mlops_actions.evidence.statement import Document, Predicate, Sha256
from mlops_actions.statistics.estimate import Estimate

Task = Literal["binary", "multiclass", "regression", "scores"]


class EstimateRecord(Document):
    """An estimate as stored: its fields, and an interval at one confidence for people to read."""

    value: float | None = Field(description="Null where the metric is not defined.")
    lower: float | None = Field(description="One-sided bound at `confidence`; null when undefined.")
    upper: float | None = Field(description="One-sided bound at `confidence`; null when undefined.")
    confidence: float
    method: str
    se: float | None
    df: float | None = Field(description="Null: unlimited.")
    n: int = Field(description="Rows in the metric's denominator.")
    n_effective: float | None
    clusters: int
    scale: str
    gained: float | None = None
    lost: float | None = None

    @classmethod
    def of(cls, estimate: Estimate, confidence: float) -> EstimateRecord:
        """Store an estimate with its bounds at one confidence."""
        bounds = {"lower": _finite(estimate.lower(confidence)), "upper": _finite(estimate.upper(confidence))}
        return cls.model_validate({**estimate.to_dict(), **bounds, "confidence": confidence})

    def estimate(self) -> Estimate:
        """The estimate, ready to give a bound at any confidence."""
        return Estimate.from_dict(self.model_dump())


class Slice(Document):
    """The rows where one column has one value (or a cross of columns)."""

    column: str = Field(description="What cuts the rows, as written in `slices`: `carrier`, `carrier & distance[4]`.")
    value: str = Field(description="Such as `AA`, or `AA & >= 500` for a cross.")
    cross: dict[str, str] = Field({}, description="Of a cross: the value of each of its parts.")
    n: int
    estimates: dict[str, EstimateRecord]
    champion: dict[str, EstimateRecord] = {}
    differences: dict[str, EstimateRecord] = {}


class Extreme(Document):
    """The pair of groups that is furthest apart, and bounds that hold for all pairs at once."""

    first: str = Field(description="The group with the greater value; of a ratio, the one with the lesser.")
    second: str
    value: float = Field(description="Of first - second, or of first / second.")
    lower: float | None = Field(
        description="The true extreme over all pairs is at least this, at `confidence`; null: unknown."
    )
    upper: float | None = Field(
        description="The true extreme over all pairs is at most this, at `confidence`; null: unknown."
    )
    confidence: float


class Disparity(Document):
    """One metric between the groups of a protected column; the groups' own estimates are among the slices."""

    column: str = Field(description="As `column` of the slices.")
    metric: str
    groups: list[str] = Field(description="In the order of `standard_errors`.")
    too_few: list[str] = Field(
        [], description="Groups with too few rows in the denominator to be judged; they are in no gap or ratio here."
    )
    standard_errors: list[list[Annotated[float, Field(ge=0)] | None]] | None = Field(
        None,
        description="Of the difference between each group and every one before it; null where rows are independent, "
        "so that variances of groups add.",
    )
    gap: Extreme | None = Field(None, description="The greatest difference.")
    ratio: Extreme | None = Field(None, description="The least ratio, of metrics from 0 to 1.")


class Environment(Document):
    """Where the model was scored."""

    python: str = Field(description="Such as 3.11.7.")
    platform: str
    packages: dict[str, str] = Field({}, description="Versions of the packages that can change what it predicts.")


class Timing(Document):
    """How long scoring took."""

    load_seconds: float | None = Field(None, description="Null where a server had loaded it before.")
    score_seconds: float
    latency_p50_ms: float | None = Field(None, description="Of single-row calls, by the scorer's own account.")
    latency_p95_ms: float | None = Field(None, description="Of all single-row calls; `latency` has its uncertainty.")
    latency_p99_ms: float | None = Field(None, description="Of single-row calls; of 30 of them about the longest.")
    batch_p50_ms: float | None = Field(None, description="Of batches as they were scored.")
    batch_p95_ms: float | None = None
    batch_p99_ms: float | None = None
    peak_memory_bytes: int | None = Field(None, description="Of the model's largest process; null where unknown.")


class Latency(Document):
    """How long calls take, in milliseconds: quantiles of each repeat's calls, their means over repeats."""

    repeats: int = Field(description="Bursts of calls, each a cluster; with a champion both take turns.")
    calls: dict[Literal["row", "batch"], int] = Field(description="In each repeat, with one row and with a batch.")
    batch_rows: int
    estimates: dict[str, EstimateRecord] = Field(
        description="`latency_p50_ms`, `latency_p95_ms`, `latency_p99_ms` of one row, `batch_latency_…` of a batch; "
        "without those that so few calls cannot tell."
    )
    champion: dict[str, EstimateRecord] = Field({}, description="Of the champion, where both were timed in turns.")
    differences: dict[str, EstimateRecord] = Field({}, description="Candidate − champion, paired by repeat.")


class Dependence(Document):
    """Rows with the same value of a column that err alike, though no cluster was named."""

    cluster: str = Field(description="What to give as `cluster`.")
    metric: str = Field(description="Whose influences on the metric were looked at.")
    correlation: float = Field(description="Intra-class correlation of two rows of one group.")
    design_effect: float = Field(description="By how much the metric's variance exceeds that of independent rows.")
    groups: int
    p_value: float


class Reduction(Document):
    """Rows that were counted where they are instead of read."""

    runs: int = Field(description="Runs of like rows that the estimates were made from.")
    bins: int = Field(description="Bins of the score; rows of one bin count as ties.")
    errors: dict[str, float] = Field(description="By metric: the most by which its value may differ from the rows'.")


class Reference(Document):
    """Something besides the champion that the candidate is measured against."""

    name: str = Field(description="The model as it was asked for, or in words what stands in for one.")
    sha256: Sha256 | None = Field(None, description="Of the model; null for a baseline, which is none.")
    estimates: dict[str, EstimateRecord] = Field({}, description="The reference's own.")
    differences: dict[str, EstimateRecord] = Field(
        {},
        description="Candidate − reference: paired, or of the method `independent` where the reference's rows are "
        "others; empty where nothing can be said.",
    )


Role = Literal["anchor", "baseline", "recorded"]


class Evaluation(Predicate):
    """About the model: its digest is the subject."""

    KIND: ClassVar[str] = "evaluation"

    task: Task
    n: int = Field(description="Rows scored.")
    target: str | None = Field(None, description="Null for the task scores.")
    positive_label: str | None = None
    features: list[str] = Field(description="Columns that were handed to the scorer.")
    unavailable: list[str] = Field([], description="Columns kept from the scorer: not available at prediction time.")
    cluster: list[str] = Field([], description="Columns whose equal values make rows dependent.")
    dependence: list[Dependence] = Field([], description="Without `cluster`: what makes rows dependent, worst first.")
    champion_sha256: Sha256 | None = Field(None, description="The champion scored on the same rows.")
    champion_name: str | None = None
    estimates: dict[str, EstimateRecord] = {}
    champion: dict[str, EstimateRecord] = {}
    differences: dict[str, EstimateRecord] = Field({}, description="Candidate − champion, paired.")
    references: dict[Role, Reference] = Field(
        {},
        description="An older model (`anchor`), no model at all (`baseline`: majority class, mean), and the model's "
        "own evaluation at promotion (`recorded`).",
    )
    degraded: bool | None = Field(
        None,
        description="Whether the model is shown to be worse than `recorded`; null where that cannot be told.",
    )
    row_order: Sha256 | None = Field(None, description="Digest of the feature rows in the order that they were scored.")
    slices: list[Slice] = []
    minimum_count: int = Field(
        1, description="A slice with fewer rows in a metric's denominator is part of `(other)` for that metric."
    )
    protected: list[str] = Field([], description="Columns of the slices whose groups are all judged, none pooled.")
    fairness: list[Disparity] = []
    curves: Curves | None = Field(None, description="What a report draws; nothing is judged on it.")
    source: Literal["model", "predictions", "endpoint"] = Field("model", description="What gave the predictions.")
    reduction: Reduction | None = Field(None, description="Null where every row was read.")
    isolation: Literal["strict", "process", "none"] | None = Field(
        description="Null where nothing of the user's ran here."
    )
    isolation_means: str | None = Field(None, description="What the level was made of on that machine.")
    environment: Environment | None = None
    size_bytes: int | None = Field(description="Of the model; null where it was not here.")
    timing: Timing | None = None
    latency: Latency | None = Field(None, description="Null where no calls were repeated.")


def _finite(bound: float) -> float | None:
    return bound if abs(bound) < float("inf") else None
