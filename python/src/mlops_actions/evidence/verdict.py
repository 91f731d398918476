"""verdict: how quality-gate judged one model."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mlops_actions.evidence.statement import Document, Predicate, Result, Sha256, Uri


class RuleOutcome(Document):
    """One rule, or one slice of a rule over slices.

    A rule over slices has its own outcome first (no slice; the numbers of the slice that decides), then one a slice.
    """

    rule: str = Field(description="As it was written.")
    slice: str | None = Field(None, description='Such as `carrier == "AA"`.')
    result: Literal["pass", "fail", "inconclusive", "not-applicable"]
    value: float | None = Field(None, description="The metric; the contrast, for a rule against the champion.")
    lower: float | None = None
    upper: float | None = None
    limit: float | None = None
    candidate: float | None = Field(None, description="The candidate's own value, where the rule compares it.")
    champion: float | None = Field(None, description="The champion's value, or that of what else the rule names.")
    confidence: float | None = None
    n: int | None = None
    rows_needed: int | None = Field(None, description="Rows that would settle it; null: more rows would not.")
    clusters_needed: int | None = None
    severity: Literal["block", "warn"] = "block"
    owner: str | None = Field(None, description="Whom to ask about the rule.")
    where: str | None = Field(None, description="`file:line` or `rules:line`.")
    message: str = Field(description="The outcome in one sentence.")


class TestSetLook(Document):
    """One judgement on a test set, counted in the registry."""

    # A class of this name is no test.
    __test__: ClassVar[bool] = False

    data: Sha256 = Field(description="Digest of the test set.")
    candidates: int = Field(description="Distinct candidates that the test set had judged then, this one included.")
    look: int = Field(description="Which look at this candidate it is, on data that grew; 1 for the first.")
    budget: int | None = Field(None, description="Candidates that the policy allows.")
    counted: bool = Field(description="False where the registry could not be written.")


class ExtendedPolicy(Document):
    """A policy that the one of the verdict extends."""

    uri: Uri
    sha256: Sha256
    text: str


class Verdict(Predicate):
    """About the model: its digest is the subject."""

    KIND: ClassVar[str] = "verdict"

    rules: list[RuleOutcome]
    champion: str | None = Field(description="SHA-256 of the champion it was judged against.")
    policy: str = Field(description="SHA-256 of the policy, or of the inline rules.")
    policy_text: str | None = Field(None, description="The policy as it was read, so that it can be judged again.")
    look: TestSetLook | None = Field(None, description="Where looks at the test set are counted.")
    policy_chain: list[ExtendedPolicy] = Field([], description="The policies that it extends.")
    confidence: float | None = Field(None, description="One-sided, of rules that name none themselves.")
    without_champion: Literal["skip", "fail"] | None = Field(None, description="What rules about no champion come to.")
    judged_on: Literal["intervals", "points"]
    decision: str = Field(description="The result in one sentence.")
    choices: list[str] = Field([], description="What would settle an inconclusive verdict, each in one sentence.")


def overall(results: list[Result]) -> Result:
    """The worst of several results; of none, inconclusive.

    >>> overall(["pass", "inconclusive"])
    'inconclusive'
    >>> overall([])
    'inconclusive'
    """
    if not results:
        return "inconclusive"
    order: list[Result] = ["fail", "inconclusive", "pass"]
    return min(results, key=order.index)
