"""Azure ML's own schema, made at test time from the client that Microsoft publishes (azure-ai-ml, MIT).

Paths, methods and query parameters come from the client's request builders, bodies from its typed models. What an
operation may answer besides is as in https://github.com/Azure/azure-rest-api-specs.
"""

from __future__ import annotations

import datetime
import enum
import inspect
import re
import typing
import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any

import jsonschema

from azureml_fake import Exchange

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own libraries warn of each other
    from azure.ai.ml._restclient.arm_ml_service import models
    from azure.ai.ml._restclient.arm_ml_service._utils.model_base import Model
    from azure.ai.ml._restclient.arm_ml_service.models import _models
    from azure.ai.ml._restclient.arm_ml_service.operations import _operations

Json = dict[str, Any]

OPERATIONS: dict[str, tuple[str | None, str | None]] = {
    "workspaces_get": (None, "Workspace"),
    "datastores_list": (None, "[Datastore]"),
    "datastores_get": (None, "Datastore"),
    "datastores_list_secrets": ("SecretExpiry", "DatastoreSecrets"),
    "model_containers_list": (None, "[ModelContainer]"),
    "model_containers_get": (None, "ModelContainer"),
    "model_versions_list": (None, "[ModelVersion]"),
    "model_versions_get": (None, "ModelVersion"),
    "model_versions_create_or_update": ("ModelVersion", "ModelVersion"),
    "online_endpoints_get": (None, "OnlineEndpoint"),
    "online_endpoints_list": (None, "[OnlineEndpoint]"),
    "online_endpoints_create_or_update": ("OnlineEndpoint", "OnlineEndpoint"),
    "online_endpoints_list_keys": (None, "EndpointAuthKeys"),
    "online_endpoints_get_token": (None, "EndpointAuthToken"),
    "online_deployments_get": (None, "OnlineDeployment"),
    "online_deployments_list": (None, "[OnlineDeployment]"),
    "online_deployments_create_or_update": ("OnlineDeployment", "OnlineDeployment"),
    "online_deployments_delete": (None, None),
    "online_deployments_get_logs": ("DeploymentLogsRequest", "DeploymentLogs"),
}
"""The client's request builders → the models of what is sent and what is answered; a list in brackets."""
UNMODELLED = {"expireAfterHours"}
"""What the client itself sends although its models do not have it."""
ELSEWHERE = re.compile(r"/operationsStatus/|/providers/microsoft\.insights/", re.IGNORECASE)
"""Operations and Monitor are no part of this client."""


def violations(exchanges: Iterable[Exchange]) -> list[str]:
    """What the schema does not allow of these requests and answers."""
    found: list[str] = []
    for one in exchanges:
        if ELSEWHERE.search(one.path) or one.status >= 400:
            continue
        wrong = _check(one)
        found += [f"{one.method} {one.path}: {what}" for what in wrong]
    return found


def _check(one: Exchange) -> list[str]:
    for path, method, query, sent, answered in operations():
        if method != one.method or not path.fullmatch(one.path):
            continue
        wrong = [f"no query parameter {name!r}" for name in one.query if name not in query]
        if sent:
            body = {key: value for key, value in (one.body or {}).items() if key not in UNMODELLED}
            wrong += _errors(sent, body)
        if answered and one.answer is not None:
            wrong += _errors(answered, one.answer)
        return wrong
    return ["the client knows no such request"]


def _errors(model: str, document: Any) -> list[str]:
    if model.startswith("["):
        return [what for item in document["value"] for what in _errors(model[1:-1], item)]
    reference(getattr(models, model))
    schema = {"$ref": f"#/definitions/{model}", "definitions": definitions}
    return [
        f"{'/'.join(map(str, error.path))}: {error.message[:160]}"
        for error in jsonschema.Draft7Validator(schema).iter_errors(document)
    ]


@cache
def operations() -> list[tuple[re.Pattern[str], str, set[str], str | None, str | None]]:
    """Path, method, query parameters, what is sent, what is answered."""
    found = []
    for name, (sent, answered) in OPERATIONS.items():
        source = inspect.getsource(getattr(_operations, f"build_{name}_request"))
        url, method = re.search(r'_url = "([^"]+)"', source), re.search(r'method="(\w+)"', source)
        assert url
        assert method
        query = set(re.findall(r'_params\["([^"]+)"\]', source))
        path = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(url[1]))
        found.append((re.compile(path, re.IGNORECASE), method[1], query, sent, answered))
    return found


definitions: Json = {}
_NAMES = {**vars(_models), "_models": models, "datetime": datetime, **vars(typing)}


def reference(model: type[Any]) -> Json:
    """A model of the client as a schema."""
    name = model.__name__
    if name in definitions:
        return {"$ref": f"#/definitions/{name}"}
    definitions[name] = {}
    try:
        model({})  # registers its fields
    except (TypeError, ValueError, KeyError):
        assert model._attr_to_rest_field
    properties: Json = {}
    required: list[str] = []
    hints = typing.get_type_hints(model, _NAMES, _NAMES)
    for attribute, field in model._attr_to_rest_field.items():
        hint = hints.get(attribute, str)
        optional = typing.get_origin(hint) is typing.Union and type(None) in typing.get_args(hint)
        schema = _schema(hint)
        properties[field._rest_name] = {"anyOf": [schema, {"type": "null"}]} if optional else schema
        if not optional and getattr(field, "_visibility", None) != ["read"]:
            required.append(field._rest_name)
    known = vars(models).values()
    has_kinds = any(isinstance(one, type) and issubclass(one, model) and one is not model for one in known)
    definitions[name] = {"type": "object", "properties": properties, "required": required}
    if not has_kinds:
        definitions[name]["additionalProperties"] = False
    return {"$ref": f"#/definitions/{name}"}


def _schema(hint: Any) -> Json:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        kept = [one for one in arguments if one is not type(None)]
        enums = [one for one in kept if isinstance(one, type) and issubclass(one, enum.Enum)]
        return _schema(enums[0] if enums else kept[0])
    if origin is typing.Literal:
        return {"enum": [one.value if isinstance(one, enum.Enum) else one for one in arguments]}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if not isinstance(hint, type):
        return {}
    if issubclass(hint, enum.Enum):
        return {"enum": [one.value for one in hint]}
    if issubclass(hint, Model):
        return reference(hint)
    return {str: {"type": "string"}, bool: {"type": "boolean"}, int: {"type": "integer"},
            float: {"type": "number"}}.get(hint, {})  # fmt: skip
