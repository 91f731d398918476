"""SQL rules, references between tables, promises about age, and where servers say that the data is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence.data_report import CheckResult, DataReport
from mlops_actions.validate_data.action import Inputs, run

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\n"
ORDERS = """\
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, unique: true}
      - {name: customer, logicalType: string%s}
      - {name: region, logicalType: string}
      - {name: 'a "b"', logicalType: number}
"""
CUSTOMERS = """\
  - name: customers
    id: customers_tbl
    physicalName: customers_v1
    properties:
      - {name: id, id: key, logicalType: string, unique: true}
      - {name: region, logicalType: string}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text('id,customer,region,"a ""b"""\n1,x,eu,0.5\n2,y,us,nan\n3,,eu,1\n4,z,us,2\n')
    Path("customers.csv").write_text("id,region\nx,eu\ny,eu\nw,us\n")
    return tmp_path


def report(contract: str, **given: object) -> DataReport:
    Path("contract.yaml").write_text(HEAD + contract)
    inputs = {"data": "orders.csv", "contract": "contract.yaml", **given}
    return run(Inputs.model_validate({name: value for name, value in inputs.items() if value is not None})).predicate


def sql(query: str, comparison: str = "mustBe: 0", column: str = "customer") -> CheckResult:
    rule = f"        quality: [{{type: sql, query: '{query}', {comparison}}}]\n"
    lines = (ORDERS % "").splitlines(keepends=True)
    name = f"      - name: {column}\n        logicalType: {'number' if column != 'customer' else 'string'}\n{rule}"
    kept = [line for line in lines if f"name: {column}," not in line and f"name: '{column}'," not in line]
    return next(one for one in report("".join(kept) + name).checks if one.check == "sql")


@pytest.mark.parametrize(
    ("query", "comparison", "result", "message"),
    [
        ("SELECT count(*) FROM {object} WHERE {property} IS NULL", "mustBe: 1", "pass", "gives 1; it must be 1."),
        ("SELECT count(${column}) FROM ${table}", "mustBe: 4", "fail", "gives 3; it must be 4."),
        ("select count(*) from \"{table}\" where \"{column}\" = ''x''", "mustBe: 1", "pass", "gives 1; it must be 1."),
        ("select count(*) = 4 from Orders", "mustBe: true", "pass", "gives true; it must be 1."),
        (
            "select avg(id) from orders",
            "mustBeBetween: [2, 3]",
            "pass",
            "gives 2.5; it must be strictly between 2 and 3.",
        ),
        ("select max(id) from orders where id > 9", "mustBe: 0", "fail", "gives no value; it must be 0."),
        (
            "with few as (select * from orders limit 2) select count(*) from few, unnest([1, 2])",
            "mustBe: 4, unit: rows",
            "pass",
            "gives 4; it must be 4.",
        ),
    ],
)
def test_a_query_is_compared(query: str, comparison: str, result: str, message: str) -> None:
    found = sql(query, comparison)
    assert (found.result, found.message) == (result, f"the query {message}")


