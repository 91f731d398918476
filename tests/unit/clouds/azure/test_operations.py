"""What a long-running operation has come to, as Azure's last answer says it."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_actions.clouds.azure.arm import Answer, Arm
from mlops_actions.clouds.azure.credentials import Credential
from mlops_actions.clouds.azure.operations import OperationFailedError, settled

PLACE = "https://management.azure.com/operations/1"


class Answering(Arm):
    """Whatever it is asked for, it has one answer."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(Credential())
        self._body = body

    def follow(self, url: str) -> Answer:
        return Answer(200, self._body, {}, url)


def test_a_location_that_ends_with_a_resource_that_failed_has_failed() -> None:
    begun = Answer(202, {}, {"Location": PLACE}, PLACE)
    failed = {"properties": {"provisioningState": "Failed"}, "error": {"code": "BadArgument", "message": "no image."}}
    with pytest.raises(OperationFailedError) as caught:
        settled(Answering(failed), begun, "start the deployment 'blue'", 60)
    assert str(caught.value) == "Azure failed to start the deployment 'blue': BadArgument: no image."
    ready = {"properties": {"provisioningState": "Succeeded"}}
    assert settled(Answering(ready), begun, "start the deployment 'blue'", 60) == ready
