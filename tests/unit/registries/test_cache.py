"""The cache holds whole, verified copies, or nothing."""

from __future__ import annotations

import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.registries import Blob
from mlops_actions.registries.cache import cached

BLOB = Blob(digest_bytes(b"model"), ".joblib", 5)


def test_a_copy_is_downloaded_once(tmp_path: Path) -> None:
    downloads: list[int] = []

    def download() -> list[bytes]:
        downloads.append(1)
        return [b"mod", b"el"]

    path = cached(BLOB, download, tmp_path)
    assert (path.name, path.read_bytes()) == (f"{BLOB.sha256}.joblib", b"model")
    assert cached(BLOB, download, tmp_path) == path
    assert downloads == [1]


def test_a_download_that_breaks_off_or_is_wrong_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"mod"
        raise OutsideError("the network went away.")

    with pytest.raises(OutsideError, match="the network went away"):
        cached(BLOB, broken, tmp_path)
    with pytest.raises(OutsideError) as caught:
        cached(BLOB, lambda: [b"not it"], tmp_path)
    assert str(caught.value) == (
        f"the registry's model {BLOB.sha256} is damaged: its bytes have another SHA-256. "
        "Promote the original file again to repair it."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutsideError) as caught:
        cached(BLOB, lambda: [b"model"], tmp_path / "cache")
    assert str(caught.value) == f"the cache {str(tmp_path / 'cache')!r} cannot be used: File exists."


def test_without_a_home_it_is_said_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> object:
        raise KeyError("uid not found")

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(OutsideError, match="no home folder to keep a copy .* Set HOME to a folder"):
        cached(BLOB, lambda: [b"model"])
