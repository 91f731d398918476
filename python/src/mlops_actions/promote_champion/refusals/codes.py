"""Every code of a refusal: what it means, what to do, and whether `force` may override it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mlops_actions.evidence import Reason


@dataclass(frozen=True)
class Code:
    """One kind of refusal."""

    meaning: str
    remedy: str
    overridable: bool
    """Whether `force` may override it: what speaks against the model, never who may promote or what was forged."""


CODES: Mapping[str, Code] = MappingProxyType(
    {
        "no-verdict": Code(
            "No required statement (`no-rollout`, …) is about this SHA-256.", "Run the action that makes it.", True
        ),
        "verdict-failed": Code(
            "The newest required statement (`rollout-failed`, …) is `fail`.", "Mend the model, evaluate and gate.", True
        ),
        "verdict-inconclusive": Code(
            "The newest required statement (`rollout-inconclusive`, …) came to no decision.", "Do what it says.", True
        ),
        "rollout-failed": Code(
            "The newest rollout of this SHA-256 failed, required or not.", "Mend the model, or roll it out again.", True
        ),
        "champion-changed": Code(
            "The verdict compared with another champion than today's.", "Evaluate and gate it again.", True
        ),
        "verdict-too-old": Code("The verdict is older than `max-age`.", "Evaluate and gate it again.", True),
        "policy-differs": Code(
            "The verdict was reached by another policy than `require-policy`, or than the one on the default branch.",
            "Gate it by that policy.",
            True,
        ),
        "verdict-unfounded": Code(
            "What the verdict rests on is not there, so that it cannot be judged again.",
            "Keep the evidence folder whole, or gate it again.",
            True,
        ),
        "verdict-differs": Code(
            "The verdict says something else than judging again does: evidence changed, or was forged.",
            "Gate it again.",
            False,
        ),
        "actor-not-allowed": Code("`allowed-actors` does not name who runs this.", "Let one of them run it.", False),
        "branch-not-allowed": Code(
            "`allowed-branches` does not name this branch, or this is a pull request.", "Promote from one.", False
        ),
        "force-not-allowed": Code(
            "`force` was given in a pull request from a fork.", "Merge it and promote from the branch.", False
        ),
        "alias-moved-by-hand": Code(
            "Somebody moved the alias in the hosted registry, past the log.",
            "Find out why; put it back there, or overwrite it with `force`.",
            True,
        ),
        "lost-race": Code("Another promotion moved the alias meanwhile.", "Evaluate and gate against it.", False),
    }
)
"""In the order in which refusals are listed."""


def overridable(reason: Reason) -> bool:
    """Whether `force` may override a refusal; an unknown code never."""
    kind, _, end = reason.code.rpartition("-")
    general = {"failed": "verdict-failed", "inconclusive": "verdict-inconclusive"}.get(end, reason.code)
    code = CODES.get(reason.code) or CODES.get("no-verdict" if kind == "no" else general)
    return code is not None and code.overridable
