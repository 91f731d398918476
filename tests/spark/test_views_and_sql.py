"""What lies in objects and lists, how moments are written, and SQL: on Spark as on DuckDB, or not checked and said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import narwhals as nw
import pytest
from test_nested import HEAD, MOMENTS, ORACLE, make_rows, validate, write
from test_patterns import PATTERNS, TEXTS

from mlops_actions.errors import InputError
from mlops_actions.tables import Answer, LogicalType, Query, Scan, Unanswered, open_table
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.contract.patterns import portable


def test_every_nested_check_is_that_of_duckdb(tmp_path: Path, engine: str) -> None:
    location = write(make_rows(1), tmp_path, "parquet")
    found, expected = validate(location, engine=engine), validate(location)
    assert found == expected
    assert {one.id for one in found if one.result == "fail"} >= set(ORACLE) - {"t.home.minProperties"}


@pytest.mark.parametrize(("asked", "cells", "failed", "message"), MOMENTS)
def test_moments_are_read_as_the_contract_says(
    asked: str, cells: list[str], failed: dict[str, list[int]], message: str, tmp_path: Path, engine: str
) -> None:
    (tmp_path / "a.csv").write_text("m,n\n" + "".join(f"{cell},1\n" for cell in cells))
    found = validate(str(tmp_path / "a.csv"), f"{HEAD}      - {{name: m, {asked}}}\n", engine)
    assert {one.check: one.rows for one in found if one.result == "fail"} == failed
    assert [one.message for one in found if one.result == "fail"][-1] == message


def test_columns_of_any_name_are_checked(tmp_path: Path, engine: str) -> None:
    names = ["a.b", "we`ird", "it's \U0001f389; --", "a"]
    quoted = [name.replace('"', '""') for name in names]
    columns = ", ".join(f'i + {place} AS "{name}"' for place, name in enumerate(quoted))
    duckdb.connect().execute(f"COPY (SELECT {columns} FROM range(3) t(i)) TO '{tmp_path}/a.parquet'")
    scan = Scan(flags={name: cells_of(name) > 2 for name in names}, keys={name: (name,) for name in names}, first=5)
    found = open_table(f"{tmp_path}/a.parquet", engine).scan(scan)
    assert found == open_table(f"{tmp_path}/a.parquet").scan(scan)
    assert [tally.count for tally in found.flags.values()] == [0, 1, 2, 3]


def test_columns_that_are_too_alike_are_refused(tmp_path: Path, engine: str) -> None:
    duckdb.connect().execute(f"""COPY (SELECT 1 AS "a.b", 2 AS "a\u2024b") TO '{tmp_path}/a.parquet'""")
    for one in (engine, "duckdb"):
        with pytest.raises(InputError) as caught:
            open_table(f"{tmp_path}/a.parquet", one).scan(Scan(flags={"x": nw.lit(True)}))
        assert str(caught.value) == "the columns 'a.b' and 'a\u2024b' are too alike. Rename one of them."


def test_patterns_match_as_they_do_with_duckdb(tmp_path: Path, engine: str) -> None:
    duckdb.connect().execute(f"COPY (SELECT unnest({TEXTS!r}) AS s) TO '{tmp_path}/a.parquet'")
    flags = {pattern: nw.col("s").str.contains(portable(pattern)) for pattern in PATTERNS}
    found, expected = (
        open_table(f"{tmp_path}/a.parquet", one).scan(Scan(flags=flags, first=99)).flags for one in (engine, "duckdb")
    )
    differing = {pattern: (found[pattern].rows, expected[pattern].rows) for pattern in PATTERNS}
    assert {pattern for pattern, (ours, theirs) in differing.items() if ours != theirs} == set()


CUSTOMERS = "id,region\nx,eu\ny,eu\nw,us\n"
ORDERS = 'id,customer,"a ""b"""\n1,x,0.5\n2,y,nan\n3,,1\n4,z,2\n5,x,oops\n'
QUERIES = {
    "SELECT count(*) FROM orders WHERE customer IS NULL": 1,
    'select max("a b") from orders': 2.0,
    "select sum(id) / 2 from Orders where id % 2 = 1;": 4.5,
    "select count(*) from orders left join customers c on customer = c.id where c.id is null": 2,
    "with few as (select * from orders where id > 2) select count(distinct customer) = 2 from few": True,
    "select avg(case when customer like 'x%' then 1.5 else 0 end) from orders": 0.6,
    "select max(id) from orders where id not in (select id from orders where id between 1 and 9)": None,
    "select count(*) from orders o where exists (select 1 from customers c where c.id = o.customer)": 3,
    "select count(*) from (select customer from orders group by customer having count(*) > 1)": 1,
    "select count_if(date '2024-02-01' > date '2024-01-31' and length(customer) = 1) from orders": 4,
    "select coalesce(min(nullif(customer, 'x')) || upper(max(customer)), '') = 'yZ' from orders": True,
}


@pytest.fixture
def query(tmp_path: Path) -> Callable[[str, str], Answer | Unanswered]:
    (tmp_path / "orders.csv").write_text(ORDERS.replace('"a ""b"""', "a b"))
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    types: dict[str, LogicalType] = {"id": "integer", "customer": "string", "a b": "number"}

    def ask(text: str, engine: str) -> Answer | Unanswered:
        names: dict[str, dict[str, LogicalType]] = {"orders": types, "customers": {}}
        tables = {name: (open_table(f"{tmp_path}/{name}.csv", engine), names[name]) for name in names}
        return tables["orders"][0].query(Query(text, tables))

    return ask


def test_a_query_that_both_read_alike_gives_the_same(
    query: Callable[[str, str], Answer | Unanswered], engine: str
) -> None:
    assert {text: query(text, "duckdb") for text in QUERIES} == {text: Answer(value) for text, value in QUERIES.items()}
    assert {text: query(text, engine) for text in QUERIES} == {text: Answer(value) for text, value in QUERIES.items()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select 1 from orders", "the SQL gives several rows. Give one value, such as SELECT count(*)."),
        ("select id % (id - id) from orders where id = 1", "the SQL fails: a value cannot be computed on Spark. "
         "Divide by nullif(…, 0), and try TRY_CAST, which gives NULL."),
        ("select nope from orders", "the SQL fails on Spark: A column, variable, or function parameter with name "
         "`nope` cannot be resolved. Did you mean one of the following? [`id`, `a b`, `customer`]."),
    ],
)  # fmt: skip
def test_a_query_that_fails_is_refused(
    text: str, message: str, query: Callable[[str, str], Answer | Unanswered], engine: str
) -> None:
    with pytest.raises(InputError) as caught:
        query(text, engine)
    assert str(caught.value) == message


def test_a_query_that_spark_may_read_otherwise_has_no_answer(
    query: Callable[[str, str], Answer | Unanswered], engine: str
) -> None:
    why = "Spark may read the function regexp_replace otherwise than DuckDB, whose SQL a contract holds"
    assert query("select count(regexp_replace(customer, 'x', 'y')) from orders", engine) == Unanswered(why)
