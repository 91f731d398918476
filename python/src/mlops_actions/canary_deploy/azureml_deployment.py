"""A deployment as `az ml online-deployment create --file` reads it, for Azure's REST interface."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlops_actions.clouds.azure import Json, Workspace
from mlops_actions.errors import InputError, nearest

_PLAIN = {
    "app_insights_enabled": "appInsightsEnabled",
    "description": "description",
    "egress_public_network_access": "egressPublicNetworkAccess",
    "environment_variables": "environmentVariables",
    "instance_type": "instanceType",
    "model_mount_path": "modelMountPath",
    "properties": "properties",
}
"""Words of the file → words of the interface, their values as they are."""
_PROBES = {"liveness_probe": "livenessProbe", "readiness_probe": "readinessProbe"}
_OTHERS = {"$schema", "name", "endpoint_name", "type", "model", "environment", "instance_count", "tags",
           "request_settings", "scale_settings"}  # fmt: skip


def read_deployment(path: Path, workspace: Workspace, name: str, endpoint: str) -> Json:
    """The body of the request that makes the deployment `name`. InputError for a file that says something else."""
    try:
        found = yaml.safe_load(path.read_text())
    except OSError as error:
        raise InputError(f"the deployment cannot be read: {error.strerror}.", where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError("the deployment is no YAML.", where=str(path)) from None
    if not isinstance(found, Mapping):
        raise InputError("the deployment is no mapping of names to values.", where=str(path))
    _check(found, path, name, endpoint)
    properties: Json = {_PLAIN[key]: value for key, value in found.items() if key in _PLAIN}
    properties |= {"endpointComputeType": "Managed", "scaleSettings": {"scaleType": "Default"}}
    for key, word in _PROBES.items():
        if probe := found.get(key):
            seconds = {"initial_delay": "initialDelay", "period": "period", "timeout": "timeout"}
            properties[word] = {there: f"PT{probe[here]}S" for here, there in seconds.items() if here in probe}
            counts = {"success_threshold": "successThreshold", "failure_threshold": "failureThreshold"}
            properties[word] |= {there: probe[here] for here, there in counts.items() if here in probe}
    if asked := found.get("request_settings"):
        properties["requestSettings"] = _request_settings(asked)
    properties["model"] = _asset(found["model"], "models", workspace, path)
    if environment := found.get("environment"):
        properties["environmentId"] = _asset(environment, "environments", workspace, path)
    sku = {"name": "Default", "capacity": int(found.get("instance_count", 1))}
    return {"tags": dict(found.get("tags") or {}), "sku": sku, "properties": properties}


def _check(found: Mapping[str, Any], path: Path, name: str, endpoint: str) -> None:
    known = {*_PLAIN, *_PROBES, *_OTHERS}
    for key in found:
        if key == "code_configuration":
            raise InputError(
                "'code_configuration' uploads a folder of code, which only `az` does.",
                where=str(path),
                hint="Put the code into the environment's image or an MLflow model, or deploy with "
                "`az ml online-deployment create` before and leave `?deployment=` out.",
            )
        if key not in known:
            raise InputError(f"{key!r} is not known here.", where=str(path), hint=nearest(str(key), known))
    for key, given, meant in (("name", name, "candidate"), ("endpoint_name", endpoint, "target")):
        if key in found and found[key] != given:
            raise InputError(f"{key!r} is {found[key]!r}, and the input {meant!r} says {given!r}.", where=str(path))
    for key in ("model", "instance_type"):
        if not found.get(key):
            raise InputError(f"the deployment lacks {key!r}.", where=str(path))


def _asset(given: object, kind: str, workspace: Workspace, path: Path) -> str:
    """`azureml:NAME:VERSION` of the workspace, or the whole path of an asset elsewhere, as Azure names it."""
    text = str(given)
    if short := re.fullmatch(r"azureml:([A-Za-z0-9][A-Za-z0-9_.-]*):([A-Za-z0-9][A-Za-z0-9_.-]*)", text):
        return f"{workspace.path}/{kind}/{short[1]}/versions/{short[2]}"
    if re.match(r"azureml:(//|/subscriptions/)", text):
        return text.removeprefix("azureml:") if text.startswith("azureml:/s") else text
    raise InputError(
        f"{kind.removesuffix('s')!r} is {text[:100]!r}.",
        where=str(path),
        hint="Write azureml:NAME:VERSION of what is registered in the workspace.",
    )


def _request_settings(asked: Mapping[str, Any]) -> Json:
    found: Json = {}
    if "request_timeout_ms" in asked:
        found["requestTimeout"] = f"PT{asked['request_timeout_ms'] / 1000:g}S"
    if "max_concurrent_requests_per_instance" in asked:
        found["maxConcurrentRequestsPerInstance"] = asked["max_concurrent_requests_per_instance"]
    return found
