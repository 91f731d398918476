"""Whether the champion that the evaluation compared with is still the champion."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.policy.facts import Champion

if TYPE_CHECKING:
    from mlops_actions.evidence.evaluation import Evaluation


def champion_of(evaluation: Evaluation, registry: str, name: str | None) -> Champion:
    """Compare the evaluation's champion with what the registry's alias names now.

    A champion that the user chose by path or digest stands for itself. Raises InputError when nothing says where to
    look, OutsideError when the registry cannot be read: not being able to read is never "there is none".
    """
    from mlops_actions.registries.interface import NAME

    sha256 = evaluation.champion_sha256
    # A path may hold an @ as well, and then names no alias.
    match = re.fullmatch(rf"(?P<name>{NAME})?@(?P<alias>{NAME})", evaluation.champion_name or "@champion")
    if match is None:
        return Champion("compared", sha256)
    model, alias = match["name"] or name, match["alias"]
    if model is None:
        raise InputError(
            "a rule names the champion, and nothing says which model's.",
            hint="Give the input 'name': the model's name in the registry.",
        )
    return _in_registry(sha256, registry, model, alias)


def champion_now(registry: str, name: str | None) -> Champion:
    """The model that another tool's numbers are taken for, as those of the champion: the registry's, if there is one.

    Raises OutsideError when the registry cannot be read.
    """
    from mlops_actions.registries import AliasMissingError

    if name is None:
        return Champion("compared")
    try:
        return Champion("compared", _named(registry, name, "champion"))
    except AliasMissingError as error:
        return _gone(registry, f"{name}@champion", None) if error.ever_existed else Champion("compared")


def _in_registry(evaluated: str | None, registry: str, model: str, alias: str) -> Champion:
    from mlops_actions.registries import AliasMissingError

    reference = f"{model}@{alias}"
    try:
        now = _named(registry, model, alias)
    except AliasMissingError as error:
        if error.ever_existed:
            return _gone(registry, reference, evaluated)
        if evaluated is None:
            return Champion("never", None, f"{reference} has never named a model in {registry!r}.")
        return _moved(evaluated, f"{reference} names no model in {registry!r}")
    return Champion("compared", evaluated) if evaluated == now else _moved(evaluated, f"{reference} names {now[:12]}")


def _named(registry: str, model: str, alias: str) -> str:
    from mlops_actions.registries import open_registry
    from mlops_actions.registries.reference import aliased

    return aliased(open_registry(registry), model, alias).sha256


def _gone(registry: str, reference: str, evaluated: str | None) -> Champion:
    note = f"{reference} once named a model in {registry!r} and names none now. Promote one or roll back."
    return Champion("gone", evaluated, note)


def _moved(evaluated: str | None, now: str) -> Champion:
    before = evaluated[:12] if evaluated else "none"
    note = f"the champion moved: the evaluation compared with {before}, now {now}. Run evaluate-model again."
    return Champion("moved", evaluated, note)
