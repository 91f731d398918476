"""How traffic moves to a candidate, and what the evidence means for it."""

from mlops_actions.canary_deploy.strategies.interface import Finish, OnInconclusive, Outcome, Strategy
from mlops_actions.canary_deploy.strategies.names import StrategyName, strategy_of

__all__ = ["Finish", "OnInconclusive", "Outcome", "Strategy", "StrategyName", "strategy_of"]
