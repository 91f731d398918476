"""One machine-learning workspace, as a location names it: `azureml:SUBSCRIPTION/GROUP/WORKSPACE`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from mlops_actions.clouds.azure.arm import Arm, Json, NotThereError
from mlops_actions.clouds.azure.credentials import Credential
from mlops_actions.errors import InputError

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._()-]{0,254}")


@dataclass(frozen=True)
class Workspace:
    """A workspace; nothing is asked before it is needed."""

    subscription: str
    group: str
    name: str
    arm: Arm

    @property
    def path(self) -> str:
        """Below Azure's endpoint."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    def find(self, path: str) -> Json | None:
        """What stands at a path below the workspace; None where the workspace is there, and that is not."""
        try:
            return self.arm.get(f"{self.path}/{path}")
        except NotThereError:
            _ = self.itself
            return None

    @cached_property
    def itself(self) -> Json:
        """The workspace as Azure describes it. InputError where there is none: what is missing in it is not missing."""
        try:
            return self.arm.get(self.path)
        except NotThereError as error:
            raise InputError(
                f"there is no workspace {self.name!r} in the resource group {self.group!r} of the subscription "
                f"{self.subscription!r}: {error.message}",
                hint="Write azureml:SUBSCRIPTION/GROUP/WORKSPACE, as `az ml workspace show` says them.",
            ) from None


def open_workspace(location: str, what: str, names: str) -> tuple[Workspace, list[str]]:
    """The workspace of a location, and what stands behind it; nothing is asked yet. InputError where parts lack."""
    subscription, group, name, *rest = split_location(location, what, names)
    return Workspace(subscription, group, name, Arm(Credential())), rest


def split_location(location: str, what: str, names: str) -> list[str]:
    """The parts of `azureml:A/B/…`, as many as the upper-case names of the example.

    >>> split_location("azureml:0000/models/ml", "registry", "SUBSCRIPTION/GROUP/WORKSPACE")
    ['0000', 'models', 'ml']
    """
    parts = location.partition(":")[2].split("/")
    if len(parts) != len(names.split("/")) or not all(map(_PART.fullmatch, parts)):
        raise InputError(f"the {what} is {location!r}, which is no azureml:{names}.", where=what)
    return parts
