"""Which SQL of a contract runs on Spark: what it reads as DuckDB does, and nothing that reaches out."""

from __future__ import annotations

import pytest

from mlops_actions.errors import InputError
from mlops_actions.tables import Unanswered
from mlops_actions.tables.spark.query import understand

TABLES = {"orders", "customers"}


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("SELECT count(*) FROM Orders;", "SELECT count(*) FROM Orders"),
        ('select "odd name" from orders', "select `odd name` from orders"),
        ("with o as (select 1e3 as a) select max(a) from o, customers", None),
        ("select count_if(a <> 'x' and b >= 1.5 or c != 2) from orders", None),
        ("select count(*) from orders where a like 'x%' and b not like '_y'", None),
        ("select 1 - -1 from orders where a = 'x' or b = '--'", None),
        ("select min(date '2024-01-31') < timestamp '2024-01-31 10:00:00' from orders", None),
    ],
)
def test_what_both_read_alike_is_taken(text: str, understood: str | None) -> None:
    assert understand(text, TABLES) == (understood or text)


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("select count(*) from orders -- all", "'--'"),
        ("select count(*) /* all */ from orders", "'/*'"),
        ("select id // 2 from orders where id = 2", "the function //"),
        ("select count(*) from orders where a = 'it''s'", "\"''\""),
        ("select count(*) from orders where a = '\\'", '"\'"'),
        ("select count(*) from orders where a = $$x$$", "'$'"),
        ('select count(*) from orders where "a`b" = 1', "'\"'"),
        ("select count(*) from orders where ü = 1", "'ü'"),
        ("select count(id[1]) from orders", "'['"),
        ("select count(id::int) from orders", "a cast"),
        ("select count(try_cast(id as int)) from orders", "a cast"),
        ("select date '1/2/2024' from orders", "a cast"),
        ("select count(regexp_replace(a, 'x', 'y')) from orders", "the function regexp_replace"),
        ("select count(*) from orders where java_method('java.lang.System', 'exit') = '0'", "the function java_method"),
        ("select count(*) from orders where a like b", "LIKE with a pattern that is no literal"),
        ("select count(*) from orders where a not like b || '%'", "LIKE with a pattern that is no literal"),
        ("select count(*) from orders where a like '\\_'", '"\'"'),
        ("select id from orders order by id", "ORDER BY"),
        ("select string_agg(id order by id) from orders", "the function string_agg"),
        ("select sum(id order by id) from orders", "ORDER BY"),
        ("select id from orders limit 1", "LIMIT"),
        ("select count(*) from (select sum(a) over () as n from orders)", "window functions"),
        ("select count(*) from orders, unnest(range(2))", "table functions"),
    ],
)
def test_what_spark_may_read_otherwise_is_not(text: str, odd: str) -> None:
    why = f"Spark may read {odd} otherwise than DuckDB, whose SQL a contract holds"
    assert understand(text, TABLES) == Unanswered(why)


def test_a_string_that_only_one_of_them_takes_for_one_hides_nothing() -> None:
    told = understand("select count(*) from orders where a = e'x\\' or 1 = (select count(*) from csv --'", TABLES)
    assert isinstance(told, Unanswered)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drop table orders", "the SQL is no SELECT, which alone may run. Write one SELECT."),
        ("select count(*) from 'a.csv'", "the SQL reads 'a.csv', which is no table of the contract. "
         "It may read customers, orders."),
        ('select count(*) from csv."/etc/x"', "the SQL reads 'csv./etc/x', which is no table of the contract. "
         "It may read customers, orders."),
    ],
)  # fmt: skip
def test_what_reaches_out_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        understand(text, TABLES)
    assert str(caught.value) == message
