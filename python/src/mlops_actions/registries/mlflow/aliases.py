"""Aliases as MLflow has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlops_actions.errors import InputError
from mlops_actions.registries.interface import Version


class HostedAliases(Mapping[str, Version | None]):
    """The log's aliases, and those that only MLflow knows, whose versions are looked at when they are asked for."""

    def __init__(
        self,
        logged: Mapping[str, Version | None],
        foreign: Mapping[str, int],
        examine: Callable[[int], Version | None],
    ) -> None:
        self._logged = dict(logged)
        self._foreign = dict(foreign)
        self._examine = examine

    def __getitem__(self, alias: str) -> Version | None:
        if alias in self._foreign:
            self._logged[alias] = self._examine(self._foreign.pop(alias))
        return self._logged[alias]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._logged, *self._foreign])

    def __len__(self) -> int:
        return len(self._logged) + len(self._foreign)


def read_aliases(model: Mapping[str, Any]) -> dict[str, int]:
    """The aliases of a registered model as MLflow describes it, and their versions' numbers."""
    return {one["alias"]: int(one["version"]) for one in model.get("aliases", [])}


def check_alias(alias: str) -> None:
    """InputError for one that MLflow keeps to itself; better known before the log has the entry."""
    if alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
        raise InputError(
            f"MLflow keeps the alias {alias!r} to itself.", where="alias", hint="Take another name, such as champion."
        )
