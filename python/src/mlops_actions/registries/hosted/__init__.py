"""Registries that others host, each with a log of ours beside it: the log decides, and the hosted alias follows."""

from mlops_actions.registries.hosted.log_location import open_log
from mlops_actions.registries.hosted.registry import HostedRegistry
from mlops_actions.registries.hosted.system import Shown, System

__all__ = ["HostedRegistry", "Shown", "System", "open_log"]
