"""The same tables on Spark and on DuckDB, row for row: checks, keys, groups, likes, arrays, and every cell of text."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pytest
from test_oracle import CONTRACT, FIRST, ORACLE, make_frame, write

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import Aggregate, Groups, LogicalType, Match, Scan, Scanned, Tally, open_table, progress
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.plan import judge, make_plan
from mlops_actions.yaml_source import parse_yaml


def validate(path: str, engine: str) -> list[CheckResult]:
    table = open_table(path, engine)
    plan = make_plan(parse_contract(parse_yaml(CONTRACT.encode(), "c.yaml", "contract")), table.stored, FIRST)
    return judge(plan, table.scan(plan.scan))


def rows_of(select: str, folder: Path, name: str = "a.parquet") -> str:
    duckdb.connect().execute(f"COPY ({select}) TO '{folder / name}'")
    return str(folder / name)


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz"])
def test_every_check_agrees_with_duckdb_and_pandas(kind: str, tmp_path: Path, engine: str) -> None:
    frame = make_frame(1)
    path = write(frame, tmp_path, kind)
    ours = validate(path, engine)
    assert ours == validate(path, "duckdb")
    found = {check.id: check for check in ours}
    expected = {id_: np.flatnonzero(oracle(frame).fillna(False)) for id_, oracle in ORACLE.items()}
    assert {id_: found[id_].rows for id_ in ORACLE} == {id_: rows[:FIRST].tolist() for id_, rows in expected.items()}


def test_rows_are_numbered_over_all_files(tmp_path: Path, engine: str) -> None:
    for form in ("parquet", "csv"):
        folder = tmp_path / form
        folder.mkdir()
        for part, rows in enumerate((3, 70_000, 5)):
            rows_of(f"SELECT {part} AS part, i FROM range({rows}) AS numbers(i)", folder, f"p{part} x.{form}")
        scan = Scan(types={"i": "integer"}, flags={"bad": nw.col("i") % 60_000 == 2}, keys={"once": ("i",)}, first=5)
        found = open_table(str(folder), engine).scan(scan)
        assert found == open_table(str(folder)).scan(scan)
        assert found.flags["bad"] == Tally(4, (2, 5, 60_005, 70_005))


def test_cells_of_failing_rows_are_those_of_duckdb(tmp_path: Path, engine: str) -> None:
    for form in ("parquet", "csv"):
        folder = tmp_path / form
        folder.mkdir()
        for part, rows in enumerate((3, 70_000, 5)):
            rows_of(f"SELECT {part} AS part, 'é' || i AS i FROM range({rows}) AS n(i)", folder, f"p{part}.{form}")
        asked = ([70_004, 1, 99_999_999], ["i", "part"], 2)
        found = open_table(str(folder), engine).cells(*asked)
        assert found == open_table(str(folder)).cells(*asked) == {1: ("é1", "0"), 70_004: ("é1", "2")}


def test_folders_name_columns(tmp_path: Path, engine: str) -> None:
    for year in (2023, 2024):
        (tmp_path / f"year={year}").mkdir()
        rows_of("SELECT i FROM range(3) AS numbers(i)", tmp_path / f"year={year}")
    for location in (str(tmp_path), f"{tmp_path}/year=*/*.parquet"):
        table = open_table(location, engine)
        scan = Scan(types={"year": "integer"}, flags={"late": nw.col("year") > 2023}, first=9)
        assert table.scan(scan).flags["late"] == open_table(location).scan(scan).flags["late"] == Tally(3, (3, 4, 5))


CELLS: dict[LogicalType, list[str]] = {
    "integer": ["7", "1.0", "", "nan", "1.5", "1e3", "1e-1", "x", "99999999999999999999", "-0", "+5",
                "9007199254740993", "1d", "0x1f", "inf", ".5", "5.", "1e400", "9223372036854775807",
                "9223372036854775808"],
    "number": ["1", "1e3", "-.5", "inf", "-Infinity", "1,5", "one", "NaN", "1d", "1.0f", "5.", ".", "", "1e400"],
    "boolean": ["true", "FALSE", "yes", "1", "t", ""],
    "date": ["2024-01-31", "2024-02-30", "2024-01-31 00:00:00", "2024-01-31 10:00:00", "31.01.2024", "2024", "2024-01",
             "2024-1-3", "infinity", "", "0001-01-01", "9999-12-31"],
    "timestamp": ["2024-01-31", "2024-01-31T10:00:00Z", "2024-01-31 10:00:00+02:00", "2024-01-31 25:00:00", "infinity",
                  "2024-01-31 10:00:00.123456", "10:00:00", "2024-02-30 10:00:00", ""],
    "string": ["anything", "", " ", "1"],
}  # fmt: skip


@pytest.mark.parametrize("type_", CELLS)
def test_every_cell_of_text_reads_as_it_does_with_duckdb(type_: LogicalType, tmp_path: Path, engine: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join(f'"{cell}",1\n' for cell in CELLS[type_]))
    scan = Scan(types={"a": type_}, missing=frozenset({"a"}), first=99)
    tables = [open_table(str(path), one) for one in (engine, "duckdb")]
    found, expected = (table.scan(scan) for table in tables)
    assert (found.unreadable, found.missing) == (expected.unreadable, expected.missing)
    ours, theirs = (table.arrays(["a"], types={"a": type_})["a"] for table in tables)
    valid = ours.valid if ours.valid is not None else np.ones(len(ours.values), dtype=bool)
    assert valid.tolist() == (theirs.valid if theirs.valid is not None else valid).tolist()
    assert ours.values[valid].tolist() == theirs.values[valid].tolist()
    assert ours.categories == theirs.categories


TYPES = """
    SELECT i AS whole, i::TINYINT AS small,
        CASE WHEN i = 1 THEN NULL WHEN i = 2 THEN 'nan'::DOUBLE ELSE i / 2 END AS real,
        (i + 0.5)::DECIMAL(6, 2) AS money, i % 2 = 0 AS flag, CASE WHEN i = 3 THEN NULL ELSE 'v' || (3 - i) END AS word,
        DATE '2024-01-31' + i::INTEGER AS day, TIMESTAMP '2024-01-31 12:00:00' + INTERVAL (i) HOUR AS moment,
        TIMESTAMPTZ '2024-01-31 12:00:00+02' AS zoned, [i] AS list, {'a': i} AS thing, NULL::INTEGER AS nothing
    FROM range(4) AS numbers(i)
