"""What a promotion is refused or allowed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mlops_actions.ci import Context
from mlops_actions.evidence import Predicate, Stored
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.promote_champion.proof import Proof

Again = Verdict | str | None
"""What judging again came to; a sentence where it could not be done; None where it was not asked for."""


@dataclass(frozen=True)
class Conditions:
    """What the promotion asks for beside passing statements."""

    require_policy: str | None = None
    """SHA-256 that the verdict's policy must have, and where that is from."""
    max_age: float | None = None
    """Of the verdict, in seconds."""
    allowed_actors: tuple[str, ...] = ()
    """Logins; none: anybody."""
    allowed_branches: tuple[str, ...] = ()
    """Names or patterns such as `release/*`; none: any."""
    forced: bool = False
    """Whether a reason was given to promote in spite of refusals."""


@dataclass(frozen=True)
class Grounds:
    """Everything that is known when a promotion is decided, but for the registry's head."""

    sha256: str
    """Of the model."""
    proof: Proof
    conditions: Conditions
    context: Context
    now: datetime
    rollout: Stored[Predicate] | None = None
    """The newest rollout of the model, also where none is required."""
    again: Again = None
    branch_policy: tuple[str, str] | None = None
    """Where the verdict's policy is the default branch's to say: that branch, and the SHA-256 of its policy."""
