"""The first lines of CSV files, packed or not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.tables.text_files import read_header


@pytest.mark.parametrize(
    ("name", "content", "names", "delimiter"),
    [
        ("a.csv", b"a,b\n1,2\n", ("a", "b"), ","),
        ("a.csv", b"\xef\xbb\xbfa;b\r\n", ("a", "b"), ";"),
        ("a.tsv", b"a,x\tb\n", ("a,x", "b"), "\t"),
        ("a.csv", b'"a;""x"";",b\n', ('a;"x";', "b"), ","),
        ("a.csv", b'"two\nlines",b\n', ("two\nlines", "b"), ","),
        ("a.csv", b",b\n", ("column0", "b"), ","),
        ("a.csv", "naïve 🎉,b".encode(), ("naïve 🎉", "b"), ","),
    ],
)
def test_a_first_line_names_the_columns(
    tmp_path: Path, name: str, content: bytes, names: tuple[str, ...], delimiter: str
) -> None:
    (tmp_path / name).write_bytes(content)
    header = read_header(tmp_path / name)
    assert (header.names, header.delimiter) == (names, delimiter)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty: its first line must name the columns."),
        (b"a,a\n", "the column 'a' stands twice. Rename one of them."),
        (b"a,A\n", "the column 'A' and 'a' differ only in case. Rename one of them."),
        (b"a,\xe9\n", "not UTF-8 text: invalid continuation byte. Save it as UTF-8."),
    ],
)
def test_a_wrong_first_line_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_header(tmp_path / "a.csv")
    assert str(caught.value) == f"{tmp_path}/a.csv: {message}"


def test_a_truncated_gzip_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n")[:12])
    with pytest.raises(InputError, match="cannot be read"):
        read_header(tmp_path / "a.csv.gz")
