"""What judging one rule came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlops_actions.evidence.verdict import RuleOutcome
from mlops_actions.policy.language.rule import Rule, Severity

Result = Literal["pass", "fail", "inconclusive", "not-applicable"]


@dataclass(frozen=True)
class Need:
    """Data that would show a rule with power 0.8, if the truth is what it seems."""

    now: int
    """Rows, or clusters where rows are not independent."""
    total: int
    """What is needed in all, in the same unit."""
    rows: int
    """The total in rows of the table or slice."""
    clustered: bool
    equal: bool
    """Whether "the truth" means: as good as the champion."""

    @property
    def more(self) -> int:
        """What is needed beyond what there is."""
        return self.total - self.now


@dataclass(frozen=True)
class Finding:
    """One rule's outcome with its reason, its numbers and what would settle it."""

    rule: Rule
    severity: Severity
    """On the day of the judgement: an exception may have expired."""
    result: Result
    code: str
    """Stable word for machines."""
    headline: str
    """The outcome in one sentence."""
    message: str
    """The outcome, and what more data would do."""
    outcomes: tuple[RuleOutcome, ...]
    """The rule, then each slice where there are several."""
    need: Need | None = None
    """Where more data would settle it."""
    margin: str | None = None
    """The rule that this evidence would show, where the asked one is not shown."""
    absolute: bool = False
    """Whether it compares a metric of the model with a number: without a champion one of these must pass."""

    @property
    def blocks(self) -> bool:
        """Whether a failure refuses the model."""
        return self.severity == "block"
