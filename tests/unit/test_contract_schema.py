"""The schema that editors complete contracts by: the standard's own, and the checks of our engine."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from mlops_actions.schemas import ODCS_SCHEMA, schemas
from mlops_actions.validate_data.custom.kinds import KINDS

SCHEMA = json.loads(schemas()["contract.schema.json"])
STANDARD = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text())
HEAD = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "a", "version": "1.0.0", "status": "active"}


def problems(contract: dict[str, Any]) -> list[str]:
    registry: Registry[Any] = Registry().with_resource(ODCS_SCHEMA, Resource.from_contents(STANDARD))
    validator = jsonschema.Draft202012Validator(SCHEMA, registry=registry)
    return [error.message for error in validator.iter_errors(contract)]


def custom(implementation: dict[str, Any], *, in_column: bool = False) -> dict[str, Any]:
    rule = {"type": "custom", "engine": "mlops-actions", "implementation": implementation}
    column: dict[str, Any] = {"name": "a", "logicalType": "integer"}
    table: dict[str, Any] = {"name": "t", "properties": [column]}
    (column if in_column else table)["quality"] = [rule]
    return {**HEAD, "schema": [table]}


def test_a_real_contract_fits() -> None:
    contract = Path(__file__).parents[2] / "examples" / "flight-delay" / "contract.yaml"
    assert problems(yaml.safe_load(contract.read_text())) == []


@pytest.mark.parametrize(
    ("implementation", "in_column", "fits"),
    [
        ({"check": "drift", "columns": ["a"], "max": 0.1}, False, True),
        ({"check": "drift", "columns": ["a"], "maximum": 0.1}, False, False),
        ({"check": "drift", "columns": ["a"], "max": 0.1, "method": "ks"}, False, False),
        ({"check": "freshness", "max": "2d"}, True, True),
        ({"check": "freshness", "max": "2d"}, False, False),
        ({"check": "drfit"}, False, False),
    ],
)
def test_an_editor_sees_what_our_checks_take(implementation: dict[str, Any], in_column: bool, fits: bool) -> None:
    assert (problems(custom(implementation, in_column=in_column)) == []) == fits


def test_the_standards_own_mistakes_are_seen_too() -> None:
    assert problems({**custom({"check": "drift", "max": 0.1}), "state": "x"})


def test_every_check_is_offered() -> None:
    offered = SCHEMA["$defs"]["rule-of-table"]["then"]["properties"]["implementation"]
    assert offered["properties"]["check"]["enum"] == list(KINDS)
    assert [one["properties"]["check"]["const"] for one in offered["oneOf"]] == list(KINDS)
