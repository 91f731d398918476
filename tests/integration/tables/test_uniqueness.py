"""Exact uniqueness, however the values are told apart, and what it costs in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from mlops_actions.tables import Scan, Tally, open_frame, open_table
from mlops_actions.tables.duckdb import connection, first_rows, uniqueness

ROWS = 3_000


def rows() -> pd.DataFrame:
    generator = np.random.default_rng(46)
    close = generator.integers(-ROWS, ROWS, ROWS)
    frame = pd.DataFrame({
        "close": close,
        "far": close * 10**15,
        "small": (close % 200 - 100).astype("int8"),
        "unsigned": (close + ROWS).astype("uint32"),
        "real": np.where(close % 7 == 0, np.nan, close / 3),
        "word": [None if one % 5 == 0 else f"w{one}" for one in close.tolist()],
        "day": pd.Timestamp("2024-01-31") + pd.to_timedelta(close, unit="D"),
        "gaps": pd.array(close, dtype="Int64"),
        "once": generator.permutation(ROWS),
        "sign": np.where(close % 2 == 0, 0.0, -0.0),
    })  # fmt: skip
    frame.loc[::9, "gaps"] = pd.NA
    return frame


KEYS = [*((name,) for name in rows()), ("far", "word"), ("close", "gaps", "real"), ("once", "word")]


@pytest.mark.parametrize(("looked_at", "rows_at_first"), [(1 << 14, 1 << 20), (32, 40)])
@pytest.mark.parametrize("key", KEYS, ids="-".join)
def test_rows_that_repeat_an_earlier_one_are_those_that_pandas_finds(
    key: tuple[str, ...], looked_at: int, rows_at_first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uniqueness, "_LOOKED_AT", looked_at)
    monkeypatch.setattr(first_rows, "_ROWS_AT_FIRST", rows_at_first)
    frame = rows()
    complete = frame.dropna(subset=list(key))
    repeated = complete.index[complete.duplicated(list(key))].tolist()
    found = open_frame(frame).scan(Scan(keys={"key": key}, first=4)).keys["key"]
    assert found == Tally(len(repeated), tuple(repeated[:4]))


@pytest.mark.parametrize("offset", [-(2**63), -5, 2**31, 2**63 - 20_001])
@pytest.mark.parametrize("apart", [0, -(2**40), 2**40])
def test_ids_are_told_apart_wherever_they_begin_and_however_far_a_later_one_lies(offset: int, apart: int) -> None:
    ids = np.arange(20_000) + offset
    ids[-1] = ids[7]
    ids[-2] = np.clip(int(offset) + apart, -(2**63), 2**63 - 1) if apart else ids[-2]
    repeated = [row for row in (19_998, 19_999) if ids[row] in ids[:row]]
    found = open_frame(pd.DataFrame({"id": ids})).scan(Scan(keys={"id": ("id",)}, first=9)).keys["id"]
    assert found == Tally(len(repeated), tuple(repeated))


def test_ids_are_counted_in_the_same_pass_as_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uniqueness, "spilling_early", lambda *_: pytest.fail("hashes were asked for"))
    frame = pd.DataFrame({"id": np.random.default_rng(46).permutation(50_000) + 10**12})
    assert open_frame(frame).scan(Scan(keys={"id": ("id",)})).keys["id"] == Tally(0)


def test_what_only_the_last_of_many_rows_repeats_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.sql(f"COPY (SELECT least(i, 1_199_998) AS i FROM range(1_200_000) AS t(i)) TO '{path}'")
    assert open_table(str(path)).scan(Scan(keys={"i": ("i",)}, first=3)).keys["i"] == Tally(1, (1_199_999,))


def test_where_little_memory_is_too_little_all_of_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_EARLY", 1)
    monkeypatch.setattr(connection, "_EARLY_OF_A_THREAD", 1)
    frame = pd.DataFrame({"word": [f"{'long ' * 20}{row % 90_000}" for row in range(100_000)]})
    assert open_frame(frame).scan(Scan(keys={"k": ("word",)}, first=1)).keys["k"] == Tally(10_000, (90_000,))


MEASURED = """
import resource, sys
from mlops_actions.tables import Scan, open_table
table = open_table(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = table.scan(Scan(keys={"key": tuple(sys.argv[2:])})).keys["key"].count
print(found, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.parametrize(("key", "most_megabytes"), [(["i"], 100), (["i", "word"], 350)])
def test_memory_keeps_far_below_what_all_values_take(key: list[str], most_megabytes: int, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    words = "'some address of more than twelve characters ' || i"
    duckdb.sql(f"COPY (SELECT i, {words} AS word FROM range(4_000_000) AS t(i)) TO '{path}'")
    done = subprocess.run([sys.executable, "-c", MEASURED, str(path), *key], capture_output=True, text=True, check=True)
    found, megabytes = map(int, done.stdout.split())
    assert found == 0
    assert megabytes <= most_megabytes
