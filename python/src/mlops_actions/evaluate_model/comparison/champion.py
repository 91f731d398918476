"""The models that the candidate is compared with on the same rows: found, or known not to exist yet."""

from __future__ import annotations

import logging
from typing import Literal

from mlops_actions.registries.interface import AliasMissingError
from mlops_actions.registries.reference import Model, resolve

log = logging.getLogger(__name__)

Rival = Literal["champion", "anchor"]
"""A model that the candidate is compared with, by the input that names it."""


def find_rivals(champion: str | None, anchor: str | None, registry: str, name: str | None) -> dict[Rival, Model]:
    """The champion, where there is one, and the anchor, where one is named, which then must be there."""
    found = find_champion(champion, registry, name)
    rivals: dict[Rival, Model] = {"champion": found} if found else {}
    return rivals | ({"anchor": resolve(anchor, registry, name)} if anchor else {})


def find_champion(reference: str | None, registry: str, name: str | None) -> Model | None:
    """The champion, by default the one that the alias `champion` of `name` points to; None for a first model.

    Raises InputError for a reference that names nothing, also where the alias once existed and is gone, and
    OutsideError when the registry cannot be read: then nobody knows whether there is a champion.
    """
    if reference is None and name is None:
        log.info("No champion: neither `champion` nor `name` is given.")
        return None
    asked = reference or "@champion"
    try:
        return resolve(asked, registry, name)
    except AliasMissingError as error:
        if error.ever_existed:
            raise
        log.info("No champion yet (%s): the candidate is evaluated alone.", asked)
        return None
