"""A strategy by its name."""

from __future__ import annotations

from typing import Literal

from mlops_actions.canary_deploy.strategies.ab import AB
from mlops_actions.canary_deploy.strategies.blue_green import BlueGreen
from mlops_actions.canary_deploy.strategies.canary import Canary
from mlops_actions.canary_deploy.strategies.interface import Strategy
from mlops_actions.canary_deploy.strategies.shadow import Shadow

StrategyName = Literal["canary", "blue-green", "ab", "shadow"]

_STRATEGIES: dict[StrategyName, Strategy] = {
    "canary": Canary(),
    "blue-green": BlueGreen(),
    "ab": AB(),
    "shadow": Shadow(),
}


def strategy_of(name: StrategyName) -> Strategy:
    """The strategy of that name."""
    return _STRATEGIES[name]
