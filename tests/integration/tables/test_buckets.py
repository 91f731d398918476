"""Data in a bucket of a real S3 server: objects, folders, patterns, credentials, and what is too large to be copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import narwhals as nw
import obstore
import pytest
from obstore.store import S3Store, from_url

from mlflow_site import BUCKET, s3_environment
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.tables import Scan, Tally, gathering, open_table
from s3_site import missing, s3_site

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"needs {missing()}")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_site(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(autouse=True)
def bucket(address: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    for name, value in s3_environment(address).items():
        monkeypatch.setenv(name, value)
    store = from_url(f"s3://{BUCKET}")
    assert isinstance(store, S3Store)
    return store


def put(bucket: S3Store, key: str, select: str, folder: Path) -> Path:
    """The same rows in the bucket and on the disk."""
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(f"COPY ({select}) TO '{path}'")
    obstore.put(bucket, key, path)
    return path


def test_an_object_is_the_table_that_the_file_is(bucket: S3Store, tmp_path: Path) -> None:
    path = put(bucket, "one/a.parquet", "SELECT i FROM range(9) AS numbers(i)", tmp_path)
    remote, local = open_table(f"s3://{BUCKET}/one/a.parquet"), open_table(str(path))
    assert remote.arrays(["i"])["i"].values.tolist() == list(range(9))
    material = remote.material("data")
    assert (material.digest, material.kind) == (local.material("data").digest, "sha256")
    assert material.uri == f"s3://{BUCKET}/one/a.parquet"


@pytest.mark.parametrize("location", ["parts", "parts/", "parts/year=*/*.csv", "parts/**/*.csv"])
def test_a_folder_or_a_pattern_is_one_table_with_its_partitions(location: str, bucket: S3Store, tmp_path: Path) -> None:
    for year in (2023, 2024):
        put(bucket, f"parts/year={year}/a.csv", f"SELECT {year} + i AS i FROM range(3) AS numbers(i)", tmp_path)
    obstore.put(bucket, "parts/_SUCCESS", b"")
    table = open_table(f"s3://{BUCKET}/{location}")
    found = table.scan(Scan(types=table.columns, flags={"late": nw.col("year") > 2023}, first=9))
    assert (found.rows, found.flags["late"]) == (6, Tally(3, (3, 4, 5)))
    assert table.material("data").digest == open_table(f"{tmp_path}/parts").material("data").digest


def test_parquet_that_is_too_large_to_copy_is_read_in_ranges(
    bucket: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST_FETCHED", 1000)
    for part in (1, 2):
        put(bucket, f"large/part={part}/a.parquet", f"SELECT {part} * i AS i FROM range(9000) AS n(i)", tmp_path)
    table = open_table(f"s3://{BUCKET}/large")
    found = table.scan(Scan(flags={"bad": nw.col("i") == 10}, keys={"once": ("i",)}, first=9))
    assert (found.rows, found.flags["bad"], found.keys["once"].count) == (18_000, Tally(2, (10, 9005)), 4500)
    assert table.columns == {"i": "integer", "part": "integer"}
    material = table.material("data")
    assert (material.kind, list(material.digest)) == ("etag+size", ["sha256"])
    put(bucket, "large/part=2/a.parquet", "SELECT 7::BIGINT AS i FROM range(9000)", tmp_path)
    assert open_table(f"s3://{BUCKET}/large").material("data").digest != material.digest


def test_a_damaged_object_is_named_as_the_user_does(bucket: S3Store) -> None:
    obstore.put(bucket, "bad/a.csv", b"a,b\n1,2\n3\n")
    with pytest.raises(InputError) as caught:
        open_table(f"s3://{BUCKET}/bad/a.csv").scan(Scan())
    assert str(caught.value) == (
        f"s3://{BUCKET}/bad/a.csv:3: the row has 1 cell, but the first line names 2 columns. "
        "Quote cells that hold the delimiter."
    )


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (f"s3://{BUCKET}/none.csv", f"the data 's3://{BUCKET}/none.csv' does not exist. Check the path."),
        (f"s3://{BUCKET}/none*.csv", f"no object matches the pattern 's3://{BUCKET}/none*.csv'. Check the path."),
        (f"s3://{BUCKET}/notes", f"the data 's3://{BUCKET}/notes' holds no data file. Supported: .parquet, .pq, "),
        ("s3://no-such-bucket/a.csv", "the data 's3://no-such-bucket/a.csv' does not exist. Check the"),
        ("s3:///a.csv", "the data 's3:///a.csv' names no bucket. Write s3://bucket/path."),
    ],
)
def test_what_is_not_there_is_refused(location: str, message: str, bucket: S3Store) -> None:
    obstore.put(bucket, "notes/readme.md", b"x")
    with pytest.raises(InputError) as caught:
        open_table(location)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_missing_credentials_are_said_at_once(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT", "AWS_ALLOW_HTTP", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(InputError) as caught:
        open_table(f"{scheme}://somewhere/a.csv")
    assert str(caught.value).startswith(f"no credentials for {scheme}://somewhere/ were found. Set ")


def test_a_server_that_does_not_answer_is_the_outside_worlds_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(OutsideError, match="the data 's3://models/a.csv' cannot be read: .*Run it again"):
        open_table("s3://models/a.csv")