"""


def test_types_and_arrays_agree(tmp_path: Path, engine: str) -> None:
    path = rows_of(TYPES, tmp_path)
    ours, theirs = open_table(path, engine), open_table(path)
    assert ours.columns == theirs.columns
    names = [name for name, type_ in ours.columns.items() if type_ not in ("array", "object")]
    for name in names:
        mine, other = ours.arrays([name])[name], theirs.arrays([name])[name]
        assert (mine.valid is None) == (other.valid is None), name
        valid = slice(None) if mine.valid is None else mine.valid
        assert mine.values[valid].astype(
            "M8[us]" if other.values.dtype.kind == "M" else other.values.dtype
        ).tolist() == (
            other.values[valid].astype("M8[us]").tolist()
            if other.values.dtype.kind == "M"
            else other.values[valid].tolist()
        ), name
        assert mine.categories == other.categories
    assert ours.frame.select(nw.col("whole").sum()).collect().to_numpy().tolist() == [[6]]


def test_moments_are_compared_whatever_the_zone_of_the_process(tmp_path: Path, engine: str) -> None:
    path = rows_of(TYPES, tmp_path)
    flags = {
        "moment": nw.col("moment") > datetime(2024, 1, 31, 13),  # noqa: DTZ001
        "zoned": nw.col("zoned") > datetime(2024, 1, 31, 9, 59),  # noqa: DTZ001
        "day": nw.col("day") > date(2024, 2, 1),
    }
    scan = Scan(types={"moment": "timestamp", "zoned": "timestamp", "day": "date"}, flags=flags, first=9)
    found = open_table(path, engine).scan(scan)
    assert found.flags == open_table(path).scan(scan).flags
    assert [tally.count for tally in found.flags.values()] == [2, 4, 2]


def test_aggregates_and_groups_agree(tmp_path: Path, engine: str) -> None:
    path = rows_of(
        "SELECT i, CASE WHEN i % 4 THEN 'g' || i % 3 END AS word, i / 7 AS real FROM range(99) AS n(i)", tmp_path
    )
    groups = Groups(nw.col("word"), {"odd": nw.col("i") % 2 == 1}, {"most": Aggregate("max", nw.col("i"))}, most=3)
    aggregates = {one: Aggregate(one, nw.col("i")) for one in ("min", "max", "sum")}
    scan = Scan(aggregates=aggregates, groups={"words": groups}, counts={"small": nw.col("real") < 1})

    def answers(found: Scanned) -> object:
        return found.rows, found.aggregates, found.groups, found.counts, found.missing

    assert answers(open_table(path, engine).scan(scan)) == answers(open_table(path).scan(scan))


@pytest.mark.parametrize(
    "match",
    [
        Match(("a", "b"), {"a": "integer", "b": "string"}, first=9),
        Match(("a",), {"a": "integer", "b": "string"}, unlike="b", first=9),
        Match(("a", "b"), {"a": "integer", "b": "string"}, complete=True, first=9),
    ],
    ids=["repeated", "conflicting", "complete"],
)
def test_likes_agree(match: Match, tmp_path: Path, engine: str) -> None:
    values = "(1, 'x'), (1, 'x'), (2, NULL), (2, NULL), (3, 'y'), (3, 'z'), (4, NULL), (4, 'v')"
    path = rows_of(f"SELECT * FROM (VALUES {values}) AS t(a, b)", tmp_path)
    other = rows_of("SELECT 1::BIGINT AS a, 'x' AS b UNION ALL SELECT 2, NULL", tmp_path, "b.parquet")
    ours, theirs = open_table(path, engine), open_table(path)
    assert ours.match(match) == theirs.match(match)
    if not match.unlike:
        across = [
            table.match(Match(match.columns, match.types, open_table(other, one), complete=match.complete, first=9))
            for table, one in ((ours, engine), (theirs, "duckdb"))
        ]
        assert across[0] == across[1] != Tally(0)


def test_files_have_the_same_digest_and_tables_one_of_their_rows(tmp_path: Path, engine: str, spark: object) -> None:
    path = rows_of("SELECT i FROM range(9) AS numbers(i)", tmp_path)
    assert open_table(path, engine).material("data") == open_table(path).material("data")
    turned = rows_of("SELECT 8 - i AS i FROM range(9) AS numbers(i)", tmp_path, "b.parquet")
    for name, one in (("forth", path), ("back", turned)):
        spark.read.parquet(one).createOrReplaceTempView(name)  # type: ignore[attr-defined]
    tables = [open_table(f"table:{name}", engine) for name in ("forth", "back")]
    materials = [table.material("data") for table in tables]
    assert materials[0].digest == materials[1].digest
    assert (materials[0].kind, materials[0].digest["rows"]) == ("rows+content", "9")
    assert tables[0].scan(Scan(flags={"bad": nw.col("i") > 6}, first=5)).flags["bad"] == Tally(2)


def test_a_sample_is_spread_and_the_same_each_time(tmp_path: Path, engine: str) -> None:
    path = rows_of("SELECT i FROM range(100000) AS numbers(i)", tmp_path)
    first, again = (open_table(path, engine).arrays(["i"], sample=1000)["i"].values for _ in range(2))
    assert np.array_equal(first, again)
    assert 800 < len(first) < 1200
    assert 40_000 < first.mean() < 60_000


RAGGED = "{}: a row has more or fewer cells than the first line. Quote cells that hold the delimiter."


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"a,b\n1,2\n3\n", RAGGED),
        ("a.csv", b"a,b\n1,2,3\n", RAGGED),
        ("a.parquet", b"PAR1 and no more", "{}: the file is truncated or damaged. Write it again."),
        ("a.jsonl", b'{"a": 1}\n', "engine: Spark does not read '{}'. It reads Parquet, CSV and Delta Lake; "
         "else set `engine: duckdb`."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(name: str, content: bytes, message: str, tmp_path: Path, engine: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_table(str(path), engine).scan(Scan())
    assert str(caught.value) == message.format(path)


@pytest.mark.parametrize(
    ("other", "names"),
    [("SELECT 1 AS a, 2 AS c", "c"), ("SELECT 2 AS b", "a, b"), ("SELECT 'x' AS a", "a")],
)
def test_files_of_different_columns_are_refused(other: str, names: str, tmp_path: Path, engine: str) -> None:
    rows_of("SELECT 1 AS a", tmp_path, "p 1.parquet")
    rows_of(other, tmp_path, "p 2.parquet")
    assert open_table(f"{tmp_path}/p 1.parquet", engine).row_count() == 1
    for one in (engine, "duckdb"):
        with pytest.raises(InputError) as caught:
            open_table(f"{tmp_path}/*.parquet", one)
        assert str(caught.value) == (
            f"{tmp_path}/p 2.parquet: its columns differ from those of {tmp_path}/p 1.parquet: {names}. "
            "Files of one table must have the same columns and types."
        )


def test_text_that_is_not_utf8_is_refused(tmp_path: Path, engine: str) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,x\n2,\xff\n")
    with pytest.raises(InputError) as caught:
        open_table(f"{tmp_path}/a.csv", engine).scan(Scan())
    assert str(caught.value) == (
        f"{tmp_path}/a.csv: 1 row is not UTF-8 text (or U+FFFD, which stands for that). Save the data as UTF-8."
    )
    duckdb.connect().execute(f"COPY (SELECT 'garbled' AS a) TO '{tmp_path}/a.parquet' (COMPRESSION uncompressed)")
    damaged = (tmp_path / "a.parquet").read_bytes().replace(b"garbled", b"garb\xffed")
    (tmp_path / "a.parquet").write_bytes(damaged)
    with pytest.raises(InputError, match="1 row is not UTF-8 text"):
        open_table(f"{tmp_path}/a.parquet", engine).scan(Scan())


def test_a_server_that_does_not_answer_is_said_at_once() -> None:
    with pytest.raises(OutsideError) as caught:
        open_table("a.parquet", "sc://127.0.0.1:9")
    assert str(caught.value) == (
        "engine: no Spark Connect server answers at 127.0.0.1:9: Connection refused. Start it, or check the address."
    )


def test_a_long_scan_says_how_much_is_done(
    tmp_path: Path, engine: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    path = rows_of("SELECT i, hash(i)::VARCHAR AS s FROM range(300000) AS numbers(i)", tmp_path)
    monkeypatch.setattr(progress, "SECONDS", 0.02)
    assert open_table(path, engine).scan(Scan(keys={"s": ("s",)}, first=5)).rows == 300_000
    assert [one for one in caplog.messages if re.fullmatch(rf"Reading {path}: \d+ s, about \d+% of this pass\.", one)]
