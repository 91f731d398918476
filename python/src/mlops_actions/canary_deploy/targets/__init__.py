"""What routes the traffic."""

from mlops_actions.canary_deploy.targets.addresses import split_address
from mlops_actions.canary_deploy.targets.interface import (
    DeployingTarget,
    MirroringTarget,
    Services,
    Side,
    Sticky,
    Target,
    read_sticky,
)
from mlops_actions.canary_deploy.targets.locations import open_target

__all__ = [
    "DeployingTarget",
    "MirroringTarget",
    "Services",
    "Side",
    "Sticky",
    "Target",
    "open_target",
    "read_sticky",
    "split_address",
]
