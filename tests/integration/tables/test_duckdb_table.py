"""Tables through DuckDB: types, order, missing values, row numbers, and files that are damaged."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pytest

from mlops_actions.errors import InputError
from mlops_actions.tables import Aggregate, Group, Groups, Scan, Tally, open_table
from mlops_actions.tables.interface import readable_as
from mlops_actions.tables.questions import cells_of

SELECT = """
    SELECT i AS whole, i::UTINYINT AS small, CASE WHEN i = 1 THEN NULL WHEN i = 2 THEN 'nan'::DOUBLE ELSE i / 2 END
        AS real, (i + 0.5)::DECIMAL(6, 2) AS money, i % 2 = 0 AS flag, CASE WHEN i = 3 THEN NULL ELSE 'v' || (3 - i) END
        AS word, DATE '2024-01-31' + i::INTEGER AS day, TIMESTAMP '2024-01-31 12:00:00' AS moment,
        TIMESTAMPTZ '2024-01-31 12:00:00+02' AS zoned, TIME '10:00:00' AS clock, [i] AS list, {'a': i} AS thing,
        NULL::INTEGER AS nothing
    FROM range(4) AS numbers(i)
"""
TYPES = {
    "whole": "integer", "small": "integer", "real": "number", "money": "number", "flag": "boolean", "word": "string",
    "day": "date", "moment": "timestamp", "zoned": "timestamp", "clock": "time", "list": "array", "thing": "object",
    "nothing": "integer",
}  # fmt: skip


def parquet(path: Path, select: str) -> str:
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return str(path)


def csv(path: Path, content: str) -> str:
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    return str(path)


def test_parquet_types_are_the_contracts_words(tmp_path: Path) -> None:
    assert open_table(parquet(tmp_path / "a.parquet", SELECT)).columns == TYPES


def test_columns_come_as_arrays_with_what_is_missing(tmp_path: Path) -> None:
    table = open_table(parquet(tmp_path / "a.parquet", SELECT))
    found = table.arrays([name for name in TYPES if name not in ("list", "thing")])
    assert found["whole"].values.tolist() == [0, 1, 2, 3]
    assert found["whole"].valid is None
    assert found["money"].values.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert found["flag"].values.dtype == np.bool_
    assert found["real"].valid is not None
    assert found["real"].valid.tolist() == [True, False, False, True]  # a null and a NaN
    assert found["day"].values.astype("datetime64[D]").astype(str).tolist()[1] == "2024-02-01"
    assert found["zoned"].values[0] == np.datetime64("2024-01-31T10:00:00")  # UTC
    assert found["clock"].categories == ["10:00:00"]
    assert found["nothing"].valid is not None
    assert not found["nothing"].valid.any()


def test_strings_come_as_codes_of_sorted_categories(tmp_path: Path) -> None:
    word = open_table(parquet(tmp_path / "a.parquet", SELECT)).arrays(["word"])["word"]
    assert word.categories == ["v1", "v2", "v3"]
    assert word.valid is not None
    assert [word.categories[code] for code in word.values[word.valid]] == ["v3", "v2", "v1"]


def test_a_column_that_no_model_takes_is_refused(tmp_path: Path) -> None:
    table = open_table(parquet(tmp_path / "a.parquet", SELECT))
    with pytest.raises(InputError, match="the column 'list' holds array values, not simple ones"):
        table.arrays(["list"])
    with pytest.raises(InputError, match="the data has no column 'words'. Did you mean 'word'"):
        table.arrays(["words"])


def test_the_frame_has_the_rows(tmp_path: Path) -> None:
    frame = open_table(parquet(tmp_path / "a.parquet", SELECT)).frame
    assert frame.select(nw.col("whole").sum()).to_native().fetchall() == [(6,)]


def test_row_numbers_run_over_all_files_in_order(tmp_path: Path) -> None:
    for part, rows in enumerate((3, 70_000, 5)):
        parquet(tmp_path / f"p{part}.parquet", f"SELECT {part} AS part, i FROM range({rows}) AS numbers(i)")
    table = open_table(str(tmp_path))
    found = table.scan(Scan(flags={"bad": nw.col("i") % 60_000 == 2}, first=5))
    assert table.row_count() == found.rows == 70_008
    assert found.flags["bad"] == Tally(4, (2, 5, 60_005, 70_005))
    assert table.arrays(["part"])["part"].values.tolist()[:4] == [0, 0, 0, 1]


def test_row_numbers_run_over_all_csv_files_in_order(tmp_path: Path) -> None:
    csv(tmp_path / "a.csv", "i\n" + "\n".join(map(str, range(50_000))) + "\n")
    csv(tmp_path / "b.csv.gz", "i\n7\n8\n")
    table = open_table(str(tmp_path))
    found = table.scan(Scan(types={"i": "integer"}, flags={"bad": nw.col("i") == 7}, first=5))
    assert (table.row_count(), found.flags["bad"]) == (50_002, Tally(2, (7, 50_000)))


def test_only_the_first_rows_are_kept(tmp_path: Path) -> None:
    table = open_table(parquet(tmp_path / "a.parquet", "SELECT i FROM range(100) AS numbers(i)"))
    bad = {"bad": nw.col("i") >= 10}
    assert table.scan(Scan(flags=bad, first=3)).flags["bad"] == Tally(90, (10, 11, 12))
    assert table.scan(Scan(flags=bad)).flags["bad"] == Tally(90)


def test_repeated_keys_are_counted_exactly_beyond_their_first_row(tmp_path: Path) -> None:
    rows = "(1, 'a'), (2, 'a'), (1, 'b'), (NULL, 'a'), (NULL, 'a'), (1, 'a'), (1, NULL), (2, 'a')"
    table = open_table(parquet(tmp_path / "a.parquet", f"SELECT * FROM (VALUES {rows}) AS rows(k, l)"))
    found = table.scan(Scan(keys={"one": ("k",), "both": ("k", "l")}, first=5)).keys
    assert found == {"one": Tally(4, (2, 5, 6, 7)), "both": Tally(2, (5, 7))}


def test_csv_types_are_the_narrowest_that_every_cell_reads_as(tmp_path: Path) -> None:
    content = "whole,real,day,moment,flag,word,late\n" + "1,1.5,2024-01-31,2024-01-31T12:00:00,true,x,1\n" * 25_000
    path = csv(tmp_path / "a.csv", content + "-2,,,2024-01-31,False,,oops\n")
    assert open_table(path).columns == {
        "whole": "integer",
        "real": "number",
        "day": "date",
        "moment": "timestamp",
        "flag": "boolean",
        "word": "string",
        "late": "string",  # beyond any sample
    }


def test_bad_cells_of_csv_are_counted_and_do_not_stop_the_scan(tmp_path: Path) -> None:
    cells = ["7", "1.0", "", "nan", "1.5", "1e-1", "x", "99999999999999999999"]
    table = open_table(csv(tmp_path / "a.csv", "a,b\n" + "".join(f"{cell},\n" for cell in cells)))
    found = table.scan(Scan(types={"a": "integer"}, missing=frozenset({"a"}), first=9))
    assert found.unreadable["a"] == Tally(4, (4, 5, 6, 7))
    assert found.missing["a"] == Tally(2, (2, 3))


def test_bad_cells_of_csv_are_missing_in_arrays(tmp_path: Path) -> None:
    table = open_table(csv(tmp_path / "a.csv", "a,b\n1,\none,\n"))
    found = table.arrays(["a"], types={"a": "number"})["a"]
    assert found.valid is not None
    assert (found.values[0], found.valid.tolist()) == (1.0, [True, False])


@pytest.mark.parametrize(
    ("wanted", "cells", "bad"),
    [
        ("number", ["1", "1e3", "-.5", "inf", "1,5", "one"], {4, 5}),
        ("boolean", ["true", "FALSE", "yes", "1"], {2, 3}),
        ("date", ["2024-01-31", "2024-02-30", "2024-01-31 00:00:00", "2024-01-31 10:00:00", "31.01.2024"], {1, 3, 4}),
        ("timestamp", ["2024-01-31", "2024-01-31T10:00:00Z", "2024-01-31 25:00:00", "infinity"], {2, 3}),
        ("time", ["10:00:00", "25:00:00"], {1}),
        ("string", ["anything", "1"], set()),
    ],
)
def test_text_reads_as_each_type(tmp_path: Path, wanted: str, cells: list[str], bad: set[int]) -> None:
    path = csv(tmp_path / "a.csv", "a\n" + "".join(f'"{cell}"\n' for cell in cells))
    found = open_table(path).scan(Scan(types={"a": wanted}, first=9))  # type: ignore[dict-item]
    assert set(found.unreadable["a"].rows) == bad


def test_a_moment_of_text_is_in_utc(tmp_path: Path) -> None:
    cells = ["2024-01-31 10:00:00+02:00", "2024-01-31T08:00:00Z", "2024-01-31 08:00", "2024-01-31T03:00-05"]
    table = open_table(csv(tmp_path / "a.csv", "\n".join(["a", *cells])))
    values = table.arrays(["a"], types={"a": "timestamp"})["a"].values
    assert {str(value)[:16] for value in values} == {"2024-01-31T08:00"}


def test_a_number_reads_as_integer_where_it_is_whole(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", "SELECT unnest(['1', '2.5', NULL, 'nan', 'inf']::DOUBLE[]) AS a")
    found = open_table(path).scan(Scan(types={"a": "integer"}, first=9))
    assert (found.unreadable["a"], found.missing["a"]) == (Tally(2, (1, 4)), Tally(2))


def test_a_moment_reads_as_date_at_midnight_only(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", "SELECT unnest(['2024-01-31', '2024-01-31 00:00:01']::TIMESTAMP[]) AS a")
    assert open_table(path).scan(Scan(types={"a": "date"}, first=9)).unreadable["a"] == Tally(1, (1,))
    assert not readable_as("string", "date")


@pytest.mark.parametrize("name", ['we"ird', "it's", "a b.c", "naïve 🎉", "x; DROP TABLE t; --", "count(*)", "row_code"])
def test_any_column_name_is_safe(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name.replace("/", "")
    folder.mkdir()
    quoted = name.replace('"', '""')
    tables = [parquet(tmp_path / "a.parquet", f'SELECT i AS "{quoted}" FROM range(5) AS numbers(i)')]
    tables.append(csv(folder / "it's.csv", f'"{quoted}",b\n' + "".join(f"{i},\n" for i in range(5))))
    for path in tables:
        table = open_table(path)
        scan = Scan(types={name: "integer"}, flags={name: cells_of(name) > 2}, keys={name: (name,)}, first=2)
        found = table.scan(scan)
        assert (found.flags[name], found.keys[name]) == (Tally(2, (3, 4)), Tally(0))
        assert table.arrays([name])[name].values.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["file_row_number", "file_index", "filename", "mlops_row", "mlops_present_0"])
def test_names_that_the_engine_uses_itself_stay_the_datas(tmp_path: Path, name: str) -> None:
    table = open_table(parquet(tmp_path / "a.parquet", f"SELECT 9 - i AS {name} FROM range(10) AS numbers(i)"))
    assert table.scan(Scan(flags={"bad": nw.col(name) < 2}, first=5)).flags["bad"] == Tally(2, (8, 9))


def test_a_sample_is_spread_and_the_same_each_time(tmp_path: Path) -> None:
    for path in (
        parquet(tmp_path / "a.parquet", "SELECT i FROM range(100000) AS numbers(i)"),
        csv(tmp_path / "a.csv", "i\n" + "\n".join(map(str, range(100_000))) + "\n"),
    ):
        first, again = (open_table(path).arrays(["i"], sample=1000)["i"].values for _ in range(2))
        assert np.array_equal(first, again)
        assert 800 < len(first) < 1200
        assert 40_000 < first.mean() < 60_000


def test_the_material_is_the_files_digest(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", SELECT)
    material = open_table(path).material("data")
    assert (material.name, material.uri) == ("data", path)
    assert material.digest == {"sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest()}


def test_parquet_files_of_different_columns_are_refused(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", "SELECT 1 AS i, 2 AS j")
    parquet(tmp_path / "b.parquet", "SELECT 1 AS i, 2::BIGINT AS j, 3 AS k")
    with pytest.raises(InputError) as caught:
        open_table(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}/b.parquet: its columns differ from those of {tmp_path}/a.parquet: j, k. "
        "Files of one table must have the same columns and types."
    )


def test_parquet_files_may_order_their_columns_differently(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", "SELECT 1 AS i, 2 AS j")
    parquet(tmp_path / "b.parquet", "SELECT 20 AS j, 10 AS i")
    assert open_table(str(tmp_path)).arrays(["i"])["i"].values.tolist() == [1, 10]


def test_csv_files_of_different_columns_are_refused(tmp_path: Path) -> None:
    csv(tmp_path / "a.csv", "i,j\n1,2\n")
    csv(tmp_path / "b.csv", "i,k\n1,2\n")
    with pytest.raises(InputError, match=r"b.csv:1: its columns are i, k, but .*a.csv has i, j\."):
        open_table(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3\n", ":3: the row has 1 cell, but the first line names 2 columns. "
         "Quote cells that hold the delimiter."),
        (b"a,b\n1,2,3\n", ":2: the row has 3 cells, but the first line names 2 columns. "
         "Quote cells that hold the delimiter."),
        (b"a,b\n1,2\r\n3,4\n5,6\r\n", ": the file mixes line ends, or text stands after a closing quote. "
         "Write it as RFC 4180 says."),
        (b'a,b\n1,"x\n2,3\n', ':2: a quoted cell never ends. Write a quote inside a cell twice: "".'),
        (b"a,b\n" + b"1,2\n" * 9000 + b"1,\xe9\n", ":9002: the row is not UTF-8 text. Save the file as UTF-8."),
        (b"a,b\n1," + b"x" * 10_000_000 + b"\n", ":2: the line is longer than 2 MB. Store long values as Parquet."),
    ],
    ids=["short", "long", "line ends", "quote", "encoding", "cell"],
)  # fmt: skip
def test_a_csv_file_that_breaks_the_form_is_refused_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_table(str(path)).scan(Scan())
    assert str(caught.value) == f"{path}{message}"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda whole: whole[: len(whole) // 2], "No magic bytes found at end of file"),
        (lambda _: b"", "too small to be a Parquet file"),
        (lambda whole: whole[:500] + bytes(20_000) + whole[20_500:], "the file is truncated or damaged"),
    ],
    ids=["truncated", "empty", "overwritten"],
)
def test_a_damaged_parquet_file_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes], message: str) -> None:
    path = Path(parquet(tmp_path / "a.parquet", "SELECT 'number ' || hash(i) AS i FROM range(9000) AS numbers(i)"))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=message) as caught:
        open_table(str(path)).arrays(["i"])
    assert str(caught.value).startswith(f"{path}: the file is truncated or damaged")


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InputError, match="engine: unknown engine 'duckbd'. Did you mean 'duckdb'"):
        open_table("a.csv", engine="duckbd")


def test_a_scan_gives_single_values_and_groups(tmp_path: Path) -> None:
    table = open_table(csv(tmp_path / "a.csv", "t,x\n2024-01-31,1\n2024-01-02,2\n2024-02-01,5\n,7\n"))
    moment, x = nw.col("t"), nw.col("x")
    found = table.scan(
        Scan(
            types={"t": "date", "x": "integer"},
            aggregates={"last": Aggregate("max", moment), "sum": Aggregate("sum", x)},
            groups={
                "month": Groups(moment.dt.month(), {"odd": x % 2 == 1}, {"sum": Aggregate("sum", x)}),
                "most": Groups(moment.dt.month(), most=1),
            },
        )
    )
    assert str(found.aggregates["last"]) == "2024-02-01"
    assert found.aggregates["sum"] == 15
    assert found.groups["month"] == (
        Group(1, 2, {"odd": 1}, {"sum": 3}),
        Group(2, 1, {"odd": 1}, {"sum": 5}),
        Group(None, 1, {"odd": 1}, {"sum": 7}),
    )
    assert found.groups["most"] == (Group(1, 2, {}, {}),)