def test_the_name_of_a_column_is_quoted_in_a_query() -> None:
    assert sql("select sum({property}) from {object}", "mustBe: 3.5", 'a "b"').result == "pass"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("selec", 'the SQL cannot be read: syntax error at or near "selec".'),
        ("drop table orders", "the SQL is no SELECT, which alone may run. Write one SELECT."),
        ("copy orders to ''x''", "the SQL is no SELECT, which alone may run. Write one SELECT."),
        ("select 1; select 2", "the SQL holds 2 statements. Write one SELECT."),
        ("select nope from orders", 'the SQL fails: Referenced column "nope" not found in FROM clause.'),
        (
            "select max(region::int) from orders",
            "the SQL fails: a value cannot be cast. Try TRY_CAST, which gives NULL.",
        ),
        ("select 1 from orders", "the SQL gives several rows. Give one value, such as SELECT count(*)."),
        ("select 1 where false", "the SQL gives no row. Give one value, such as SELECT count(*)."),
        ("select 1, 2", "the SQL gives 2 columns. Give one value, such as SELECT count(*)."),
        ("select ''many''", "the SQL gives a str, which is no number. Count or compare in SQL."),
        (
            "select count(*) from ''customers.csv''",
            "the SQL reads 'customers.csv', which is no table of the contract. It may read orders.",
        ),
        (
            "select count(*) from read_text(''contract.yaml'')",
            "the SQL calls read_text, which could read more than the data. Leave it out.",
        ),
        (
            "select (select count(*) from duckdb_secrets())",
            "the SQL calls duckdb_secrets, which could read more than the data. Leave it out.",
        ),
        (
            "select count(*) from information_schema.tables",
            "the SQL reads 'information_schema.tables', which is no table of the contract. It may read orders.",
        ),
        ("select count(*) from (show tables)", "the SQL uses SHOW, DESCRIBE or SUMMARIZE. Write a plain SELECT."),
    ],
)
def test_a_query_that_fails_or_reaches_out_is_refused_with_its_line(query: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        sql(query)
    assert str(caught.value).startswith(f"contract.yaml:13: {message}")


def test_a_query_may_read_other_tables_that_are_given() -> None:
    query = "select count(*) from orders join customers_v1 c on customer = c.id"
    rule = f"    quality: [{{type: sql, query: '{query}', mustBe: 2}}]\n"
    found = report(ORDERS % "" + rule + CUSTOMERS, table="orders", tables={"customers": "customers.csv"})
    assert {one.result for one in found.checks} == {"pass"}
    assert {one.table for one in found.checks} == {"orders", "customers"}
    assert [one.name for one in found.materials] == ["data", "data:customers", "contract"]


@pytest.mark.parametrize("to", ["customers.id", "schema/customers_tbl/properties/key"])
def test_values_that_are_nowhere_in_the_other_table_are_found(to: str) -> None:
    contract = ORDERS % f", relationships: [{{to: {to}}}]" + CUSTOMERS
    found = report(contract, table="orders", tables="customers=customers.csv")
    (check,) = [one for one in found.checks if one.check == "relationships"]
    assert (check.result, check.rows, check.id) == ("fail", [3], "orders.customer.relationships[0]")
    assert check.message == "1 of 4 rows of 'customer' are not in customers.id, first row 3."


def test_a_reference_to_data_that_is_not_given_is_not_checked() -> None:
    contract = ORDERS % ", relationships: [{to: customers.id}]" + CUSTOMERS
    (check,) = [one for one in report(contract, table="orders").checks if one.check == "relationships"]
    assert (check.result, check.message) == (
        "not-checked",
        "the reference of 'customer' to customers.id was not checked: no data was given for the table 'customers'.",
    )


@pytest.mark.parametrize("seed", range(3))
def test_keys_of_several_columns_are_looked_up_as_pandas_does(seed: int) -> None:
    random = np.random.default_rng(seed)
    orders = pd.DataFrame({"id": range(300), "customer": random.choice(list("abcdefg"), 300)})
    orders["region"] = random.choice(["eu", "us", ""], 300)
    customers = pd.DataFrame({"id": list("abcde") * 2, "region": ["eu"] * 5 + ["us"] * 5}).sample(7, random_state=seed)
    orders.assign(**{'a "b"': 1}).to_csv("orders.csv", index=False)
    customers.drop_duplicates("id").to_csv("customers.csv", index=False)
    relation = "    relationships: [{from: [orders.customer, orders.region], to: [customers.id, customers.region]}]\n"
    found = report(ORDERS % "" + relation + CUSTOMERS, table="orders", tables="customers=customers.csv", failing_rows=9)
    (check,) = [one for one in found.checks if one.check == "relationships"]
    known = set(customers.drop_duplicates("id").itertuples(index=False, name=None))
    pairs = list(zip(orders.customer, orders.region, strict=True))
    expected = [row for row, pair in enumerate(pairs) if pair[1] and pair not in known]
    assert (check.failed, check.rows) == (len(expected), expected[:9])
    assert 0 < len(expected) < 300


AGES = """\
schema:
  - name: t
    properties:
      - {name: day, logicalType: date}
      - {name: at, logicalType: timestamp}
slaProperties:
"""


@pytest.mark.parametrize(
    ("promise", "result", "message"),
    [
        ("{property: latency, value: 4, unit: d, element: t.day}", "pass", "; latency is 4 d."),
        ("{property: latency, value: 1, unit: h, element: at}", "fail", "; latency is 1 h."),
        (
            "{property: Retention, value: 1, unit: y, element: t.at}",
            "fail",
            "1 of 2 rows of 'at' are older than 1 y, first row 1.",
        ),
        ("{property: retention, value: 3, unit: years, element: day}", "pass", "are older than 3 years."),
        (
            "{property: frequency, value: 1, unit: d, element: t.day}",
            "not-checked",
            "frequency was not checked: rows do not tell when they arrived.",
        ),
        (
            "{property: latency, value: 1, unit: M, element: t.day}",
            "not-checked",
            "latency was not checked: the unit 'M' is not known.",
        ),
        (
            "{property: latency, value: 1, unit: d, element: tab1.day}",
            "not-checked",
            "latency was not checked: 'tab1.day' is no column of the contract.",
        ),
        ("{property: latency, value: 1}", "not-checked", "latency was not checked: it names no element."),
    ],
)
def test_promises_about_the_age_of_rows_are_held_against_the_clock(promise: str, result: str, message: str) -> None:
    now = datetime.now(UTC)
    rows = [now - timedelta(hours=7), now - timedelta(days=700)]
    Path("t.csv").write_text("day,at\n" + "".join(f"{one:%Y-%m-%d},{one:%Y-%m-%d %H:%M:%S}\n" for one in rows))
    found = report(f"{AGES}  - {promise}\n", data="t.csv").checks[-1]
    assert found.result == result
    assert found.message.endswith(message)


def test_promises_about_a_service_ask_nothing_of_rows() -> None:
    Path("t.csv").write_text("day,at\n2024-01-01,2024-01-01\n")
    found = report(f"{AGES}  - {{property: generalAvailability, value: 2022-05-12}}\n", data="t.csv")
    assert [one.check for one in found.checks] == ["type", "type"]


SERVERS = """\
servers:
  - {server: dev, type: local, path: '{table}.csv', format: csv}
  - {server: one, type: local, path: orders.csv, format: csv}
  - {server: stream, type: kafka, host: h}
  - {server: bare, type: s3}
"""


def test_a_server_says_where_all_tables_are() -> None:
    Path("customers.csv").rename("customers_v1.csv")
    contract = SERVERS + ORDERS % ", relationships: [{to: customers.id}]" + CUSTOMERS
    found = report(contract, data=None, server="dev")
    assert [(one.name, one.uri) for one in found.materials[:2]] == [
        ("data", "orders.csv"),
        ("data:customers", "customers_v1.csv"),
    ]
    assert [one.id for one in found.checks if one.result == "fail"] == ["orders.customer.relationships[0]"]
    picked = report(contract, data=None, server="one", table="orders")
    assert [one.name for one in picked.materials] == ["data", "contract"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"data": None},
            "contract.yaml:5: no data is given, and the contract names 4 servers: dev, one, stream, bare. "
            "Say which one with the input 'server'.",
        ),
        (
            {"data": None, "server": "prod"},
            "contract.yaml:5: the contract has no server 'prod'. Known: bare, dev, one, stream.",
        ),
        ({"server": "dev"}, "data, server: both name where the data is. Leave one of them out."),
        (
            {"data": None, "server": "one", "table": None},
            "contract.yaml:7: the tables orders, customers would all be 'orders.csv'. "
            "Write {table} into it, or pick one table with the input 'table'.",
        ),
        (
            {"data": None, "server": "stream"},
            "contract.yaml:8: a server of the type 'kafka' cannot be read here. Known: azure, cloudsql, custom, local, "
            "postgres, postgresql, s3. Or say where the data is with the input 'data'.",
        ),
        ({"data": None, "server": "bare"}, "contract.yaml:9: a server of the type s3 needs 'location'."),
        ({"tables": "customer=x.csv"}, "tables: the contract has no table 'customer'. Did you mean 'customers'?"),
        ({"tables": "orders=orders.csv"}, "tables: the table 'orders' is given twice. Leave it out: it is `data`."),
    ],
)
def test_a_place_that_cannot_be_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        report(SERVERS + ORDERS % "" + CUSTOMERS, **{"table": "orders", **given})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("relation", "message"),
    [
        ("[{to: schema/customers_tbl}]", "'schema/customers_tbl' leads to a table. Name a property of it."),
        ("[{to: customers.ids}]", "'customers.ids' leads to no property of the table 'customers'. Did you mean 'id'?"),
        ("[{from: orders.id, to: customers.id}]", "a relationship of a property begins there. Leave out 'from'."),
        ("[{to: [customers.id]}]", "a relationship needs 'from' and 'to', two names or two lists."),
        ("[{to: customers.id, type: link}]", "unknown type of relationship 'link'. Known: foreignKey."),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused_with_its_line(relation: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        report(ORDERS % f", relationships: {relation}" + CUSTOMERS, table="orders")
    assert str(caught.value) == f"contract.yaml:9: {message}"


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("'other.yaml#/schema/a/properties/b'", "'other.yaml' is another contract."),
        ("customer.id", "'customer.id' leads to no table of the contract."),
    ],
)
def test_a_reference_out_of_the_contract_is_not_checked(to: str, why: str) -> None:
    (check,) = [one for one in report(ORDERS % f", relationships: [{{to: {to}}}]").checks if one.result != "pass"]
    assert (check.result, check.message) == ("not-checked", f"relationships of 'customer' was not checked: {why}")
