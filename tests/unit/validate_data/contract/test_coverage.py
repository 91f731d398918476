"""What the guide says of the standard: all its keys are told, and each does what the guide says that it does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from open_data_contract_standard.model import DataQuality, SchemaObject, SchemaProperty

from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.contract.formats import INTEGER_FORMATS, NUMBER_FORMATS, STRING_FORMATS
from mlops_actions.validate_data.contract.options import OPTIONS
from mlops_actions.validate_data.contract.servers import KEYS
from mlops_actions.validate_data.rules import NotChecked
from mlops_actions.yaml_source import parse_yaml

GUIDE = Path(__file__).parents[4] / "docs" / "actions" / "validate-data.md"
HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\n"
CHECKED = {
    "required": "logicalType: string, required: true",
    "unique": "logicalType: string, unique: true",
    "primaryKey": "logicalType: string, primaryKey: true",
    "enum": "logicalType: string, enum: [{value: a}]",
    "properties": "logicalType: object, properties: [{name: b, logicalType: string}]",
    "items": "logicalType: array, items: {logicalType: string}",
    "physicalType": "logicalType: string, physicalType: varchar(3)",
    "partitioned": "logicalType: string, partitioned: true",
    "partitionKeyPosition": "logicalType: string, partitioned: true, partitionKeyPosition: 1",
    "relationships": "logicalType: string, relationships: [{to: t.a}]",
    **{
        option: f"logicalType: {type_}, logicalTypeOptions: {{{option}: {value}}}"
        for type_, option, value in (
            *(("string", *pair) for pair in (("minLength", 1), ("maxLength", 1), ("pattern", "x"), ("format", "uuid"))),
            *(("integer", option, 1) for option in OPTIONS["integer"] if option != "format"),
            *(("object", option, 1) for option in ("minProperties", "maxProperties")),
            *(("array", *pair) for pair in (("minItems", 1), ("maxItems", 1), ("uniqueItems", "true"))),
            ("timestamp", "timezone", "true"),
        )
    },
    **{
        metric: f"logicalType: string, quality: [{{metric: {metric}, mustBe: 0{more}}}]"
        for metric, more in (
            ("nullValues", ""),
            ("missingValues", ", arguments: {missingValues: [x]}"),
            ("invalidValues", ", arguments: {validValues: [x]}"),
            ("duplicateValues", ""),
            ("rowCount", ""),
        )
    },
    "type: sql": "logicalType: string, quality: [{type: sql, query: select 1, mustBe: 0}]",
    "latency": "logicalType: date}]}]\nslaProperties: [{property: latency, value: 1, unit: d, element: a",
    "retention": "logicalType: date}]}]\nslaProperties: [{property: retention, value: 1, unit: d, element: a",
}
"""Word of the guide → a property of a contract, after its name, that asks for it."""
NOT_CHECKED = {
    "map": "logicalType: map, map: {key: {logicalType: string}}",
    "type: text": "logicalType: string, quality: [{type: text, description: be good}]",
    "frequency": "logicalType: date}]}]\nslaProperties: [{property: frequency, value: 1, unit: d, element: a",
}


def rows() -> dict[str, str]:
    """What a row of the guide's table names → what it says is done."""
    text = GUIDE.read_text().partition("| of the Open Data Contract Standard | |")[2].partition("\n\n")[0]
    return {line.split(" | ")[0]: line.split(" | ")[1] for line in text.splitlines() if line.startswith("| `")}


def words(*done: str) -> set[str]:
    return {word for named, told in rows().items() if told.startswith(done) for word in re.findall("`([^`]+)`", named)}


def rules(asked: str) -> list[object]:
    contract = f"{HEAD}schema: [{{name: t, properties: [{{name: a, {asked}}}"
    contract += "]" if "slaProperties" in asked else "]}]"
    return [check.rule for check in parse_contract(parse_yaml(contract.encode(), "c", "contract")).checks]


def test_the_guide_tells_of_every_key_of_the_standard() -> None:
    told = set(re.findall("`([^`]+)`", "".join(f"{named}{done}" for named, done in rows().items())))
    known = {key for model in (SchemaProperty, SchemaObject, DataQuality) for key in model.model_fields}
    operators = {key for key in known if key.startswith("must")}
    parts_of_rules = {"type", "metric", "rule", "arguments", "query", "engine", "implementation", "unit"}
    assert known - told - operators - parts_of_rules == set()
    options = {option for type_, names in OPTIONS.items() if type_ != "vector" for option in names}
    assert options - told == set()
    assert set(STRING_FORMATS) | set(NUMBER_FORMATS) <= told
    assert {"i8", "u128"} <= told & set(INTEGER_FORMATS)
    assert {*KEYS, "postgresql"} <= told


@pytest.mark.parametrize("word", CHECKED)
def test_what_the_guide_calls_checked_is(word: str) -> None:
    assert word in words("checked", "run", "the newest")
    found = rules(CHECKED[word])
    plain = rules(f"logicalType: {re.findall('logicalType: ([a-z]+)', CHECKED[word])[0]}")
    assert len(found) > len(plain)
    assert not any(isinstance(rule, NotChecked) for rule in found)


@pytest.mark.parametrize("word", NOT_CHECKED)
def test_what_the_guide_calls_not_checked_is_said(word: str) -> None:
    assert word in words("*not checked*")
    assert isinstance(rules(NOT_CHECKED[word])[-1], NotChecked)


def test_every_word_that_is_called_checked_is_tried_here() -> None:
    by_other_tests = {"logicalType", "physicalName", "logicalTypeOptions", "quality", "slaProperties", "severity"}
    by_other_tests |= {"defaultTimezone", "rows", "percent", "mustBeBetween", "dd/MM/yyyy HH:mm", "lines[].sku"}
    formats = {*STRING_FORMATS, *INTEGER_FORMATS, *NUMBER_FORMATS}
    assert words("checked", "run", "the newest") - set(CHECKED) - formats - by_other_tests == set()


@pytest.mark.parametrize(
    "ignored", ["description: x", "tags: [x]", "examples: [x]", "criticalDataElement: true", "primaryKeyPosition: -1"]
)
def test_what_asks_nothing_of_rows_is_no_check(ignored: str) -> None:
    assert rules(f"logicalType: string, {ignored}") == rules("logicalType: string")
