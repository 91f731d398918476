"""Locations as lists of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.tables.files import find_files

SUPPORTED = (
    "Supported: .parquet, .pq, .arrow, .feather, .ipc, and .csv, .tsv, .jsonl, .ndjson, .json "
    "plain or as .gz, .zst, .bz2."
)


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a,b\n1,2\n")


def test_a_folder_is_its_data_files_in_order(tmp_path: Path) -> None:
    write(tmp_path, "b.csv", "a/z.csv.gz", "_SUCCESS", ".b.csv.crc", "notes.md", "_tmp/c.csv")
    assert [path.relative_to(tmp_path).as_posix() for path in find_files(str(tmp_path)).paths] == [
        "a/z.csv.gz",
        "b.csv",
    ]


def test_a_pattern_is_its_files_in_order(tmp_path: Path) -> None:
    write(tmp_path, "p2.csv", "p1.csv", "q.csv")
    assert [path.name for path in find_files(f"{tmp_path}/p*.csv").paths] == ["p1.csv", "p2.csv"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    write(tmp_path, "a[1]*.csv", "a1x.csv")
    assert [path.name for path in find_files(f"{tmp_path}/a[1]*.csv").paths] == ["a[1]*.csv"]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("", f"the data's path is empty. {SUPPORTED}"),
        ("nope.csv", "the data 'nope.csv' does not exist. Check the path."),
        ("x*.csv", "no file matches the pattern 'x*.csv'. Check the path."),
        ("a.xlsx", f"'a.xlsx' has no known data format. {SUPPORTED}"),
        ("empty", f"the folder 'empty' holds no data file. {SUPPORTED}"),
        ("mixed", "the data 'mixed' holds both CSV and Parquet files. Name one kind: '*.parquet'."),
    ],
)
def test_a_location_that_is_no_table_is_refused(
    location: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "a.xlsx", "mixed/a.csv", "mixed/a.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as caught:
        find_files(location)
    assert str(caught.value) == message


def test_one_file_has_its_own_digest_and_several_the_digest_of_their_listing(tmp_path: Path) -> None:
    write(tmp_path, "x/a.csv", "x/y/b.csv")
    one = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert find_files(f"{tmp_path}/x/a.csv").digest() == one
    listing = f"{one}  a.csv\n{one}  y/b.csv\n"
    assert find_files(f"{tmp_path}/x").digest() == hashlib.sha256(listing.encode()).hexdigest()


def test_the_digest_does_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    write(tmp_path, "x/a.csv", "x/b.csv", "far/away/a.csv", "far/away/b.csv")
    assert find_files(f"{tmp_path}/x").digest() == find_files(f"{tmp_path}/far/away/*.csv").digest()
