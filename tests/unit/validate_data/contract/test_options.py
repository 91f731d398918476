"""Options of types, nested properties and ranges, and every way in which they are refused."""

from __future__ import annotations

import pytest

from mlops_actions.errors import InputError
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.rules import Bound, Check
from mlops_actions.validate_data.threshold import Threshold
from mlops_actions.yaml_source import parse_yaml

HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
schema:
  - name: t
    properties:
"""


def read(text: str) -> tuple[Check, ...]:
    return parse_contract(parse_yaml(text.encode(), "c.yaml", "contract")).checks


def columns(*lines: str) -> str:
    return HEAD + "".join(f"      - {line}\n" for line in lines)


def quality(block: str) -> str:
    return columns(f"{{name: a, logicalType: string, quality: [{{{block}}}]}}")


def integer(options: str) -> str:
    return columns(f"{{name: a, logicalType: integer, logicalTypeOptions: {{{options}}}}}")


REFUSED = {
    columns("{name: a, logicalType: string, properties: [{name: b}]}"): (
        "c.yaml:8: properties belong to the type object. Write logicalType: object."
    ),
    columns("{name: a, items: {logicalType: string}}"): (
        "c.yaml:8: items belong to the type array. Write logicalType: array."
    ),
    columns("{name: a, logicalType: object, properties: [{logicalType: string}]}"): (
        "c.yaml:8: each property needs a name."
    ),
    columns("{name: a, logicalType: object, properties: [{name: b}]}", "{name: a.b}"): (
        "c.yaml:9: the property 'a.b' stands twice."
    ),
    columns("{name: a, logicalType: object, logicalTypeOptions: {required: b}}"): (
        "c.yaml:8: required is 'b'. List names of fields."
    ),
    columns("{name: a, logicalType: timestamp, logicalTypeOptions: {timezone: some}}"): (
        "c.yaml:8: timezone is 'some'. Write true or false."
    ),
    columns("{name: a, logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Mars/Base}}"): (
        "c.yaml:8: unknown time zone 'Mars/Base'. Write one such as Europe/Paris."
    ),
    integer("exclusiveMinimum: true"): (
        "c.yaml:8: exclusiveMinimum is True, which is not of the type integer. Write a number."
    ),
    integer("format: i33"): "c.yaml:8: unknown format 'i33' of integer. Did you mean 'i32'?",
    columns("{name: a, logicalType: string, logicalTypeOptions: {format: 5}}"): "c.yaml:8: format is 5. Write a word.",
    columns("{name: a, logicalType: array, logicalTypeOptions: {uniqueItems: some}}"): (
        "c.yaml:8: uniqueItems is 'some'. Write true or false."
    ),
    columns("{name: a, logicalType: array, logicalTypeOptions: {minItems: 3, maxItems: 2}}"): (
        "c.yaml:8: no value can meet minItems 3 and maxItems 2. Widen the range."
    ),
    quality("metric: nullValues, mustBeGreaterThan: 5, mustBeLessThan: 5"): (
        "c.yaml:8: no count can meet mustBeGreaterThan 5 and mustBeLessThan 5."
    ),
}


@pytest.mark.parametrize(("contract", "message"), REFUSED.items(), ids=REFUSED.values())
def test_a_wrong_option_is_refused_with_its_line(contract: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(contract)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("version", "options", "bounds"),
    [
        ("v3.0.2", "minimum: 1, exclusiveMinimum: true", [Bound("exclusiveMinimum", 1)]),
        ("v3.0.0", "maximum: 1, exclusiveMaximum: false", [Bound("maximum", 1)]),
        ("v3.1.0", "exclusiveMinimum: 1, maximum: 5", [Bound("exclusiveMinimum", 1), Bound("maximum", 5)]),
    ],
)
def test_limits_are_excluded_as_the_version_writes_it(version: str, options: str, bounds: list[Bound]) -> None:
    checks = read(integer(options).replace("v3.1.0", version))
    assert [check.rule for check in checks[1:]] == bounds


def test_a_range_may_be_written_as_two_comparisons() -> None:
    (_, check) = read(quality("metric: nullValues, mustBeGreaterThan: 0, mustBeLessOrEqualTo: 10, unit: percent"))
    assert check.threshold == Threshold(
        "mustBeGreaterThan", (0,), "percent", also=Threshold("mustBeLessOrEqualTo", (10,), "percent")
    )
    assert str(check.threshold) == "must be greater than 0 % and must be at most 10 %"
    assert [check.threshold.holds(count, 100) for count in (0, 1, 10, 11)] == [False, True, True, False]
