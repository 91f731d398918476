"""A target's location, such as `envoy:127.0.0.1:8000`, and what opens it."""

from __future__ import annotations

from importlib import import_module

from mlops_actions.canary_deploy.targets.interface import Services, Target
from mlops_actions.errors import InputError, nearest

_OPENERS = {
    "azureml": "mlops_actions.canary_deploy.targets.azureml",
    "envoy": "mlops_actions.canary_deploy.targets.envoy",
    "exec": "mlops_actions.canary_deploy.targets.exec",
    "haproxy": "mlops_actions.canary_deploy.targets.haproxy",
    "httproute": "mlops_actions.canary_deploy.targets.httproute",
    "kserve": "mlops_actions.canary_deploy.targets.kserve",
    "sagemaker": "mlops_actions.canary_deploy.targets.sagemaker",
    "traefik": "mlops_actions.canary_deploy.targets.traefik",
}
"""Scheme → module whose `open_target(location, services)` returns the Target; imported when it is asked for."""


def open_target(location: str, services: Services) -> Target:
    """The target at a location; nothing is reached or started yet. InputError for one that is not understood."""
    target: Target = import_module(_OPENERS[scheme_of(location)]).open_target(location, services)
    return target


def scheme_of(location: str) -> str:
    """The location's scheme.

    >>> scheme_of("envoy:127.0.0.1:8000")
    'envoy'
    """
    scheme, colon, _ = location.partition(":")
    if not colon or scheme not in _OPENERS:
        raise InputError(
            f"the input 'target' is {location!r}, which names no known kind of target.",
            hint=f"{nearest(scheme, _OPENERS)} Write envoy:127.0.0.1:8000 for an embedded Envoy that listens there, "
            "or exec:COMMAND for a script of yours.",
        )
    return scheme
