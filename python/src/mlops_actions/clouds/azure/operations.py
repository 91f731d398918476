"""Azure's long-running operations: begun by a request, asked about until they have ended.

See https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations: by `Azure-AsyncOperation`,
else by `Location`, else by the resource's own `provisioningState`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from mlops_actions.clouds.azure.arm import QUOTA_HINT, Answer, Arm, Json, is_quota, said
from mlops_actions.errors import OutsideError

PAUSE = 5.0
"""Seconds between two questions, where Azure names no other time."""
_ENDED = ("Succeeded", "Failed", "Canceled")


class OperationFailedError(OutsideError):
    """Azure began it, and it failed."""


def settled(arm: Arm, begun: Answer, what: str, limit: float) -> Json:
    """The resource once the operation has succeeded; `what` says in the user's words what is done.

    Raises OperationFailedError where Azure says that it failed, and OutsideError where a quota is used up, and where it
    has not ended within `limit` seconds, or within what Azure itself allows (`x-ms-async-operation-timeout`). A run
    that is cancelled meanwhile waits on: what was begun goes on without us.
    """
    allowed = _seconds(begun.headers.get("x-ms-async-operation-timeout", ""))
    until = time.monotonic() + min(limit, allowed or limit)
    if begun.status == 204:
        return {}
    if operation := begun.headers.get("Azure-AsyncOperation"):
        last = _polled(arm, operation, what, until)
    elif begun.status == 202 and (location := begun.headers.get("Location")):
        last = begun
        while last.status == 202:
            _wait(last.headers, what, until)
            last = arm.follow(location)
        _check(last.body, what)
        return last.body
    else:
        last = begun
    _check(last.body, what)
    return {} if begun.status == 202 else _provisioned(arm, begun, what, until)


def _polled(arm: Arm, operation: str, what: str, until: float) -> Answer:
    found = arm.follow(operation)
    while (found.body.get("status") or "") not in _ENDED:
        _wait(found.headers, what, until)
        found = arm.follow(operation)
    return found


def _provisioned(arm: Arm, begun: Answer, what: str, until: float) -> Json:
    """The resource itself, once it says that it is ready: a list or another replica may lag behind."""
    url = begun.url
    found = arm.follow(url)
    while _state(found.body) not in (None, *_ENDED):
        _wait(found.headers, what, until)
        found = arm.follow(url)
    _check(found.body, what)
    return found.body


def _check(found: Json, what: str) -> None:
    state = _state(found)
    if state in ("Failed", "Canceled"):
        code, words = said(found)
        message = f"Azure failed to {what}: {': '.join(filter(None, (code, words))) or 'no reason given'}."
        raise OutsideError(message, hint=QUOTA_HINT) if is_quota(code) else OperationFailedError(message)


def _state(found: Mapping[str, object]) -> str | None:
    """Of an operation or a resource; None where it has none."""
    properties = found.get("properties")
    state = found.get("status") or (properties.get("provisioningState") if isinstance(properties, Mapping) else None)
    return str(state) if state else None


def _wait(headers: Mapping[str, str], what: str, until: float) -> None:
    asked = headers.get("Retry-After", "")
    pause = float(asked) if asked.isdigit() else PAUSE
    left = until - time.monotonic()
    if left <= 0:
        raise OutsideError(
            f"Azure did not {what} in time; it may still do so.", hint="Look at it in the studio, then run this again."
        )
    time.sleep(min(pause, left))


def _seconds(duration: str) -> float | None:
    """An ISO 8601 duration such as `PT1H30M`; None for what is none.

    >>> _seconds("PT1H30M"), _seconds("PT0.5S"), _seconds("")
    (5400.0, 0.5, None)
    """
    found = re.fullmatch(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?", duration)
    if not found or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
