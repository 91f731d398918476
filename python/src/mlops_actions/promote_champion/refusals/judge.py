"""Every reason against a promotion, in the order of `CODES`."""

from __future__ import annotations

from mlops_actions.evidence import Predicate, Reason, Stored
from mlops_actions.promote_champion.refusals import people, verdict
from mlops_actions.promote_champion.refusals.grounds import Grounds
from mlops_actions.registries import Head


def refusals(grounds: Grounds, head: Head) -> list[Reason]:
    """Every reason against promoting the model at this state of the registry; none: it may be promoted."""
    proof = grounds.proof if "rollout" in grounds.proof else {**grounds.proof, **_rollout(grounds)}
    statements = [reason for kind, stored in proof.items() if (reason := _unproven(kind, stored, grounds.sha256))]
    return [*statements, *verdict.refusals(grounds, head), *people.refusals(grounds)]


def _rollout(grounds: Grounds) -> dict[str, Stored[Predicate]]:
    """A rollout that failed counts, also where none is required."""
    stored = grounds.rollout
    return {"rollout": stored} if stored and stored.statement.predicate.result == "fail" else {}


def _unproven(kind: str, stored: Stored[Predicate] | None, sha256: str) -> Reason | None:
    if stored is None:
        return Reason(
            code=f"no-{kind}",
            message=f"No {kind} is about this model ({sha256[:12]}); promotion requires one that passes.",
        )
    result = stored.statement.predicate.result
    if result == "pass":
        return None
    why = " ".join(reason.message for reason in stored.statement.predicate.reasons)
    message = f"The newest {kind} about this model ({sha256[:12]}) is {result}, not pass. {why}".rstrip()
    return Reason(code=f"{kind}-{'failed' if result == 'fail' else result}", message=message, where=str(stored.path))
