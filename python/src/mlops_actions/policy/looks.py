"""Looks at a test set, counted in the registry: one object for each model and policy, made once.

The object holds how many candidates there were then and which look at its own it was, so that judging again comes to
the same.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from mlops_actions.errors import MlopsError
from mlops_actions.evidence.verdict import TestSetLook

if TYPE_CHECKING:
    from mlops_actions.registries import Registry

log = logging.getLogger(__name__)


def take_look(
    registry: Registry, name: str, data: str, model: str, policy: str, budget: int | None, *, dry_run: bool = False
) -> TestSetLook:
    """Count a look of a model at a test set; the one that was counted before, where it is the same.

    Where the registry cannot be written, the look is not counted, and that is said; in a dry run it is not counted.
    """
    if before := find_look(registry, name, data, model, policy, budget):
        return before
    keys = registry.attachments(name, "looks")
    look = TestSetLook(
        data=data,
        candidates=len({_model(key) for key in keys if _data(key) == data} | {model}),
        look=len({_data(key) for key in keys if _model(key) == model} | {data}),
        budget=budget,
        counted=True,
    )
    if dry_run:
        return look.model_copy(update={"counted": False})
    content = json.dumps({"candidates": look.candidates, "look": look.look}).encode()
    try:
        if not registry.attach(name, _key(data, model, policy), content):
            return find_look(registry, name, data, model, policy, budget) or look
    except MlopsError as error:
        log.warning("Look not counted: %s", error.message)
        return look.model_copy(update={"counted": False})
    log.info("This test set has judged %d candidate(s), this one included.", look.candidates)
    return look


def find_look(
    registry: Registry, name: str, data: str, model: str, policy: str, budget: int | None
) -> TestSetLook | None:
    """A look that was counted; None where there was none, or what was written of it cannot be read."""
    content = registry.attached(name, _key(data, model, policy))
    try:
        counted = json.loads(content or b"")
        return TestSetLook(
            data=data, candidates=counted["candidates"], look=counted["look"], budget=budget, counted=True
        )
    except (ValueError, KeyError, TypeError):
        return None


def _key(data: str, model: str, policy: str) -> str:
    return f"looks/{data}/{model}-{policy}"


def _data(key: str) -> str:
    return key.split("/")[1]


def _model(key: str) -> str:
    return key.split("/")[-1].partition("-")[0]
