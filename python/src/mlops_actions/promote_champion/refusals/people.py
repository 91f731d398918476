"""Who may promote, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from mlops_actions.evidence import Reason
from mlops_actions.promote_champion.refusals.grounds import Grounds


def refusals(grounds: Grounds) -> Iterator[Reason]:
    """An actor, a branch or an override that is not allowed; what the CI system does not tell is not allowed either."""
    conditions, context = grounds.conditions, grounds.context
    if conditions.allowed_actors and context.actor not in conditions.allowed_actors:
        who = context.actor or "nobody that this CI system names"
        allowed = ", ".join(conditions.allowed_actors)
        yield Reason(code="actor-not-allowed", message=f"This is run by {who}; allowed-actors are {allowed}.")
    if conditions.allowed_branches and not _allowed(context.branch, conditions.allowed_branches):
        which = f"the branch {context.branch}" if context.branch else "no branch (a pull request, a tag or a terminal)"
        allowed = ", ".join(conditions.allowed_branches)
        yield Reason(code="branch-not-allowed", message=f"This runs on {which}; allowed-branches are {allowed}.")
    if conditions.forced and context.fork:
        message = "A pull request from a fork cannot force a promotion."
        yield Reason(code="force-not-allowed", message=message)


def _allowed(branch: str | None, patterns: tuple[str, ...]) -> bool:
    return branch is not None and any(fnmatchcase(branch, pattern) for pattern in patterns)
