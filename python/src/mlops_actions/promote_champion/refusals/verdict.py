"""What speaks against a verdict that passes: its age, its policy, the champion it compared with, its own evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_actions.evidence import Reason
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.policy.again import differences
from mlops_actions.promote_champion.refusals.grounds import Again, Grounds
from mlops_actions.registries import Head

CHAMPION = "champion"
"""The alias that candidates are compared with, whichever alias they are promoted to."""

_DAY, _HOUR = 86400.0, 3600.0


def refusals(grounds: Grounds, head: Head) -> list[Reason]:
    """Reasons against the verdict, where one is required."""
    stored = grounds.proof.get("verdict")
    if stored is None or not isinstance(stored.statement.predicate, Verdict):
        return []
    verdict = stored.statement.predicate
    found = [*_stale(verdict, grounds.sha256, head), *_old(verdict, grounds), *_policy(verdict, grounds)]
    if verdict.result == "pass":
        found += _founded(verdict, grounds.again)
    return [reason.model_copy(update={"where": str(stored.path)}) for reason in found]


def _stale(verdict: Verdict, sha256: str, head: Head) -> Iterator[Reason]:
    """A verdict against a champion holds only while that champion is one; the model itself may have become it."""
    champion = head.aliases.get(CHAMPION)
    now = champion.sha256 if champion else None
    if now in (sha256, verdict.champion) or not _compares(verdict):
        return
    judged = f"the champion {verdict.champion[:12]}" if verdict.champion else "no champion"
    message = (
        f"The verdict compared this model ({sha256[:12]}) with {judged}, but {head.name!r} has "
        f"{f'the champion {champion}' if champion else 'no champion'} now: evaluate and gate it again."
    )
    yield Reason(code="champion-changed", message=message)


def _compares(verdict: Verdict) -> bool:
    """Rules without a champion, judged without one, hold whoever is champion."""
    return verdict.champion is not None or any(re.search(r"\bchampion\b", rule.rule) for rule in verdict.rules)


def _old(verdict: Verdict, grounds: Grounds) -> Iterator[Reason]:
    limit, made = grounds.conditions.max_age, verdict.provenance
    if limit is None:
        return
    age = (grounds.now - made.finished).total_seconds() if made else None
    if age is None or age > limit:
        how = "does not say when it was made" if age is None else f"is {_span(age)} old"
        message = f"The verdict {how}, and max-age is {_span(limit)}: evaluate and gate it again."
        yield Reason(code="verdict-too-old", message=message)


def _policy(verdict: Verdict, grounds: Grounds) -> Iterator[Reason]:
    wanted = grounds.conditions.require_policy
    if wanted is not None and not verdict.policy.startswith(wanted):
        message = f"The verdict was reached by the policy {verdict.policy[:12]}, not by {wanted[:12]} (require-policy)."
        yield Reason(code="policy-differs", message=message)
    if grounds.branch_policy is not None and grounds.branch_policy[1] != verdict.policy:
        branch, sha256 = grounds.branch_policy
        message = (
            f"The verdict was reached by the policy {verdict.policy[:12]}, and that of the branch {branch} is "
            f"{sha256[:12]}: a pull request is not judged by a policy of its own."
        )
        yield Reason(code="policy-differs", message=message)


def _founded(verdict: Verdict, again: Again) -> Iterator[Reason]:
    if isinstance(again, str):
        yield Reason(code="verdict-unfounded", message=f"The verdict cannot be judged again. {again}")
    elif again is not None and (found := differences(verdict, again)):
        shown = "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
        yield Reason(code="verdict-differs", message=f"The verdict is not what judging again comes to: {shown}.")


def _span(seconds: float) -> str:
    """A duration in its largest unit.

    >>> _span(90000.0), _span(7200.0), _span(90.0)
    ('1.04 days', '2 hours', '90 seconds')
    """
    for unit, size in (("days", _DAY), ("hours", _HOUR)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.0f} seconds"
