"""Let an alias of a registry, such as `champion`, name a model whose evidence passes, or roll it back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from mlops_actions import __version__
from mlops_actions.ci import current
from mlops_actions.ci.inputs import MODEL, CommonInputs, CommonOutputs, Seconds, Words, split_words
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Material, Reason, Statement
from mlops_actions.evidence.promotion import Forced, Promotion
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.promote_champion.candidate import find_candidate
from mlops_actions.promote_champion.gathering import gather, policy_digest
from mlops_actions.promote_champion.proof import Proof, related_statements
from mlops_actions.promote_champion.refusals import Conditions, Grounds, moved_by_hand, overridable, refusals
from mlops_actions.promote_champion.rollback import version_to_restore
from mlops_actions.promote_champion.swap import Moved, move_alias
from mlops_actions.registries import Author, Blob, Head, Registry, open_registry
from mlops_actions.registries.interface import NAME, Action

logger = logging.getLogger(__name__)

FORCE_WORDS = 3
DRY_RUN = "dry-run"
"""The code of the one reason that is no refusal."""

Kind = Literal["verdict", "rollout", "evaluation", "training"]


class Inputs(CommonInputs):
    """What promote-champion takes."""

    name: str = Field(pattern=f"^{NAME}$", description="The model's name in the registry.")
    model: Annotated[str | None, MODEL] = Field(
        None,
        description="The model to promote: a path, `name@alias`, `name:version` or `sha256:…`; without it, the one "
        "that the newest required statement is about.",
    )
    alias: str = Field("champion", pattern=f"^{NAME}$", description="The alias to move.")
    require: Annotated[list[Kind], BeforeValidator(split_words)] = Field(
        ["verdict"],
        description="Statements that must pass for exactly this model: `verdict`, `rollout`, `evaluation`, `training`.",
    )
    require_policy: str | None = Field(
        None, description="The policy that the verdict must be reached by: its path, or the beginning of its SHA-256."
    )
    policy_from: Literal["checkout", "default-branch"] | None = Field(
        None,
        description="`default-branch`: the verdict's policy must be the one of that branch; by default so for pull "
        "requests.",
    )
    judge_again: bool = Field(
        True, description="Judge again from the policy and the evidence, and refuse a verdict that says otherwise."
    )
    max_age: Seconds | None = Field(None, description="How old the verdict may be, such as `7d`.")
    allowed_actors: Words = Field(default=[], description="Who may promote; by default anybody who can run it.")
    allowed_branches: Words = Field(
        default=[], description="Branches that may promote, such as `main` or `release/*`; by default any."
    )
    force: str | None = Field(
        None, description="Promote in spite of refusals, for this reason, which the log keeps for good."
    )
    rollback_to: str | None = Field(
        None,
        description="Instead of promoting, return to a model that the alias named before: a version, `sha256:…` or "
        "`previous`.",
    )
    dry_run: bool = Field(False, description="Check everything and change nothing.")

    @field_validator("force")
    @classmethod
    def _has_a_reason(cls, force: str | None) -> str | None:
        if force is not None and len(force.split()) < FORCE_WORDS:
            raise ValueError(f"write the reason in at least {FORCE_WORDS} words; it is kept in the log")
        return force

    @field_validator("require")
    @classmethod
    def _requires_something(cls, require: list[Kind]) -> list[Kind]:
        if not require:
            raise ValueError("name at least one kind of statement, such as verdict")
        return require


class Outputs(CommonOutputs):
    """What promote-champion gives."""

    version: int | None = Field(None, description="The model's version number in the registry.")
    alias: str | None = Field(None, description="The alias.")
    before: str | None = Field(None, description="SHA-256 that the alias named before.")
    after: str | None = Field(None, description="SHA-256 that the alias names now.")
    changed: bool = Field(False, description="Whether the alias moved.")


@dataclass(frozen=True)
class _Order:
    """What is to be done, once nothing speaks against it."""

    action: Action
    sha256: str
    refuse: Callable[[Head], list[Reason]]
    """Every reason against it, at that state of the registry."""
    prepare: Callable[[], Blob]
    """See that the model lies in the registry, whole."""
    materials: Sequence[Material] = ()
    verdict: Verdict | None = None
    """What it rests on, where a verdict is required."""


def run(inputs: Inputs) -> Statement[Promotion]:
    """Promote or roll back; a refusal is a statement with the result `fail` and changes nothing."""
    with ExitStack() as files:
        registry = open_registry(inputs.registry)
        head = registry.head(inputs.name)
        order = _promotion(inputs, registry, files) if inputs.rollback_to is None else _roll_back(inputs, registry)
        return _carry_out(inputs, registry, head, order)


def _carry_out(inputs: Inputs, registry: Registry, head: Head, order: _Order) -> Statement[Promotion]:
    reasons = [*order.refuse(head), *moved_by_hand(head, inputs.alias)]
    if reasons and (inputs.force is None or not all(map(overridable, reasons))):
        return _statement(inputs, order, registry, Moved.not_at_all(head, inputs.alias, reasons))
    forced = Forced(reason=inputs.force, refusals=reasons) if reasons and inputs.force else None
    if forced:
        logger.warning("FORCED (%s), in spite of: %s", forced.reason, " ".join(one.message for one in reasons))
    if inputs.dry_run:
        return _statement(inputs, order, registry, _planned(inputs, order, registry, head), forced=forced)
    blob = order.prepare()
    author = _author(forced)

    def refuse(later: Head) -> list[Reason]:
        against = [*order.refuse(later), *moved_by_hand(later, inputs.alias)]
        return [one for one in against if forced is None or one not in forced.refusals]

    moved = move_alias(registry, head, inputs.alias, blob, order.action, author, refuse)
    return _statement(inputs, order, registry, moved, author, forced)


def _promotion(inputs: Inputs, registry: Registry, files: ExitStack) -> _Order:
    evidence = EvidenceStore(inputs.evidence)
    candidate = find_candidate(
        inputs.model,
        inputs.require,
        evidence,
        registry,
        inputs.name,
        files=files,
        dry_run=inputs.dry_run,
    )
    grounds = gather(
        evidence,
        candidate,
        registry,
        inputs.name,
        list(inputs.require),
        _conditions(inputs),
        again=inputs.judge_again,
        dry_run=inputs.dry_run,
        policy_from=inputs.policy_from,
    )

    def prepare() -> Blob:
        logger.info("storing %s in the registry %s", candidate.path, registry.location)
        blob = candidate.keep()
        statements = related_statements(evidence, candidate.sha256)
        logger.info("keeping %d statements beside it", len(statements))
        registry.keep(inputs.name, candidate.sha256, statements)
        return blob

    return _Order(
        action="promote",
        sha256=candidate.sha256,
        refuse=lambda head: refusals(grounds, head),
        prepare=prepare,
        materials=[
            Material(name=kind, uri=str(stored.path), digest={"sha256": stored.sha256})
            for kind, stored in grounds.proof.items()
            if stored
        ],
        verdict=_verdict(grounds.proof),
    )


def _verdict(proof: Proof) -> Verdict | None:
    stored = proof.get("verdict")
    predicate = stored.statement.predicate if stored else None
    return predicate if isinstance(predicate, Verdict) else None


def _roll_back(inputs: Inputs, registry: Registry) -> _Order:
    if inputs.model is not None:
        raise InputError(
            "the inputs 'model' and 'rollback-to' contradict each other.",
            hint="Give 'model' to promote it, or 'rollback-to' to return to a model that the alias named before.",
        )
    version = version_to_restore(registry, inputs.name, inputs.alias, str(inputs.rollback_to))

    def prepare() -> Blob:
        logger.info("checking %s in the registry %s", version, registry.location)
        registry.fetch(version.blob)
        return version.blob

    grounds = Grounds(version.sha256, {}, _conditions(inputs), current().context(), datetime.now(UTC))
    return _Order("roll-back", version.sha256, lambda head: refusals(grounds, head), prepare)


def _conditions(inputs: Inputs) -> Conditions:
    return Conditions(
        require_policy=policy_digest(inputs.require_policy) if inputs.require_policy else None,
        max_age=inputs.max_age,
        allowed_actors=tuple(inputs.allowed_actors),
        allowed_branches=tuple(inputs.allowed_branches),
        forced=inputs.force is not None,
    )


def _planned(inputs: Inputs, order: _Order, registry: Registry, head: Head) -> Moved:
    """What a dry run says: the alias as it is, and what would become of it."""
    now = head.aliases.get(inputs.alias)
    version = registry.version(inputs.name, order.sha256)
    target = str(version) if version else f"a new version {head.versions + 1} ({order.sha256[:12]})"
    would = "stay" if now and now.sha256 == order.sha256 else "become"
    message = f"Dry run: {inputs.alias} of {inputs.name!r} is {now or 'not set'} and would {would} {target}."
    return Moved.not_at_all(head, inputs.alias, [Reason(code=DRY_RUN, message=message)])


def _author(forced: Forced | None) -> Author:
    ci = current()
    context, tool = ci.context(), f"mlops-actions {__version__}"
    return Author(tool, context.actor, context.run_url, ci.approvers(), forced.reason if forced else None)


def _statement(
    inputs: Inputs,
    order: _Order,
    registry: Registry,
    moved: Moved,
    author: Author | None = None,
    forced: Forced | None = None,
) -> Statement[Promotion]:
    version = registry.version(inputs.name, order.sha256)
    refused = any(reason.code != DRY_RUN for reason in moved.reasons)
    promotion = Promotion(
        result="fail" if refused else "pass",
        reasons=list(moved.reasons),
        materials=list(order.materials),
        registry=inputs.registry,
        name=inputs.name,
        version=version.number if version else None,
        alias=inputs.alias,
        before=moved.before.sha256 if moved.before else None,
        after=moved.after.sha256 if moved.after else None,
        entry=moved.entry,
        changed=moved.entry is not None,
        approved_by=list(author.approved_by) if author and moved.entry else [],
        forced=forced if moved.entry or inputs.dry_run else None,
        decision=order.verdict.decision if order.verdict else None,
        rules=[one for one in order.verdict.rules if one.slice is None] if order.verdict else [],
    )
    return Statement(inputs.name, order.sha256, promotion)
