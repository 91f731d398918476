"""Let an alias of a registry, such as `champion`, name a model whose evidence passes, or roll it back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from mlops_actions import __version__
from mlops_actions.ci import current
from mlops_actions.ci.inputs import MODEL, CommonInputs, CommonOutputs, split_words
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Material, Reason, Statement
from mlops_actions.evidence.promotion import Promotion
from mlops_actions.promote_champion.candidate import find_candidate
from mlops_actions.promote_champion.judgement import refusals
from mlops_actions.promote_champion.proof import read_proof, related_statements
from mlops_actions.promote_champion.rollback import version_to_restore
from mlops_actions.promote_champion.swap import Moved, move_alias
from mlops_actions.registries import Author, Blob, Head, Registry, open_registry
from mlops_actions.registries.interface import NAME, Action

logger = logging.getLogger(__name__)

DRY_RUN = "dry-run"
"""The code of the one reason that is no refusal."""

Proof = Literal["verdict", "rollout", "evaluation", "training"]


class Inputs(CommonInputs):
    """What promote-champion takes."""

    name: str = Field(pattern=f"^{NAME}$", description="The model's name in the registry.")
    model: Annotated[str | None, MODEL] = Field(
        None,
        description="The model to promote: a path, `name@alias`, `name:version` or `sha256:…`; without it, the one "
        "that the newest required statement is about.",
    )
    alias: str = Field("champion", pattern=f"^{NAME}$", description="The alias to move.")
    require: Annotated[list[Proof], BeforeValidator(split_words)] = Field(
        ["verdict"],
        description="Statements that must pass for exactly this model: `verdict`, `rollout`, `evaluation`, `training`.",
    )
    rollback_to: str | None = Field(
        None,
        description="Instead of promoting, return to a model that the alias named before: a version, `sha256:…` or "
        "`previous`.",
    )
    dry_run: bool = Field(False, description="Check everything and change nothing.")

    @field_validator("require")
    @classmethod
    def _requires_something(cls, require: list[Proof]) -> list[Proof]:
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


def run(inputs: Inputs) -> Statement[Promotion]:
    """Promote or roll back; a refusal is a statement with the result `fail` and changes nothing."""
    registry = open_registry(inputs.registry)
    head = registry.head(inputs.name)
    order = _promotion(inputs, registry) if inputs.rollback_to is None else _roll_back(inputs, registry)
    if reasons := order.refuse(head):
        return _statement(inputs, order, registry, Moved.not_at_all(head, inputs.alias, reasons))
    if inputs.dry_run:
        return _statement(inputs, order, registry, _planned(inputs, order, registry, head))
    blob = order.prepare()
    author = _author()
    moved = move_alias(registry, head, inputs.alias, blob, order.action, author, order.refuse)
    return _statement(inputs, order, registry, moved, author.approved_by if moved.entry else ())


def _promotion(inputs: Inputs, registry: Registry) -> _Order:
    evidence = EvidenceStore(inputs.evidence)
    candidate = find_candidate(inputs.model, inputs.require, evidence, registry, inputs.name)
    proof = read_proof(evidence, inputs.require, candidate.sha256)

    def prepare() -> Blob:
        logger.info("storing %s in the registry %s", candidate.path, registry.location)
        blob = registry.store(candidate.path, candidate.sha256)
        statements = related_statements(evidence, candidate.sha256)
        logger.info("keeping %d statements beside it", len(statements))
        registry.keep(inputs.name, candidate.sha256, statements)
        return blob

    return _Order(
        action="promote",
        sha256=candidate.sha256,
        refuse=lambda head: refusals(proof, candidate.sha256, head),
        prepare=prepare,
        materials=[
            Material(name=kind, uri=str(stored.path), digest={"sha256": stored.sha256})
            for kind, stored in proof.items()
            if stored
        ],
    )


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

    return _Order(action="roll-back", sha256=version.sha256, refuse=lambda _head: [], prepare=prepare)


def _planned(inputs: Inputs, order: _Order, registry: Registry, head: Head) -> Moved:
    """What a dry run says: the alias as it is, and what would become of it."""
    now = head.aliases.get(inputs.alias)
    version = registry.version(inputs.name, order.sha256)
    target = str(version) if version else f"a new version {head.versions + 1} ({order.sha256[:12]})"
    would = "stay" if now and now.sha256 == order.sha256 else "become"
    message = f"Dry run: {inputs.alias} of {inputs.name!r} is {now or 'not set'} and would {would} {target}."
    return Moved.not_at_all(head, inputs.alias, [Reason(code=DRY_RUN, message=message)])


def _author() -> Author:
    ci = current()
    context = ci.context()
    return Author(f"mlops-actions {__version__}", context.actor, context.run_url, ci.approvers())


def _statement(
    inputs: Inputs, order: _Order, registry: Registry, moved: Moved, approved_by: Sequence[str] = ()
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
        approved_by=list(approved_by),
    )
    return Statement(inputs.name, order.sha256, promotion)
