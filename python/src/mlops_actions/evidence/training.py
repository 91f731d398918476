"""training: what makes a model reproducible, recorded while it was trained."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mlops_actions.evidence.statement import Predicate


class Training(Predicate):
    """About the model that the training command wrote; the data it read are its materials."""

    KIND: ClassVar[str] = "training"

    command: list[str]
    exit_code: int
    seconds: float
    commit: str | None = Field(None, description="Of the working directory, where it is a git checkout.")
    dirty: bool | None = Field(None, description="Whether the checkout differed from that commit.")
    lock: str | None = Field(None, description="SHA-256 of the file that locks the environment.")
    python: str | None = Field(None, description="Version of the interpreter that trained.")
    parameters: dict[str, str] = {}
    seed: int | None = None
    metrics: dict[str, float] = {}
