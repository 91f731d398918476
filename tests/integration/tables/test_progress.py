"""A scan that takes long says how far it is, and one that does not says nothing."""

from __future__ import annotations

import logging
import re
import threading
from pathlib import Path

import duckdb
import narwhals as nw
import pytest

from mlops_actions.tables import Scan, open_table, progress


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == progress.__name__]


def test_it_says_how_much_is_done(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    duckdb.sql(f"COPY (SELECT i, hash(i)::VARCHAR AS s FROM range(1000000) t(i)) TO '{tmp_path}/a.parquet'")
    monkeypatch.setattr(progress, "SECONDS", 0.02)
    location = f"{tmp_path}/a.parquet"
    found = open_table(location).scan(Scan(keys={"s": ("s",)}, flags={"odd": nw.col("i") % 2 == 1}))
    assert found.flags["odd"].count == 500_000
    told = lines(caplog)
    assert all(
        re.fullmatch(rf"Reading {re.escape(location)}: \d+ s(, about \d+% of this pass)?\.", one) for one in told
    )
    shares = [int(share) for one in told for share in re.findall(r"(\d+)%", one)]
    assert 0 < max(shares) <= 100


def test_a_short_scan_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "a.csv").write_text("a\n1\n")
    open_table(f"{tmp_path}/a.csv").scan(Scan())
    assert lines(caplog) == []


def test_an_engine_that_cannot_say_how_far_it_is_ends_the_telling_and_nothing_else(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(progress, "SECONDS", 0.001)
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    asked = threading.Semaphore(0)

    def share() -> float:
        asked.release()
        raise duckdb.ConnectionException("Connection already closed!")

    with progress.telling("a.csv", share):
        assert asked.acquire(timeout=30)
    assert not asked.acquire(blocking=False)
    assert raised == []
    assert lines(caplog) == []
