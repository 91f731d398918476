"""Every format of files as the same table: plain, packed, in partitions; and what is wrong with those that are not."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import arro3.io
import duckdb
import narwhals as nw
import pytest
from backports import zstd

from mlops_actions.errors import InputError
from mlops_actions.tables import Scan, Tally, open_table

ROWS = (
    "SELECT i, 'v' || i % 3 AS word, i / 4 AS real, DATE '2024-01-31' + i::INTEGER AS day FROM range(9) AS numbers(i)"
)
PACK: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "zst": zstd.compress}


def write(path: Path, select: str = ROWS) -> str:
    """The rows in the format that the name says."""
    form, *packed = path.name.split(".")[1:]
    connection = duckdb.connect()
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "arrow":
        arro3.io.write_ipc(connection.sql(select), path)
    elif form == "arrows":
        arro3.io.write_ipc_stream(connection.sql(select), path.with_suffix(".arrow"))
        return str(path.with_suffix(".arrow"))
    else:
        options = {"csv": ", HEADER", "tsv": ", HEADER, DELIMITER '\t'"}.get(form, "")
        kind = {"jsonl": "json", "ndjson": "json", "tsv": "csv"}.get(form, form)
        plain = path.parent / "plain"
        connection.execute(f"COPY ({select}) TO '{plain}' (FORMAT {kind}{options})")
        plain.rename(path)
        if packed:
            path.write_bytes(PACK[packed[0]](path.read_bytes()))
    return str(path)


def content(path: Path, text: str) -> str:
    path.write_text(text, newline="")
    return str(path)


NAMES = [f"a.{text}{packed}" for text in ("csv", "tsv", "jsonl") for packed in ("", ".gz", ".bz2", ".zst")]
NAMES += ["a.parquet", "a.pq", "a.json", "a.ndjson", "a.arrow", "a.arrows"]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_rows_are_the_same_table(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "a.pq":
        Path(write(tmp_path / "a.parquet")).rename(path)
    table = open_table(str(path) if name == "a.pq" else write(path))
    assert table.columns == {"i": "integer", "word": "string", "real": "number", "day": "date"}
    scan = Scan(types=table.columns, flags={"bad": nw.col("real") > 1}, keys={"once": ("word",)}, first=2)
    found = table.scan(scan)
    assert (found.rows, found.flags["bad"], found.keys["once"]) == (9, Tally(4, (5, 6)), Tally(6, (3, 4)))
    assert {tally.count for tally in found.unreadable.values()} == {0}
    columns = table.arrays(["i", "word"])
    assert (columns["i"].values.tolist(), columns["word"].categories) == (list(range(9)), ["v0", "v1", "v2"])
    assert table.row_count() == 9
    assert table.frame.select(nw.col("i").sum()).to_native().fetchall() == [(36,)]


def test_several_files_of_a_format_are_one_table_in_order(tmp_path: Path) -> None:
    for form in ("jsonl", "arrow", "csv.bz2"):
        folder = tmp_path / form
        for place, rows in enumerate((2, 30_000, 3)):
            write(folder / f"p{place}.{form}", f"SELECT {place} AS part, j FROM range({rows}) AS numbers(j)")
        table = open_table(str(folder))
        found = table.scan(Scan(types=table.columns, flags={"bad": nw.col("j") == 1}, first=9))
        assert (found.rows, found.flags["bad"]) == (30_005, Tally(3, (1, 3, 30_003)))


def test_cells_of_json_count_as_what_they_are_written_as(tmp_path: Path) -> None:
    cells = ["1", "1.0", "1.5", '"1"', "true", "null", "NaN", "[1]", '{"a": 1}', "99999999999999999999", '"2024-01-31"']
    path = content(tmp_path / "a.jsonl", "".join(f'{{"a": {cell}}}\n' for cell in cells))
    table = open_table(path)
    bad = {
        "integer": (2, 3, 4, 7, 8, 9, 10),
        "number": (3, 4, 7, 8, 10),
        "boolean": (0, 1, 2, 3, 7, 8, 9, 10),
        "string": (0, 1, 2, 4, 7, 8, 9),
        "date": (0, 1, 2, 3, 4, 7, 8, 9),
        "array": (0, 1, 2, 3, 4, 8, 9, 10),
        "object": (0, 1, 2, 3, 4, 7, 9, 10),
    }
    for type_, rows in bad.items():
        found = table.scan(Scan(types={"a": type_}, missing=frozenset({"a"}), first=11))  # type: ignore[dict-item]
        assert (found.unreadable["a"].rows, found.missing["a"].rows) == (rows, (5, 6)), type_
    assert table.columns == {"a": "binary"}
    with pytest.raises(InputError, match="the column 'a' holds binary values, not simple ones"):
        table.arrays(["a"])


def test_keys_of_json_may_come_late_and_have_any_name(tmp_path: Path) -> None:
    table = open_table(content(tmp_path / "a.jsonl", '{"a": 1}\r\n{"we\\"ird 🎉.x": {"b": [1]}, "a": 2}\r\n'))
    assert table.stored == {"a": "json", 'we"ird 🎉.x': "object"}
    assert table.scan(Scan()).missing['we"ird 🎉.x'] == Tally(1)


def test_folders_name_columns(tmp_path: Path) -> None:
    for form in ("parquet", "csv", "jsonl", "arrow"):
        for year, month in (("2023", "1"), ("2024", "x y%2F"), ("__HIVE_DEFAULT_PARTITION__", "3")):
            write(tmp_path / form / f"year={year}" / f"month={month}" / f"a.{form}", "SELECT 7 AS i UNION ALL SELECT 8")
        table = open_table(str(tmp_path / form))
        assert table.stored["year"] == table.stored["month"] == "text"
        assert table.columns["year"] == "integer"
        found = table.arrays(["year", "month", "i"])
        assert found["year"].values.tolist()[:4] == [2023, 2023, 2024, 2024]
        assert found["year"].valid is not None
        assert found["year"].valid.tolist() == [True] * 4 + [False] * 2
        assert found["month"].categories == ["1", "3", "x y/"]
        scan = Scan(types={"year": "integer"}, flags={"late": nw.col("year") > 2023}, first=5)
        assert table.scan(scan).flags["late"] == Tally(2, (2, 3))


def test_a_pattern_names_the_columns_after_its_first_wildcard(tmp_path: Path) -> None:
    write(tmp_path / "year=2023/a.parquet")
    write(tmp_path / "year=2024/a.parquet")
    assert "year" in open_table(f"{tmp_path}/*/a.parquet").stored
    assert "year" not in open_table(f"{tmp_path}/year=2024/*.parquet").stored
    assert "year" not in open_table(f"{tmp_path}/year=2024/a.parquet").stored


def test_a_column_in_the_files_is_the_one_that_counts(tmp_path: Path) -> None:
    write(tmp_path / "day=1/a.parquet", "SELECT 7 AS day")
    assert open_table(str(tmp_path)).arrays(["day"])["day"].values.tolist() == [7]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", '{"a": 1}\n' * 9000 + '{"a": x}\n', ":9001: not readable JSON at byte 7: unexpected character. "
         "Save it as UTF-8 JSON lines."),
        ("a.jsonl", '{"a": 1}\n{"a":\n', ":2: not readable JSON at byte 6: unexpected end of data. "
         "Save it as UTF-8 JSON lines."),
        ("a.jsonl", '{"a": 1}\n[2]\n', ":2: the row is a JSON array, not an object. "
         'Write one object a line: {"column": value}.'),
        ("a.jsonl", "5\n", ':1: the row is a JSON number, not an object. Write one object a line: {"column": value}.'),
        ("a.jsonl", '{"a": 1, "A": 2}\n', ": the column 'A' and 'a' differ only in case. Rename one of them."),
        ("a.jsonl", '{"b": 0, "": 2}\n', ": the name of column 2 is empty. Give it a name."),
        ("a.jsonl", '{"b": 0}\n{"a": 1, "a": 2}\n', ":2: the object has the key 'a' twice."),
        ("a.jsonl", "", ": the file holds no JSON object with a key."),
        ("a.json", '[{"a": 1}, {"a": x}]', ": not readable JSON at byte 7: unexpected character. "
         "Save it as UTF-8 JSON lines."),
        ("a.arrow", "", ": the file is truncated or damaged: Ipc error: Expected schema message, found empty stream. "
         "Write it again."),
        ("a.arrow", "ARROW1 and no more", ": the file is truncated or damaged: "
         "Parser error: Arrow file does not contain correct footer. Write it again."),
        ("a.csv.zst", "a,b\n", ": cannot be unpacked: "
         "Unable to decompress Zstandard data: Unknown frame descriptor. Write it again."),
        ("a.csv.bz2", "a,b\n", ": cannot be unpacked: Invalid data stream. Write it again."),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_table(content(tmp_path / name, text)).scan(Scan())
    assert str(caught.value) == f"{tmp_path / name}{message}"


@pytest.mark.parametrize(
    ("form", "packed"),
    [("jsonl", ""), ("arrow", ""), ("parquet", ""), *((text, packed) for text in ("csv", "jsonl") for packed in PACK)],
)
def test_a_truncated_file_is_refused(form: str, packed: str, tmp_path: Path) -> None:
    select = "SELECT hash(i) AS i, hash(i + 1) AS j FROM range(9000) AS numbers(i)"
    path = Path(write(tmp_path / f"a.{form}.{packed}".rstrip("."), select))
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(InputError, match="truncated|damaged|unpacked|unexpected end|cannot be read"):
        open_table(str(path)).scan(Scan())


def test_arrow_files_of_different_columns_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.arrow", "SELECT 1 AS i, 2 AS j")
    write(tmp_path / "b.arrow", "SELECT 1 AS i, '2' AS j")
    with pytest.raises(InputError) as caught:
        open_table(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}/b.arrow: its columns differ from those of {tmp_path}/a.arrow: j. "
        "Files of one table must have the same columns and types, in the same order."
    )


def test_partitions_that_differ_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a=1/x.parquet")
    write(tmp_path / "b=1/x.parquet")
    with pytest.raises(InputError) as caught:
        open_table(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}/b=1/x.parquet: its folders name the partitions b, but those of {tmp_path}/a=1/x.parquet a. "
        "Files of one table must have the same partitions."
    )


def test_what_was_unpacked_is_removed_with_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    table = open_table(write(tmp_path / "a.csv.bz2"))
    assert list((tmp_path / "scratch").iterdir())
    del table
    assert not list((tmp_path / "scratch").iterdir())
