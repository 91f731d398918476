"""rollout: the canary's steps, the evidence at each look, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from mlops_actions.evidence.statement import Document, Predicate


class MetricLook(Document):
    """What one metric showed at one look."""

    candidate: tuple[int, int] | None = Field(description="Bad ones and all of this look; null where not counted.")
    stable: tuple[int, int] | None = Field(description="The same of the stable side.")
    worse: float = Field(description="log10 of the evidence that the candidate is worse.")
    non_inferior: float | None = Field(description="log10, in this step; null where no promotion waits for it.")


class Look(Document):
    """What was known at one look."""

    time: datetime
    weight: float = Field(description="The candidate's effective share of traffic, in percent.")
    counts: dict[str, int] = Field(
        description="Of this look: candidate_requests, candidate_errors, stable_requests, stable_errors; "
        "empty where the counters could not be trusted."
    )
    worse: float = Field(description="log10 of the evidence that the candidate is worse, over all metrics.")
    non_inferior: float = Field(description="log10 of the evidence that it is not worse by the margin: the least.")
    metrics: dict[str, MetricLook] = Field({}, description="Each metric's own part, where there are several.")


class JudgedMetric(Document):
    """What was judged, as it was fixed before the first look."""

    name: str
    margin: float
    dispersion: float = Field(description="φ, by which the log evidence was divided.")
    promotes: bool = Field(description="Whether a promotion waits for it.")
    weight: float = Field(description="Its part in the mean that rolls back.")
    stable: tuple[int, int] = Field(description="Bad ones and all of the stable side before the first weight.")


class Comparison(Document):
    """One thing in which both sides were compared, with an interval that holds at all looks together."""

    metric: str
    claim: str | None = Field(None, description="What was asked, such as `errors < stable`.")
    limit: float | None = Field(None, description="Of candidate minus stable, which the claim is about.")
    answer: Literal["yes", "no", "open"] = Field("open", description="`open`: not shown, or nothing was asked.")
    units: tuple[int, int] = Field(description="How many were counted of the candidate, and of the stable side.")
    candidate: float | None = Field(None, description="Its rate or mean.")
    stable: float | None = None
    value: float | None = Field(description="Candidate minus stable; of `agreement` the rate; null without data.")
    lower: float | None
    upper: float | None
    confidence: float = Field(description="That the interval holds the truth at every look; two-sided.")
    method: Literal["e-processes", "asymptotic", "betting"]


class Rollout(Predicate):
    """About the candidate model."""

    KIND: ClassVar[str] = "rollout"

    id: str | None = Field(None, description="Names this rollout; statements that share it tell of the same one.")
    target: str
    strategy: Literal["canary", "blue-green", "ab", "shadow"]
    outcome: Literal["promoted", "rolled-back", "held", "in-progress", "refused", "planned"] = Field(
        description="`in-progress`: a later run goes on. `refused` and `planned`: the traffic was left as it was."
    )
    identity: Literal["verified", "unverified"]
    steps: list[float]
    looks: list[Look]
    weights: list[float] = Field(description="The candidate's weights in percent, in the order they were set.")
    comparisons: list[Comparison] = Field([], description="What an A/B test or a shadow found.")
    alpha: float
    error_margin: float
    dispersion: float = Field(description="φ of the errors, by which the log evidence was divided.")
    metrics: list[JudgedMetric] = Field([], description="What was judged; errors come first.")
    stable: str | None = Field(None, description="SHA-256 that the stable side reported.")

    @property
    def goes_on(self) -> bool:
        """Whether a later run will decide."""
        return self.outcome == "in-progress"

    @property
    def weight(self) -> float:
        """The candidate's share of traffic when the statement was made, in percent."""
        return self.weights[-1] if self.weights else 0.0
