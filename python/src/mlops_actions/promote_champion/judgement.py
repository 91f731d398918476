"""Why a model may not be promoted: pure, from its statements and the registry's head."""

from __future__ import annotations

import re

from mlops_actions.evidence import Predicate, Reason, Stored
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.promote_champion.proof import Proof
from mlops_actions.registries import Head

CHAMPION = "champion"
"""The alias that candidates are compared with, whichever alias they are promoted to."""


def refusals(proof: Proof, sha256: str, head: Head) -> list[Reason]:
    """Every reason against promoting the model; none: it may be promoted."""
    reasons = [reason for kind, stored in proof.items() if (reason := _unproven(kind, stored, sha256))]
    verdict = proof.get("verdict")
    if verdict and isinstance(verdict.statement.predicate, Verdict):
        reasons += _stale(verdict.statement.predicate, str(verdict.path), sha256, head)
    return reasons


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


def _stale(verdict: Verdict, where: str, sha256: str, head: Head) -> list[Reason]:
    """A verdict against a champion holds only while that champion is one; the model itself may have become it."""
    champion = head.aliases.get(CHAMPION)
    now = champion.sha256 if champion else None
    if now in (sha256, verdict.champion) or not _compares(verdict):
        return []
    judged = f"the champion {verdict.champion[:12]}" if verdict.champion else "no champion"
    message = (
        f"The verdict compared this model ({sha256[:12]}) with {judged}, but {head.name!r} has "
        f"{f'the champion {champion}' if champion else 'no champion'} now: evaluate and gate it again."
    )
    return [Reason(code="champion-changed", message=message, where=where)]


def _compares(verdict: Verdict) -> bool:
    """Rules without a champion, judged without one, hold whoever is champion."""
    return verdict.champion is not None or any(re.search(r"\bchampion\b", rule.rule) for rule in verdict.rules)
