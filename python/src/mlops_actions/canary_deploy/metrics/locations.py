"""Which sources count: the target's own counters, and what the input `metrics-source` names."""

from __future__ import annotations

from importlib import import_module

from mlops_actions.canary_deploy.metrics.combined import CombinedCounters
from mlops_actions.canary_deploy.metrics.interface import MetricSource, Query
from mlops_actions.canary_deploy.targets.interface import Services, Target
from mlops_actions.ci.credentials import without_credentials
from mlops_actions.errors import InputError, nearest

_OWN = {
    "azureml": "mlops_actions.canary_deploy.metrics.azureml",
    "envoy": "mlops_actions.canary_deploy.metrics.envoy",
    "exec": "mlops_actions.canary_deploy.metrics.exec",
    "haproxy": "mlops_actions.canary_deploy.metrics.haproxy",
    "sagemaker": "mlops_actions.canary_deploy.metrics.sagemaker",
    "traefik": "mlops_actions.canary_deploy.metrics.traefik",
}
"""The kind of a target that counts → module whose `open_metrics(target)` returns the source."""

_SOURCES = {
    "cloudwatch": "mlops_actions.canary_deploy.metrics.sagemaker",
    "exec": "mlops_actions.canary_deploy.metrics.exec",
    "json": "mlops_actions.canary_deploy.metrics.json",
    "postgres": "mlops_actions.canary_deploy.metrics.sql",
    "postgresql": "mlops_actions.canary_deploy.metrics.sql",
    "prometheus": "mlops_actions.canary_deploy.metrics.prometheus",
    "sqlite": "mlops_actions.canary_deploy.metrics.sql",
}
"""Scheme → module whose `open_source(location, services, query)` returns it. All are imported when asked for."""

_IN_PART = {"postgres", "postgresql", "sqlite"}
"""What may know of labels alone, and leaves requests and errors to another source."""


def open_metrics(target: Target, locations: str | None, services: Services, query: Query | None = None) -> MetricSource:
    """The sources at one or several locations, one a line, else the target's own counters; nothing is read yet.

    Where none of them counts requests the target's own counters stand first. InputError for a location that is not
    understood, and without one where the target counts nothing.
    """
    given = [line.strip() for line in (locations or "").splitlines() if line.strip()]
    named = [_open(location, services, query or Query()) for location in given]
    if given and not all(_scheme(location) in _IN_PART for location in given):
        return named[0] if len(named) == 1 else CombinedCounters(named)
    if target.kind in _OWN:
        own: MetricSource = import_module(_OWN[target.kind]).open_metrics(target)
        return CombinedCounters([own, *named]) if named else own
    if named:
        return CombinedCounters(named)
    raise InputError(
        f"{target.location} has no counters of its own.",
        hint="Give 'metrics-source', such as exec:./counts.sh; see the guide of canary-deploy.",
    )


def _open(location: str, services: Services, query: Query) -> MetricSource:
    scheme = _scheme(location)
    if scheme not in _SOURCES:
        raise InputError(
            f"the input 'metrics-source' is {without_credentials(location)!r}, which names no known kind of source.",
            hint=f"{nearest(scheme, _SOURCES)} Write prometheus:URL, json:URL, postgresql://…, or exec:COMMAND for a "
            "script of yours.",
        )
    source: MetricSource = import_module(_SOURCES[scheme]).open_source(location, services, query)
    return source


def _scheme(location: str) -> str:
    scheme, colon, _ = location.partition(":")
    return scheme.lower() if colon else ""
