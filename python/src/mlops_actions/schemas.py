"""JSON Schemas of what people and other tools write and read: mlops.yml, policy, contract and the statements."""

from __future__ import annotations

import json
from typing import Any

from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.ci.sources import BEFORE_THE_FILE, TOP_LEVEL_KEYS
from mlops_actions.cli import first_line
from mlops_actions.evidence.statement import KINDS, STATEMENT_TYPE, predicate_class, predicate_type
from mlops_actions.runner import ACTIONS, load_action

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
ODCS_SCHEMA = (
    "https://raw.githubusercontent.com/bitol-io/open-data-contract-standard/main/schema/odcs-json-schema-v3.1.0.json"
)


def schemas() -> dict[str, str]:
    """File name → JSON Schema."""
    written = {"mlops.schema.json": _mlops(), "policy.schema.json": _policy(), "contract.schema.json": _contract()}
    written |= {f"{kind}.schema.json": _statement(kind) for kind in KINDS}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in written.items()}


def _mlops() -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    common = CommonInputs.model_json_schema()["properties"]
    for key in TOP_LEVEL_KEYS:
        properties[key] = common.get(key, {"type": "string", "description": "The model that the train takes."})
    properties["stages"] = {
        "description": "The actions to run, in order; one may be named several times.",
        "type": "array",
        "minItems": 1,
        "items": {"enum": list(ACTIONS)},
    }
    for name in ACTIONS:
        section = load_action(name).Inputs.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= section.pop("$defs", {})
        properties[name] = {"oneOf": [_section(section), {"type": "array", "items": _section(section)}]}
    return {
        "$schema": _DIALECT,
        "title": "mlops.yml",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": definitions,
    }


def _policy() -> dict[str, Any]:
    from mlops_actions.policy.document import PolicyDocument

    schema = PolicyDocument.model_json_schema(by_alias=True)
    return {"$schema": _DIALECT, **schema, "title": "policy"}


def _contract() -> dict[str, Any]:
    """The standard's schema, and what our engine takes beside it."""
    properties = {"items": {"$ref": "#/$defs/property"}}
    table = {"quality": {"items": {"$ref": "#/$defs/rule-of-table"}}, "properties": properties}
    column = {"quality": {"items": {"$ref": "#/$defs/rule-of-column"}}, "properties": properties, **properties}
    return {
        "$schema": _DIALECT,
        "title": "data contract",
        "$ref": ODCS_SCHEMA,
        "properties": {"schema": {"items": {"properties": table}}},
        "$defs": {
            "property": {"properties": column},
            "rule-of-table": _custom_rule(in_column=False),
            "rule-of-column": _custom_rule(in_column=True),
        },
    }


def _custom_rule(*, in_column: bool) -> dict[str, Any]:
    """What `implementation` may hold where the engine is ours; below a column, that is the check's column."""
    from mlops_actions.validate_data.custom.kinds import ENGINE, KINDS, kind

    checks = []
    for name in KINDS:
        module = kind(name)
        arguments = module.Arguments.model_json_schema()
        needed = [key for key in arguments.get("required", []) if not (in_column and key in ("column", "columns"))]
        checks.append(
            {
                "type": "object",
                "description": first_line(module),
                "properties": {"check": {"const": name}, **arguments["properties"]},
                "required": ["check", *needed],
                "additionalProperties": False,
            }
        )
    ours = {"properties": {"type": {"const": "custom"}, "engine": {"const": ENGINE}}, "required": ["type", "engine"]}
    implementation = {
        "type": "object",
        "properties": {"check": {"enum": list(KINDS)}},
        "required": ["check"],
        "oneOf": checks,
    }
    return {"if": ours, "then": {"properties": {"implementation": implementation}, "required": ["implementation"]}}


def _section(schema: dict[str, Any]) -> dict[str, Any]:
    """Inputs may also come from flags and the top level, so none is required in a section."""
    properties = {key: _lenient(value) for key, value in schema["properties"].items() if key not in BEFORE_THE_FILE}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _lenient(field: dict[str, Any]) -> dict[str, Any]:
    """A list or a mapping may also be written as one string, and a duration as `5m`."""
    kept = {key: value for key, value in field.items() if key in {"description", "default", "title", "examples"}}
    rest = {key: value for key, value in field.items() if key not in kept}
    types = {rest.get("type")} | {option.get("type") for option in rest.get("anyOf", [])}
    if types & {"array", "number", "integer", "boolean", "object"}:
        return kept | {"anyOf": [rest, {"type": "string"}]}
    return field


def _statement(kind: str) -> dict[str, Any]:
    predicate = predicate_class(kind).model_json_schema(mode="serialization")
    definitions = predicate.pop("$defs", {})
    digest = {"type": "object", "properties": {"sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}}
    subject = {
        "type": "object",
        "required": ["name", "digest"],
        "properties": {"name": {"type": "string"}, "digest": digest},
    }
    return {
        "$schema": _DIALECT,
        "title": f"{kind} statement",
        "type": "object",
        "required": ["_type", "subject", "predicateType", "predicate"],
        "properties": {
            "_type": {"const": STATEMENT_TYPE},
            "subject": {"type": "array", "minItems": 1, "maxItems": 1, "items": subject},
            "predicateType": {"const": predicate_type(kind)},
            "predicate": predicate,
        },
        "$defs": definitions,
    }
