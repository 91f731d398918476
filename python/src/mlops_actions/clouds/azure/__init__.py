"""Azure Resource Manager and the machine-learning workspaces behind it."""

from mlops_actions.clouds.azure.arm import Answer, Arm, ConflictError, Json, NotThereError
from mlops_actions.clouds.azure.operations import OperationFailedError, settled
from mlops_actions.clouds.azure.workspace import Workspace, open_workspace, split_location

__all__ = [
    "Answer",
    "Arm",
    "ConflictError",
    "Json",
    "NotThereError",
    "OperationFailedError",
    "Workspace",
    "open_workspace",
    "settled",
    "split_location",
]
