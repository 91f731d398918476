"""A model's aliases: those of the log, and those that only the hosted registry knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mlops_actions.registries.interface import Version


class HostedAliases(Mapping[str, Version | None]):
    """The versions of aliases that the log does not know are looked at when they are asked for."""

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
