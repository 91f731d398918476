"""promotion: which alias moved from which version to which."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mlops_actions.evidence.statement import Document, Predicate, Reason, Uri
from mlops_actions.evidence.verdict import RuleOutcome


class Forced(Document):
    """A promotion in spite of refusals."""

    reason: str = Field(description="Why, in the words of who forced it.")
    refusals: list[Reason] = Field(description="What was overridden.")


class Promotion(Predicate):
    """About the model that the alias names afterwards."""

    KIND: ClassVar[str] = "promotion"

    registry: Uri
    name: str
    version: int | None
    alias: str
    before: str | None = Field(description="SHA-256 that the alias named before; null when it named none.")
    after: str | None = Field(description="SHA-256 that the alias names now.")
    entry: int | None = Field(description="Number of the log entry; null for a dry run.")
    changed: bool = Field(description="False for a repeated promotion, a dry run or a refusal.")
    decision: str | None = Field(None, description="The verdict that it rests on, in one sentence.")
    rules: list[RuleOutcome] = Field([], description="What that verdict says of each rule, slices left out.")
    forced: Forced | None = Field(None, description="Where refusals were overridden.")
    approved_by: list[str] = Field([], description="Who approved the run, where it had to wait for that.")
