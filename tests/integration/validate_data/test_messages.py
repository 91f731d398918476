"""What each check says, when it passes, fails and cannot be made."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import open_table
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.plan import judge, make_plan
from mlops_actions.yaml_source import parse_yaml

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n"
DATA = """
    SELECT unnest([1, 1, NULL, 7]) AS n, unnest(['ab', 'ab', 'abc', NULL]) AS s,
        unnest(['2024-01-01', '2024-01-02', NULL, '2024-01-04']::DATE[]) AS d, [1] AS l
"""


def one(column: str, tmp_path: Path, table: str = "", data: str = DATA) -> CheckResult:
    """The last check of a contract of one column and further keys of the table."""
    text = f"{HEAD}    properties: [{{{column}}}]\n{table}"
    duckdb.connect().execute(f"COPY ({data}) TO '{tmp_path}/a.parquet'")
    opened = open_table(f"{tmp_path}/a.parquet")
    plan = make_plan(parse_contract(parse_yaml(text.encode(), "c.yaml", "contract")), opened.stored, 5)
    return judge(plan, opened.scan(plan.scan))[-1]


def options(type_: str, column: str, given: str) -> str:
    return f"name: {column}, logicalType: {type_}, logicalTypeOptions: {{{given}}}"


@pytest.mark.parametrize(
    ("column", "result", "message"),
    [
        ("name: n", "pass", "the data has the column 'n'."),
        ("name: m", "fail", "the data has no column 'm'. Known: d, l, n, s."),
        ("name: n, logicalType: integer", "pass", "0 of 4 rows of 'n' do not read as integer."),
        ("name: s, logicalType: integer", "fail", "'s' is stored as string, not integer."),
        ("name: l, logicalType: object", "fail", "'l' is stored as array, not object."),
        ("name: n, required: true", "fail", "1 of 4 rows of 'n' are missing, first row 2."),
        ("name: n, unique: true", "fail", "1 of 4 rows of 'n' repeat an earlier row, first row 1."),
        ("name: l, unique: true", "fail", "3 of 4 rows of 'l' repeat an earlier row, first row 1."),
        (options("integer", "n", "minimum: 2"), "fail", "2 of 4 rows of 'n' are below 2, first row 0."),
        (options("integer", "n", "maximum: 7"), "pass", "0 of 4 rows of 'n' are above 7."),
        (options("integer", "n", "exclusiveMinimum: 7"), "fail", "3 of 4 rows of 'n' are 7 or below, first row 0."),
        (options("integer", "n", "exclusiveMaximum: 7"), "fail", "1 of 4 rows of 'n' are 7 or above, first row 3."),
        (options("integer", "n", "multipleOf: 7"), "fail", "2 of 4 rows of 'n' are not a multiple of 7, first row 0."),
        (
            options("date", "d", "minimum: 2024-01-02"),
            "fail",
            "1 of 4 rows of 'd' are below 2024-01-02, first row 0.",
        ),
        (
            options("string", "s", "minLength: 3"),
            "fail",
            "2 of 4 rows of 's' are shorter than 3 characters, first row 0.",
        ),
        (
            options("string", "s", "maxLength: 2"),
            "fail",
            "1 of 4 rows of 's' are longer than 2 characters, first row 2.",
        ),
        (options("string", "s", "pattern: c$"), "fail", "2 of 4 rows of 's' do not match 'c$', first row 0."),
        (
            options("string", "s", "format: uuid"),
            "fail",
            "3 of 4 rows of 's' are not a UUID, first row 0.",
        ),
        (options("integer", "n", "format: i8"), "pass", "0 of 4 rows of 'n' do not fit i8."),
        (options("array", "l", "minItems: 2"), "fail", "4 of 4 rows of 'l' have fewer than 2 items, first row 0."),
        (options("array", "l", "maxItems: 0"), "fail", "4 of 4 rows of 'l' have more than 0 items, first row 0."),
        (options("array", "l", "uniqueItems: true"), "pass", "0 of 4 rows of 'l' hold an item twice."),
        (
            "name: s, logicalType: string, physicalType: char(2)",
            "fail",
            "1 of 4 rows of 's' are longer than 2 characters, first row 2.",
        ),
        (
            "name: s, logicalType: string, physicalType: int",
            "not-checked",
            "physicalType of 's' was not checked: the column is read as string, which 'int' is not.",
        ),
        (
            options("integer", "s", "minimum: 0"),
            "not-checked",
            "minimum of 's' was not checked: 's' is stored as string, not integer.",
        ),
        (
            "name: m, required: true",
            "not-checked",
            "required of 'm' was not checked: the data has no column 'm'.",
        ),
        (
            f"name: s, logicalType: string, enum: [{', '.join(f'{{value: {one}}}' for one in 'abcdef')}]",
            "fail",
            "3 of 4 rows of 's' are none of 'a', 'b', 'c', 'd', 'e' and 1 more, first row 0.",
        ),
        (
            "name: n, quality: [{metric: nullValues, mustBeLessOrEqualTo: 25, unit: percent}]",
            "pass",
            "1 of 4 rows of 'n' are missing; the count must be at most 25 %.",
        ),
        (
            "name: n, quality: [{metric: nullValues, mustBeBetween: [1, 3]}]",
            "fail",
            "1 of 4 rows of 'n' are missing, first row 2; the count must be strictly between 1 and 3.",
        ),
        (
            "name: s, logicalType: string, "
            "quality: [{metric: missingValues, arguments: {missingValues: [abc]}, mustBe: 0}]",
            "fail",
            "2 of 4 rows of 's' are missing or 'abc', first row 2.",
        ),
        (
            "name: n, quality: [{type: custom, engine: soda, implementation: x}]",
            "not-checked",
            "custom of 'n' was not checked: it is for the engine 'soda'.",
        ),
    ],
)
def test_a_check_says_what_was_asked_and_found(column: str, result: str, message: str, tmp_path: Path) -> None:
    found = one(column, tmp_path)
    assert (found.result, found.message) == (result, message)


@pytest.mark.parametrize(
    ("rule", "result", "message"),
    [
        ("metric: rowCount, mustBeGreaterThan: 4", "fail", "the table has 4 rows; the count must be greater than 4."),
        ("metric: rowCount, mustNotBe: 5", "pass", "the table has 4 rows; the count must not be 5."),
        (
            "metric: duplicateValues, arguments: {properties: [n, s]}, mustBe: 0",
            "fail",
            "1 of 4 rows of 'n' with 's' repeat an earlier row, first row 1.",
        ),
    ],
)
def test_a_check_on_the_table_says_what_was_asked_and_found(
    rule: str, result: str, message: str, tmp_path: Path
) -> None:
    found = one("name: n}, {name: s", tmp_path, f"    quality: [{{{rule}}}]\n")
    assert (found.result, found.message) == (result, message)


@pytest.mark.parametrize(
    ("asked", "values", "result"),
    [
        ("logicalType: integer, logicalTypeOptions: {multipleOf: 3}", "9223372036854775807", "fail"),
        ("logicalType: number, logicalTypeOptions: {multipleOf: 0.1}", "unnest([0.3, 123456789.7]::DOUBLE[])", "pass"),
        ("logicalType: number, logicalTypeOptions: {multipleOf: 0.1}", "0.35::DOUBLE", "fail"),
        ("logicalType: number, logicalTypeOptions: {minimum: 0}", "unnest(['nan', 'inf', NULL]::FLOAT[])", "pass"),
        ("logicalType: number, logicalTypeOptions: {maximum: 0}", "'inf'::FLOAT", "fail"),
        ("logicalType: integer, logicalTypeOptions: {maximum: 99999999999999999999}", "18446744073709551615", "pass"),
        (f"logicalType: integer, logicalTypeOptions: {{minimum: -1{'0' * 60}}}", "1", "pass"),
        ("logicalType: integer, logicalTypeOptions: {format: u8}", "256", "fail"),
        ("logicalType: integer, logicalTypeOptions: {format: u64}", "18446744073709551615::UBIGINT", "pass"),
        ("logicalType: integer, logicalTypeOptions: {format: u64}", "-1", "fail"),
        ("logicalType: integer, logicalTypeOptions: {format: i64}", "9223372036854775808::UBIGINT", "fail"),
        ("logicalType: integer, logicalTypeOptions: {format: i128}", "18446744073709551616::HUGEINT", "pass"),
        ("logicalType: number, logicalTypeOptions: {format: f32}", "1e39", "fail"),
        ("logicalType: number, logicalTypeOptions: {format: f32}", "3.4028234663852886e38::FLOAT", "pass"),
        ("logicalType: integer, physicalType: smallint", "32768", "fail"),
        ("logicalType: integer, physicalType: int", "-2147483648", "pass"),
        ("logicalType: number, physicalType: 'decimal(4, 2)'", "99.99", "pass"),
        ("logicalType: number, physicalType: 'decimal(4, 2)'", "100.0", "fail"),
        ("logicalType: number, physicalType: 'NUMERIC(4,2)'", "0.001", "fail"),
        ("logicalType: string, physicalType: varchar(max)", "'abc'", "pass"),
        ("logicalType: string, physicalType: uuid", "'abc'", "fail"),
        ("logicalType: timestamp, physicalType: timestamp(6) with time zone", "'2024-01-02'::TIMESTAMP", "pass"),
        ("logicalType: array, logicalTypeOptions: {uniqueItems: true}", "[1, NULL, NULL]", "fail"),
        ("logicalType: array, logicalTypeOptions: {uniqueItems: true}", "unnest([[1, 2], NULL, []])", "pass"),
        ("logicalType: array, logicalTypeOptions: {maxItems: 1}", "unnest([[1], NULL, []])", "pass"),
        ("logicalType: time, logicalTypeOptions: {maximum: '12:00:00'}", "TIME '13:00:00'", "fail"),
        ("logicalType: timestamp, logicalTypeOptions: {maximum: 2024-01-01}", "'2024-01-02'::TIMESTAMP_NS", "fail"),
        ("logicalType: string, logicalTypeOptions: {maxLength: 35}", "uuid()", "fail"),
        ("logicalType: string, enum: [{value: a}]", "'b'::ENUM('a', 'b')", "fail"),
        ('logicalType: string, enum: [{value: "a\'; DROP"}]', "'a''; DROP'", "pass"),
        ("logicalType: string, logicalTypeOptions: {pattern: '^a$'}", r"E'a\n'", "fail"),
        ("logicalType: string", "'a'::BLOB", "fail"),
        ("unique: true", "unnest([{'a': 1}, {'a': 1}])", "fail"),
    ],
)
def test_values_at_the_edges_are_judged_as_they_are(asked: str, values: str, result: str, tmp_path: Path) -> None:
    assert one(f"name: x, {asked}", tmp_path, data=f"SELECT {values} AS x").result == result
