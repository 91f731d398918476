"""A folder's archive: the same for the same files, read back only whole, and never written outside its folder."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.folder_archive import Packing, digest_archive, unpack


def folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(f"content of {name}")
    return path


def packed(path: Path) -> bytes:
    return b"".join(Packing(path).blocks())


def archive_of(member: tarfile.TarInfo, content: bytes = b"") -> list[bytes]:
    member.size = len(content)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return [stream.getvalue()]


def test_the_same_files_make_the_same_archive_whatever_their_order_age_and_rights(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "a", "b/c", "b.d")
    two = folder(tmp_path / "two", "b.d", "b/c", "a")
    (two / "a").chmod(0o700)
    os.utime(two / "a", (1, 1))
    assert packed(one) == packed(two)
    assert Packing(one).size == len(packed(one))


def test_its_digest_is_the_folders_and_it_unpacks_to_the_folder(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "MLmodel", "data/model.joblib", "data/" + "x" * 200)
    content = packed(one)
    pieces = [content[start : start + 700] for start in range(0, len(content), 700)]
    assert digest_archive(pieces) == digest_path(one)
    unpack(pieces, tmp_path / "two")
    assert digest_path(tmp_path / "two") == digest_path(one)


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutsideError, match="no file of it"):
        unpack(archive_of(tarfile.TarInfo(name), b"x"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(OutsideError, match="'link', which is no file of it"):
        digest_archive(archive_of(link))


@pytest.mark.parametrize("length", [0, 100, 700, 1100])
def test_half_an_archive_is_never_the_folder(tmp_path: Path, length: int) -> None:
    one = folder(tmp_path / "one", "a", "b")
    try:
        found = digest_archive([packed(one)[:length]])
    except OutsideError as error:
        assert "the archive of a model's folder is damaged" in str(error)
    else:
        assert found != digest_path(one)


def test_a_file_that_grows_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", "a")
    blocks = Packing(one).blocks()
    next(blocks)
    (one / "a").write_text("more than there was before")
    with pytest.raises(InputError, match="changed while it was read"):
        list(blocks)


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no file"):
        Packing(tmp_path)
