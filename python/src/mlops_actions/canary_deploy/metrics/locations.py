"""Which source counts the requests: the target's own counters, or the one that the input `metrics-source` names."""

from __future__ import annotations

from importlib import import_module

from mlops_actions.canary_deploy.metrics.interface import MetricSource
from mlops_actions.canary_deploy.targets.interface import Services, Target
from mlops_actions.errors import InputError, nearest

_OWN = {
    "envoy": "mlops_actions.canary_deploy.metrics.envoy",
    "exec": "mlops_actions.canary_deploy.metrics.exec",
    "haproxy": "mlops_actions.canary_deploy.metrics.haproxy",
    "traefik": "mlops_actions.canary_deploy.metrics.traefik",
}
"""The kind of a target that counts → module whose `open_metrics(target)` returns the source."""

_SOURCES = {
    "exec": "mlops_actions.canary_deploy.metrics.exec",
    "json": "mlops_actions.canary_deploy.metrics.json",
    "prometheus": "mlops_actions.canary_deploy.metrics.prometheus",
}
"""Scheme → module whose `open_source(location, services, query)` returns it. All are imported when asked for."""


def open_metrics(target: Target, location: str | None, services: Services, query: str | None = None) -> MetricSource:
    """The source at a location, else the target's own counters; nothing is read yet.

    `query` is the input `metrics-query`. InputError for a location that is not understood, and without one where the
    target counts nothing.
    """
    source: MetricSource
    if location is None:
        if target.kind not in _OWN:
            raise InputError(
                f"{target.location} has no counters of its own.",
                hint="Give 'metrics-source', such as exec:./counts.sh; see the guide of canary-deploy.",
            )
        source = import_module(_OWN[target.kind]).open_metrics(target)
        return source
    scheme, colon, _ = location.partition(":")
    if not colon or scheme not in _SOURCES:
        raise InputError(
            f"the input 'metrics-source' is {location!r}, which names no known kind of source.",
            hint=f"{nearest(scheme, _SOURCES)} Write prometheus:URL, json:URL, or exec:COMMAND for a script of yours.",
        )
    source = import_module(_SOURCES[scheme]).open_source(location, services, query)
    return source
