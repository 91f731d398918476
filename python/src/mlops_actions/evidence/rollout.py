"""rollout: the canary's steps, the evidence at each look, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from mlops_actions.evidence.statement import Document, Predicate


class Look(Document):
    """What was known at one look."""

    time: datetime
    weight: float = Field(description="The candidate's effective share of traffic, in percent.")
    counts: dict[str, int] = Field(description="Of this look, e.g. candidate_requests, candidate_errors, ….")
    worse: float = Field(description="log10 of the evidence that the candidate is worse.")
    non_inferior: float = Field(description="log10 of the evidence that it is not worse by the margin.")


class Rollout(Predicate):
    """About the candidate model."""

    KIND: ClassVar[str] = "rollout"

    target: str
    strategy: Literal["canary", "blue-green", "ab", "shadow"]
    outcome: Literal["promoted", "rolled-back", "held"]
    identity: Literal["verified", "unverified"]
    steps: list[float]
    looks: list[Look]
    weights: list[float] = Field(description="The candidate's weights in percent, in the order they were set.")
    alpha: float
    error_margin: float
    dispersion: float = Field(description="φ, by which the log evidence was divided.")
    stable: str | None = Field(None, description="SHA-256 that the stable side reported.")
