"""Contracts as checks, and every way in which one is refused: with its line, and what to write instead."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from mlops_actions.errors import InputError
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.rules import (
    Bound,
    Contract,
    HasType,
    NotAmong,
    NotChecked,
    OneOf,
    RowCount,
    Sql,
    Unique,
)
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
DRIFT = "    quality: [{type: custom, engine: mlops-actions, implementation: {%s}}]\n"


def read(text: str, table: str | None = None) -> Contract:
    return parse_contract(parse_yaml(text.encode(), "c.yaml", "contract"), table)


def columns(*lines: str) -> str:
    return HEAD + "".join(f"      - {line}\n" for line in lines)


def quality(block: str, type_: str = "string") -> str:
    return columns(f"{{name: a, logicalType: {type_}, quality: [{{{block}}}]}}")


def integer(options: str) -> str:
    return columns(f"{{name: a, logicalType: integer, logicalTypeOptions: {{{options}}}}}")


def text(options: str) -> str:
    return columns(f"{{name: a, logicalType: string, logicalTypeOptions: {{{options}}}}}")


REFUSED = {
    "- a\n": "c.yaml:1: the contract must hold `key: value` lines. Begin with apiVersion.",
    HEAD.replace("id: a", "id: a\nstatuss: x"): "c.yaml:4: unknown key 'statuss'. Did you mean 'status'?",
    HEAD.replace(
        "v3.1.0", "v2.2.0"
    ): "c.yaml:1: apiVersion is 'v2.2.0'. Supported: v3.0.0, v3.0.1, v3.0.2, v3.1.0, v3.2.0.",
    HEAD.replace("DataContract", "Data"): "c.yaml:2: kind is 'Data', not 'DataContract'.",
    HEAD.replace("1.0.0", "1.0"): "c.yaml:4: 'version' is 1.0: it should be a valid string. Quote it.",
    HEAD.split("schema")[0]: "c.yaml:1: the contract needs the key 'schema'. See bitol.io for the standard.",
    HEAD: "c.yaml:6: the contract asks nothing of the table 't'. Give it properties.",
    columns("{name: a}") + "  - name: u\n": (
        "c.yaml:5: the contract describes 2 tables: t, u. Say which one with the input 'table'."
    ),
    columns("{logicalType: string}"): "c.yaml:8: each property needs a name.",
    columns("{name: a}", "{name: a}"): "c.yaml:9: the property 'a' stands twice.",
    columns("a"): "c.yaml:8: 'properties' is 'a': it should be `key: value` lines.",
    columns("{name: a, logicaltype: x}"): "c.yaml:8: unknown key 'logicaltype'. Did you mean 'logicalType'?",
    columns("{name: a, logicalType: int}"): "c.yaml:8: unknown logicalType 'int'. Did you mean 'integer'?",
    columns("{name: a, required: maybe}"): (
        "c.yaml:8: 'required' is 'maybe': it should be a valid boolean, unable to interpret input."
    ),
    columns("{name: a, logicalTypeOptions: {minimum: 1}}"): "c.yaml:8: logicalTypeOptions need a logicalType.",
    columns("{name: a, customProperties: [{property: availableAtPrediction, value: nope}]}"): (
        "c.yaml:8: availableAtPrediction is 'nope'. Write true or false."
    ),
    columns("{name: a, customProperties: [{property: availableAtPredicton, value: false}]}"): (
        "c.yaml:8: unknown property 'availableAtPredicton'. Did you mean 'availableAtPrediction'?"
    ),
    columns("{name: a, logicalType: string, enum: []}"): "c.yaml:8: enum allows no value. List at least one.",
    columns("{name: a, logicalType: string, enum: [{value: yes}]}"): (
        "c.yaml:8: a value of enum is True, which is not of the type string. Quote it."
    ),
    columns("{name: a, logicalType: date, logicalTypeOptions: {minimum: soon}}"): (
        "c.yaml:8: minimum is 'soon', which is not of the type date. Write '2024-01-31'."
    ),
    text("minlength: 3"): "c.yaml:8: the type string has no option 'minlength'. Did you mean 'minLength'?",
    text("minLength: -1"): "c.yaml:8: minLength is -1. Write a whole number, 0 or more.",
    text("minLength: 5, maxLength: 3"): "c.yaml:8: no value can meet minLength 5 and maxLength 3. Widen the range.",
    text("pattern: '(?=a)b'"): (
        "c.yaml:8: the pattern '(?=a)b' cannot be used: invalid perl operator: (?=. "
        "Patterns are RE2: no look-ahead, look-behind or back-reference."
    ),
    integer("minimum: 5, maximum: 3"): "c.yaml:8: no value can meet minimum 5 and maximum 3. Widen the range.",
    integer("exclusiveMinimum: 5, maximum: 5"): (
        "c.yaml:8: no value can meet exclusiveMinimum 5 and maximum 5. Widen the range."
    ),
    integer("minimum: low"): "c.yaml:8: minimum is 'low', which is not of the type integer. Write a number.",
    integer("multipleOf: 0"): "c.yaml:8: multipleOf is 0. Write a number above 0.",
    integer("multipleOf: .nan"): "c.yaml:8: multipleOf is nan. Write a number above 0.",
    integer("multipleOf: .inf"): "c.yaml:8: multipleOf is inf. Write a number above 0.",
    text(f"minLength: {10**40}"): f"c.yaml:8: minLength is {10**40}. Write a whole number, 0 or more.",
    quality("metric: nullValues, mustNotBe: .nan"): "c.yaml:8: mustNotBe must be a number, found nan.",
    quality(f"metric: nullValues, mustBeLessThan: {10**400}"): (
        f"c.yaml:8: mustBeLessThan must be a number, found {10**400}."
    ),
    quality("metric: nullValues, mustBe: 0, severity: critical"): (
        "c.yaml:8: unknown severity 'critical'. Known: error, info, warning."
    ),
    columns("{name: a}") + "    quality: [{metric: rowCount, mustBeGreaterThan: 50, unit: percent}]\n": (
        "c.yaml:9: rowCount in percent is always 100. Write unit: rows."
    ),
    quality("metric: nullvalue, mustBe: 0"): "c.yaml:8: unknown metric 'nullvalue'. Did you mean 'nullValues'?",
    quality("metric: nullValues, mustBe: 0, unit: percents"): (
        "c.yaml:8: unknown unit 'percents'. Did you mean 'percent'?"
    ),
    quality("metric: nullValues, mustBeBetween: [5, 3]"): (
        "c.yaml:8: no count can meet mustBeBetween [5, 3]. Write the smaller number first."
    ),
    quality("metric: nullValues, mustBe: few"): "c.yaml:8: mustBe must be a number, found 'few'.",
    quality("metric: nullValues, mustBe: 0, mustNotBe: 3"): (
        "c.yaml:8: a metric needs one comparison, found mustBe and mustNotBe. Known: mustBe, mustNotBe, "
        "mustBeGreaterThan, mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween, "
        "mustNotBeBetween."
    ),
    quality("metric: invalidValues, mustBe: 0"): (
        "c.yaml:8: invalidValues needs one argument, found none. Give it validValues or pattern, and each its own rule."
    ),
    quality("metric: invalidValues, mustBe: 0, arguments: {validValues: []}"): (
        "c.yaml:8: validValues must be a list of at least one value, found []."
    ),
    quality("metric: invalidValues, mustBe: 0, arguments: {validvalues: [a]}"): (
        "c.yaml:8: invalidValues has no argument 'validvalues'. Did you mean 'validValues'?"
    ),
    columns("{name: a, quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0}]}"): (
        "c.yaml:8: invalidValues needs the logicalType of 'a', so that values compare as what they are."
    ),
    columns("{name: a}") + "    quality: [{metric: nullValues, mustBe: 0}]\n": (
        "c.yaml:9: nullValues on the table needs a column. Move it below a property."
    ),
    columns("{name: ab}") + "    quality: [{metric: duplicateValues, arguments: {properties: [ac]}, mustBe: 0}]\n": (
        "c.yaml:9: the contract has no property 'ac'. Known: ab."
    ),
}


@pytest.mark.parametrize(("contract", "message"), REFUSED.items(), ids=REFUSED.values())
def test_a_wrong_contract_is_refused_with_its_line(contract: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(contract)
    assert str(caught.value) == message


def test_a_table_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no table 'order'. Did you mean 'orders'\?"):
        read(columns("{name: a}").replace("name: t", "name: orders"), "order")


def test_one_of_several_tables_is_picked_by_name() -> None:
    two = columns("{name: a}") + "  - name: u\n    properties: [{name: b}]\n"
    assert [column.name for column in read(two, "u").properties] == ["b"]


def test_each_option_becomes_a_check_with_its_line() -> None:
    contract = read(
        HEAD + "      - name: a\n        logicalType: integer\n        required: true\n        unique: true\n"
    )
    assert [(check.id, check.where) for check in contract.checks] == [
        ("t.a.type", "c.yaml:9"),
        ("t.a.required", "c.yaml:10"),
        ("t.a.unique", "c.yaml:11"),
    ]


def test_bounds_are_read_as_the_columns_type() -> None:
    limits = [
        check.rule.limit
        for type_, value in (("date", "2024-01-31"), ("timestamp", "'2024-01-31T12:00:00+02:00'"), ("number", "1.5"))
        for check in read(
            columns(f"{{name: a, logicalType: {type_}, logicalTypeOptions: {{minimum: {value}}}}}")
        ).checks
        if isinstance(check.rule, Bound)
    ]
    assert limits == [date(2024, 1, 31), datetime(2024, 1, 31, 10, 0), 1.5]  # noqa: DTZ001  UTC, as a scan is


@pytest.mark.parametrize(
    ("block", "rule"),
    [
        ("metric: duplicateValues, mustBe: 0", Unique(("a",))),
        ("rule: duplicateCount, mustBe: 0", Unique(("a",))),
        ("metric: missingValues, mustBe: 0, arguments: {missingValues: [null, '', N/A]}", NotAmong(("N/A",))),
        ("metric: invalidValues, mustBe: 0, arguments: {validValues: [x, y]}", OneOf(("x", "y"))),
        ("metric: invalidValues, mustBe: 0, arguments: {validValues: [x, null]}", OneOf(("x",))),
        ("type: text, description: be good", NotChecked("a rule in words cannot be")),
        ("type: sql, query: select 1, mustBe: 1", Sql("select 1")),
        ("type: custom, engine: soda, implementation: x", NotChecked("it is for the engine 'soda'")),
    ],
)
def test_quality_blocks_become_rules(block: str, rule: object) -> None:
    assert read(quality(block)).checks[-1].rule == rule


def test_what_is_not_checked_is_kept_as_a_check() -> None:
    contract = read(columns("{name: a, logicalType: string, physicalType: geo, logicalTypeOptions: {format: isbn}}"))
    assert [check.rule for check in contract.checks] == [
        HasType("string"),
        NotChecked(
            "'isbn' is none of the known formats: binary, byte, email, hostname, ipv4, ipv6, password, uri, uuid"
        ),
        NotChecked("'geo' is no type whose values are known"),
    ]


def test_a_key_of_several_columns_is_one_check_in_the_given_order() -> None:
    contract = read(
        columns(
            "{name: a, primaryKey: true, primaryKeyPosition: 2}", "{name: b, primaryKey: true, primaryKeyPosition: 1}"
        )
    )
    assert contract.checks[-1].rule == Unique(("b", "a"))


def test_rules_of_the_table_are_read() -> None:
    contract = read(
        columns("{name: a}") + "    quality: [{metric: rowCount, mustBeGreaterThan: 10, severity: warning}]\n"
    )
    check = contract.checks[-1]
    assert (check.rule, check.threshold, check.severity) == (
        RowCount(),
        Threshold("mustBeGreaterThan", (10,)),
        "warning",
    )


def test_a_custom_check_of_ours_is_read_in_its_place() -> None:
    (rule,) = read(columns("{name: a}") + DRIFT % "check: drift, columns: [a, b], max: 0.2").custom
    assert (rule.id, rule.kind, rule.where, rule.severity) == ("t.quality[0].drift", "drift", "c.yaml:9", "error")


def test_columns_know_whether_they_are_available_and_personal() -> None:
    contract = read(
        columns(
            "{name: a, customProperties: [{property: availableAtPrediction, value: false}]}",
            "{name: b, classification: PII, physicalName: col_b}",
        )
    )
    assert [(one.name, one.available, one.personal) for one in contract.properties] == [
        ("a", False, False),
        ("col_b", True, True),
    ]
