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
    counts: dict[str, int] = Field(
        description="Of this look: candidate_requests, candidate_errors, stable_requests, stable_errors; "
        "empty where the counters could not be trusted."
    )
    worse: float = Field(description="log10 of the evidence that the candidate is worse.")
    non_inferior: float = Field(description="log10 of the evidence that it is not worse by the margin.")


class Rollout(Predicate):
    """About the candidate model."""

    KIND: ClassVar[str] = "rollout"

    id: str | None = Field(None, description="Names this rollout; statements that share it tell of the same one.")
    target: str
    strategy: Literal["canary", "blue-green", "ab", "shadow"]
    outcome: Literal["promoted", "rolled-back", "held", "refused", "planned"] = Field(
        description="`refused` and `planned`: the traffic was left as it was."
    )
    identity: Literal["verified", "unverified"]
    steps: list[float]
    looks: list[Look]
    weights: list[float] = Field(description="The candidate's weights in percent, in the order they were set.")
    alpha: float
    error_margin: float
    dispersion: float = Field(description="φ, by which the log evidence was divided.")
    stable: str | None = Field(None, description="SHA-256 that the stable side reported.")

    @property
    def weight(self) -> float:
        """The candidate's share of traffic when the statement was made, in percent."""
        return self.weights[-1] if self.weights else 0.0
