"""A rollout as JSON; every later release of v1 reads it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from mlops_actions.canary_deploy.comparison import Asked, Shadowed
from mlops_actions.canary_deploy.memory.interface import Request
from mlops_actions.canary_deploy.past import Past
from mlops_actions.canary_deploy.pause import Pause
from mlops_actions.canary_deploy.rollout import Candidate, Ending, Rollout, Settings
from mlops_actions.errors import InputError
from mlops_actions.evidence.rollout import Look
from mlops_actions.statistics.sequential import from_document, to_document

Percent = Annotated[float, Field(ge=0, le=100)]


class _Document(BaseModel):
    """The fields of `Rollout`, and what must hold of them so that it can go on."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    version: Literal[1] = 1
    id: str
    settings: Settings
    candidate: Candidate
    started: float
    evidence: dict[str, Any]
    weights: tuple[Percent, ...] = Field(min_length=1)
    step: int = Field(ge=0)
    seen: tuple[int, int]
    looks: tuple[Look, ...]
    ending: Ending | None
    past: Past = ()
    pause: Pause | None = None
    asked: Asked | Shadowed | None = Field(None, discriminator="kind")

    @model_validator(mode="after")
    def _can_go_on(self) -> Self:
        settings = self.settings
        alone = len(settings.steps) == 1
        if self.step >= len(settings.steps) or not all(alone or 0 < step < 100 for step in settings.steps):
            raise ValueError(f"step {self.step + 1} of {settings.steps} cannot be")
        weight, step = self.weights[-1], settings.steps[self.step]
        if self.ending is None and not (weight <= step if self.pause else weight == step):
            raise ValueError(f"a rollout that goes on cannot have the weight {weight:g} %")
        if settings.interval <= 0 or settings.deadline <= 0:
            raise ValueError("interval and deadline are above 0")
        return self


_FIELDS = [name for name in _Document.model_fields if name not in ("version", "evidence")]


def write_rollout(rollout: Rollout) -> bytes:
    """A rollout as JSON."""
    fields = {name: getattr(rollout, name) for name in _FIELDS}
    return _Document(evidence=to_document(rollout.evidence), **fields).model_dump_json(indent=1).encode()


def read_rollout(content: bytes, where: str) -> Rollout:
    """A rollout from JSON. InputError, which names the field, for what no rollout wrote."""
    try:
        read = _Document.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "it"
        raise _damaged(f"{field}: {first['msg'].removeprefix('Value error, ')}", where) from None
    evidence = from_document(read.evidence, where=where)
    return Rollout(evidence=evidence, **{name: getattr(read, name) for name in _FIELDS})


def _damaged(what: str, where: str) -> InputError:
    return InputError(
        f"the state of the rollout cannot be read: {what}.",
        where=where,
        hint="Set the proxy's weight by hand, then delete it.",
    )


def write_request(request: Request) -> bytes:
    """A request as JSON."""
    return json.dumps(asdict(request)).encode()


def read_request(content: bytes | None) -> Request | None:
    """A request from JSON; one that cannot be read is to abort, which harms nobody."""
    if content is None:
        return None
    try:
        return TypeAdapter(Request).validate_json(content)
    except ValidationError:
        return Request("abort")
