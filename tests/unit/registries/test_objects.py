"""Objects are whole or not there, and made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.registries.objects import Objects


def test_an_object_is_made_once(objects: Objects) -> None:
    assert objects.create("log/1.json", b"first")
    assert not objects.create("log/1.json", b"second")
    assert objects.read("log/1.json") == b"first"


def test_an_object_can_be_replaced_where_that_is_asked_for(objects: Objects) -> None:
    objects.replace("head", b"1\n")
    objects.replace("head", b"2\n")
    assert objects.read("head") == b"2\n"


@pytest.mark.parametrize("content", [b"", b"a", b"b" * 20_000_000])
def test_an_upload_in_parts_is_read_back(objects: Objects, content: bytes) -> None:
    parts = (content[start : start + 7_000_000] for start in range(0, len(content), 7_000_000))
    objects.upload("blob", parts)
    assert objects.size("blob") == len(content)
    assert objects.read("blob") == content


@pytest.mark.parametrize(("size", "part"), [(0, 5 << 20), (40_000_000_000, 5 << 20), (900_000_000_000, 100_000_000)])
def test_a_huge_upload_has_larger_parts_and_never_more_than_a_bucket_takes(
    monkeypatch: pytest.MonkeyPatch, size: int, part: int
) -> None:
    chosen = []
    monkeypatch.setattr("obstore.put", lambda *_, chunk_size: chosen.append(chunk_size))
    bucket = Objects("s3://bucket")
    bucket.__dict__["_store"] = MemoryStore()
    bucket.upload("blob", [b"1"], size)
    assert chosen == [part]
    assert size / part <= 10_000


def test_an_upload_that_breaks_off_leaves_nothing(objects: Objects) -> None:
    def parts() -> Iterator[bytes]:
        yield b"x" * 12_000_000
        raise InputError("the file changed.")

    with pytest.raises(InputError, match="the file changed"):
        objects.upload("blob", parts())
    assert objects.size("blob") is None
    assert objects.keys("") == []


def test_what_is_not_there_is_none(objects: Objects) -> None:
    assert objects.read("none") is None
    assert objects.size("none") is None
    objects.create("there", b"")
    assert objects.read("none") is None
    assert objects.size("none") is None


def test_keys_and_folders_are_listed_by_whole_names(objects: Objects) -> None:
    for key in ["models/a/head", "models/a/log/1.json", "models/ab/head"]:
        objects.create(key, b"")
    assert objects.keys("models/a") == ["models/a/head", "models/a/log/1.json"]
    assert objects.folders("models") == ["a", "ab"]


def test_a_stray_part_of_a_killed_writer_is_neither_listed_nor_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log/1.json#1").write_bytes(b"ha")
    objects = Objects(f"file:{tmp_path}")
    assert objects.keys("log") == []
    assert objects.create("log/1.json", b"whole")
    assert objects.read("log/1.json") == b"whole"


def test_a_disk_that_refuses_is_named_with_the_systems_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("registry").mkdir()
    Path("registry/log").write_text("a file where a folder must be")
    with pytest.raises(OutsideError) as caught:
        Objects("file:registry").create("log/1.json", b"")
    assert str(caught.value) == (
        "the registry 'file:registry' cannot be written: Not a directory. "
        "Check that it is there, your rights and the free space, then run it again."
    )
