"""Tables of SQLite files and of a real PostgreSQL server."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import narwhals as nw
import psycopg
import pytest

from mlflow_site import free_ports, postgresql, running_postgresql
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.tables import Scan, Tally, open_table


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            'CREATE TABLE "odd "" name" (i INTEGER, real, "w;ord" TEXT, day DATE, flag BOOLEAN, raw BLOB)'
        )
        rows = [
            (1, 0.1 + 0.2, 'a "quoted", cell\nof lines', "2024-01-31", True, b"\x00\xff"),
            (2**60 + 1, None, "", "2024-02-30", False, None),
            ("oops", math.inf, None, None, 2, None),
        ]
        connection.executemany('INSERT INTO "odd "" name" VALUES (?, ?, ?, ?, ?, ?)', rows)
    connection.close()
    return f"sqlite:{path}"


def test_a_table_of_sqlite_is_read_cell_by_cell(sqlite: str) -> None:
    table = open_table(f'{sqlite}#odd " name')
    assert dict.fromkeys(table.stored.values()) == {"text": None}
    types = {"i": "integer", "real": "number", "day": "date", "flag": "boolean"}
    found = table.scan(Scan(types=types, flags={"one": nw.col("i") == 1}, first=5))  # type: ignore[arg-type]
    assert {name: tally.rows for name, tally in found.unreadable.items()} == {
        "i": (2,), "real": (), "day": (1,), "flag": (2,),
    }  # fmt: skip
    assert found.flags["one"] == Tally(1, (0,))
    assert {name: tally.count for name, tally in found.missing.items()} == {
        "i": 0, "real": 1, "w;ord": 1, "day": 1, "flag": 0, "raw": 2,
    }  # fmt: skip
    values = table.arrays(["i", "real", "w;ord", "raw"], types={"i": "integer", "real": "number"})
    assert values["i"].values.tolist()[:2] == [1, 2**60 + 1]
    assert values["real"].values.tolist()[0] == 0.1 + 0.2
    assert values["w;ord"].categories == ["", 'a "quoted", cell\nof lines']
    assert values["raw"].categories == ["00FF"]


def test_a_table_is_known_by_its_rows_whatever_their_order(sqlite: str) -> None:
    path = sqlite.removeprefix("sqlite:")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS i UNION ALL SELECT 2 UNION ALL SELECT 2")
        connection.execute("CREATE VIEW turned AS SELECT i FROM t ORDER BY i DESC")
        connection.execute("CREATE TABLE less AS SELECT DISTINCT i FROM t")
    connection.close()
    t, turned, less = (open_table(f"{sqlite}#{name}").material("data") for name in ("t", "turned", "less"))
    assert t.digest == turned.digest != less.digest
    assert (t.kind, t.digest["rows"]) == ("rows+content", "3")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("{}", "the data '{}' names no table. Write it behind a '#': …#schema.table."),
        ("{}#odd", "{}#odd: the database has no table 'odd'. Known: odd \" name."),
        ("sqlite:none.db#t", "data: the database 'none.db' does not exist. Check the path."),
        ("{}x#t", "{}x#t: cannot be read: file is not a database."),
    ],
)
def test_a_table_that_sqlite_lacks_is_refused(location: str, message: str, sqlite: str) -> None:
    Path(f"{sqlite.removeprefix('sqlite:')}x").write_bytes(b"no database" * 99)
    with pytest.raises(InputError) as caught:
        open_table(location.format(sqlite))
    text = message.format(sqlite) if message.startswith("the data") else message.format(sqlite.removeprefix("sqlite:"))
    assert str(caught.value) == text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not postgresql():
        pytest.skip("needs PostgreSQL; .ci/run installs it")
    (port,) = free_ports(1)
    with running_postgresql(tmp_path_factory.mktemp("postgresql"), port) as uri:
        address = uri.replace("+psycopg2", "") + "/mlflow"
        with psycopg.connect(address) as connection:
            connection.execute(
                """
                CREATE SCHEMA sales;
                CREATE TYPE mood AS ENUM ('new', 'paid');
                CREATE TABLE sales."Odd "" ; name" (
                    id bigint, small smallint, real double precision, money numeric(10, 2), flag boolean, word text,
                    "we""ird 🎉.x" varchar(9), day date, moment timestamp, zoned timestamptz, clock time, mood mood,
                    list int[], words text[], thing jsonb, raw bytea
                );
                INSERT INTO sales."Odd "" ; name" VALUES
                    (1, 2, 0.1, 12.34, true, 'a "b", c' || chr(10) || 'd', 'x', '2024-01-31', '2024-01-31 12:00:00.5',
                     '2024-01-31 12:00:00+02', '10:00', 'new', '{1,2}', '{"a,b",NULL}', '{"k": 1}', '\\x00ff'),
                    (9007199254740993, -1, 'NaN', NULL, false, '', NULL, '0044-03-15 BC', 'infinity', NULL, NULL,
                     'paid', NULL, '{}', NULL, NULL),
                    (NULL, NULL, 'infinity', 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                     NULL);
                CREATE ROLE stranger LOGIN;
                CREATE TABLE plain AS SELECT generate_series(1, 20000) AS i
                """
            )
        yield address


def test_a_table_of_postgresql_keeps_its_types_and_cells(server: str) -> None:
    table = open_table(f'{server}#sales."Odd "" ; name"')
    assert table.stored == {
        "id": "integer", "small": "integer", "real": "number", "money": "number", "flag": "boolean", "word": "string",
        'we"ird 🎉.x': "string", "day": "text", "moment": "text", "zoned": "text", "clock": "time", "mood": "string",
        "list": "array", "words": "array", "thing": "string", "raw": "string",
    }  # fmt: skip
    types = {"day": "date", "moment": "timestamp", "zoned": "timestamp"}
    found = table.scan(Scan(types=types, flags={"big": nw.col("id") > 1}, first=3))  # type: ignore[arg-type]
    assert (found.rows, found.flags["big"]) == (3, Tally(1, (1,)))
    assert {name: tally.rows for name, tally in found.unreadable.items()} == {"day": (1,), "moment": (1,), "zoned": ()}
    assert {name: tally.count for name, tally in found.missing.items()} == {
        "id": 1, "small": 1, "real": 1, "money": 2, "flag": 1, "word": 1, 'we"ird 🎉.x': 2, "day": 1, "moment": 1,
        "zoned": 2, "clock": 2, "mood": 1, "list": 2, "words": 1, "thing": 2, "raw": 2,
    }  # fmt: skip
    values = table.arrays(["id", "word", "raw", "zoned"], types={"zoned": "timestamp"})
    assert values["id"].values.tolist()[:2] == [1, 9007199254740993]
    assert values["word"].categories == ["", 'a "b", c\nd']
    assert str(values["zoned"].values[0]) == "2024-01-31T10:00:00.000000"


def test_a_table_of_postgresql_is_known_by_its_rows(server: str) -> None:
    material = open_table(f"{server.replace('postgres@', 'postgres:s3cret@')}#plain").material("data")
    assert (material.kind, material.digest["rows"]) == ("rows+content", "20000")
    assert material.uri == f"{server.replace('postgres@', '')}#plain"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("{}#none", "{}#none: the database has no table 'none'. "
         'Write schema.table, and "quotes" around a name with capitals or signs.'),
        ("{}#t; DROP TABLE plain", "{}#t; DROP TABLE plain: 't; DROP TABLE plain' is not the name of a table. "
         'Write schema.table, and "quotes" around a name with capitals or signs.'),
        ("{}", "the data '{}' names no table. Write it behind a '#': …#schema.table."),
    ],
)  # fmt: skip
def test_a_table_that_postgresql_lacks_is_refused(location: str, message: str, server: str) -> None:
    with pytest.raises(InputError) as caught:
        open_table(location.format(server))
    assert str(caught.value) == message.format(server.replace("postgres@", ""))
    assert open_table(f"{server}#plain").row_count() == 20_000


def test_who_may_not_read_is_told_so(server: str) -> None:
    with pytest.raises(InputError, match=r"permission denied for table plain\. Grant SELECT to the user\.$"):
        open_table(f"{server.replace('postgres@', 'stranger@')}#plain")
    with pytest.raises(InputError, match=r'the database refuses: role "nobody" does not exist\. Check user'):
        open_table(f"{server.replace('postgres@', 'nobody@')}#plain")


def test_a_database_that_does_not_answer_is_the_outside_worlds_failure() -> None:
    with pytest.raises(
        OutsideError, match=r"^postgresql://127.0.0.1:9/x#t: the database cannot be read: .*Run it again\.$"
    ):
        open_table("postgresql://bot:s3cret@127.0.0.1:9/x#t")
