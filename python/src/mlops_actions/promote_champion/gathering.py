"""Read what a promotion is decided on: statements, what judging again comes to, the policy of the default branch."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from mlops_actions.ci import current
from mlops_actions.ci.default_branch import read_from_default_branch, usual_origin
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Stored, digest_bytes, digest_path, size_path
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.evidence.verdict import TestSetLook, Verdict
from mlops_actions.policy.again import Look, UnfoundedError, judge_again
from mlops_actions.policy.document import INLINE
from mlops_actions.policy.looks import take_look
from mlops_actions.promote_champion.candidate import Candidate
from mlops_actions.promote_champion.proof import read_proof
from mlops_actions.promote_champion.refusals import Again, Conditions, Grounds
from mlops_actions.registries import Registry

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{8,64})")


def gather(
    evidence: EvidenceStore,
    candidate: Candidate,
    registry: Registry,
    name: str,
    require: list[str],
    conditions: Conditions,
    *,
    again: bool,
    dry_run: bool,
    policy_from: str | None,
) -> Grounds:
    """The grounds for promoting a candidate. Raises InputError for evidence that was edited or cannot be read."""
    now = datetime.now(UTC)

    def look(data: str, policy: str, budget: int | None) -> TestSetLook:
        return take_look(registry, name, data, candidate.sha256, policy, budget, dry_run=dry_run)

    stored = evidence.latest(Verdict, candidate.sha256) if "verdict" in require else None
    return Grounds(
        candidate.sha256,
        read_proof(evidence, require, candidate.sha256),
        conditions,
        current().context(),
        now,
        rollout=evidence.latest(Rollout, candidate.sha256),
        again=_again(stored, evidence, candidate.path, now, look) if again and stored else None,
        branch_policy=_branch_policy(stored, policy_from) if stored else None,
    )


def policy_digest(given: str) -> str:
    """SHA-256 of a policy that is named by its path, or the digest's own beginning."""
    if Path(given).is_file():
        return digest_path(Path(given))
    if match := _DIGEST.fullmatch(given):
        return match[1]
    raise InputError(
        f"{given!r} is neither a policy file nor the beginning of a SHA-256.", where="require-policy", hint="Check it."
    )


def _again(stored: Stored[Verdict], evidence: EvidenceStore, model: Path, now: datetime, look: Look) -> Again:
    try:
        return judge_again(stored, evidence, size_path(model), now.date(), look)
    except UnfoundedError as error:
        return str(error)


def _branch_policy(stored: Stored[Verdict], policy_from: str | None) -> tuple[str, str] | None:
    """The default branch and the digest of its policy, where that is the one that counts and the policy is a file."""
    if (policy_from or usual_origin()) == "checkout":
        return None
    uri = next((one.uri for one in stored.statement.predicate.materials if one.name == "policy"), INLINE)
    if uri == INLINE:
        return None
    branch, content = read_from_default_branch(uri)
    return branch, digest_bytes(content)
