"""SHA-256 of files, folders and many files, as sha256sum would say it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_files, digest_path


def test_a_file_has_the_digest_that_sha256sum_prints(tmp_path: Path) -> None:
    file = tmp_path / "data.parquet"
    file.write_bytes(b"x" * 3_000_000)
    printed = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout
    assert digest_path(file) == printed.split()[0]


def test_a_folder_has_the_digest_of_its_sorted_listing(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two").write_text("2")
    (tmp_path / "a").write_text("1")
    listing = "".join(f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in (("a", b"1"), ("b/two", b"2")))
    assert digest_path(tmp_path) == hashlib.sha256(listing.encode()).hexdigest()


def test_the_order_of_files_does_not_matter_but_their_content_does(tmp_path: Path) -> None:
    files = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for file in files:
        file.write_text(file.name)
    before = digest_files(files, root=tmp_path)
    assert digest_files(files[::-1], root=tmp_path) == before
    files[0].write_text("changed")
    assert digest_files(files, root=tmp_path) != before


def test_a_single_file_of_data_is_named_by_its_own_digest(tmp_path: Path) -> None:
    file = tmp_path / "1.parquet"
    file.write_text("rows")
    assert digest_files([file]) == digest_path(file)


def test_what_is_missing_or_empty_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="model.joblib' does not exist. Check the path"):
        digest_path(tmp_path / "model.joblib")
    with pytest.raises(InputError, match="holds no file"):
        digest_path(tmp_path)
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        digest_path("a" * 300)
