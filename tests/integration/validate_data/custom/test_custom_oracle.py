"""Every custom check that counts rows against plain pandas, over generated data with holes, as Parquet and as CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custom_checks import found, store
from mlops_actions.validate_data.custom.kinds import KINDS

PROPERTIES = (
    "{name: id, logicalType: integer}, {name: who, logicalType: string}, {name: x, logicalType: integer}, "
    "{name: y, logicalType: string}, {name: at, logicalType: timestamp}, {name: known, logicalType: timestamp}"
)

TYPES = "{'who': 'VARCHAR', 'y': 'VARCHAR', 'at': 'TIMESTAMP', 'known': 'TIMESTAMP', 'id': 'BIGINT', 'x': 'BIGINT'}"


def make(seed: int, rows: int, begin: str) -> pd.DataFrame:
    random = np.random.default_rng(seed)

    def holes(values: object) -> pd.Series:
        return pd.Series(values, dtype=object).mask(pd.Series(random.random(rows) < 0.1))

    at = pd.Timestamp(begin) + pd.to_timedelta(random.integers(0, 40 * 86400, rows), unit="s")
    known = at + pd.to_timedelta(random.integers(-86400, 20_000, rows), unit="s")
    return pd.DataFrame(
        {
            "id": holes(random.integers(0, 400, rows).tolist()).astype("Int64"),
            "who": holes(random.choice(["ann", "bob", "it's", "é🎉"], rows).tolist()).astype("string"),
            "x": holes(random.integers(0, 4, rows).tolist()).astype("Int64"),
            "y": holes(random.choice(["no", "yes", "may be"][: 2 + seed % 2], rows).tolist()).astype("string"),
            "at": holes(at.tolist()).astype("datetime64[us]"),
            "known": holes(known.tolist()).astype("datetime64[us]"),
        }
    )


def keys(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    return frame[columns].astype(object).where(frame[columns].notna(), None).agg(tuple, axis=1)


def shared(columns: list[str], *, whole: bool) -> Callable[[pd.DataFrame, pd.DataFrame], pd.Series]:
    def count(mine: pd.DataFrame, theirs: pd.DataFrame) -> pd.Series:
        alike = keys(mine, columns).isin(set(keys(theirs, columns)))
        return alike & mine[columns].notna().all(axis=1) if whole else alike

    return count


def conflicting(mine: pd.DataFrame, _: pd.DataFrame) -> pd.Series:
    labels = mine.groupby(["who", "x"], dropna=False)["y"].transform("nunique")
    return (labels > 1) & mine.y.notna()


ORACLE: dict[str, Callable[[pd.DataFrame, pd.DataFrame], pd.Series]] = {
    "duplicates, columns: [who, x, y]": lambda mine, _: mine.duplicated(["who", "x", "y"]),
    "duplicates, ignore: [id, at, known]": lambda mine, _: mine.duplicated(["who", "x", "y"]),
    "identical-rows, columns: [who, x, y]": shared(["who", "x", "y"], whole=False),
    "identical-rows, ignore: [id, at, known]": shared(["who", "x", "y"], whole=False),
    "key-overlap, columns: [id, x]": shared(["id", "x"], whole=True),
    "group-overlap, column: id": shared(["id"], whole=True),
    "time-overlap, column: at": lambda mine, theirs: mine["at"] >= theirs["at"].min(),
    "time-overlap, column: at, gap: 12h": lambda mine, theirs: mine["at"] > theirs["at"].min() - pd.Timedelta(hours=12),
    "known-in-time, prediction: at, features: {x: known}": lambda mine, _: mine.x.notna() & (mine.known > mine["at"]),
    "conflicting-labels, column: y, features: [who, x]": conflicting,
    "unseen-labels, column: y": lambda mine, theirs: mine.y.notna() & ~mine.y.isin(theirs.y.dropna().unique()),
    "expression, holds: 'known <= at'": lambda mine, _: mine.known > mine["at"],
    'expression, holds: \'(x > 1) == (who in ["ann", "it\\\'s"])\''.replace("\\'", "''"): lambda mine, _: (
        (mine.x > 1).ne(mine.who.isin(["ann", "it's"])) & mine.x.notna() & mine.who.notna()
    ),
    "expression, holds: 'id is None or id * 2 - x < 600'": lambda mine, _: mine.id * 2 - mine.x >= 600,
    "expression, holds: 'at.month != 2 or len(who) != 3'": lambda mine, _: (
        (mine["at"].dt.month == 2) & (mine.who.str.len() == 3)
    ),
    "expression, holds: 'at - known < hours(20)'": lambda mine, _: mine["at"] - mine.known >= pd.Timedelta(hours=20),
}
ELSEWHERE = {"drift", "target-drift", "class-balance", "freshness", "volume", "schema", "target-leakage"}
"""Kinds that count no rows; test_kinds and test_drift hold them against their own oracles."""


def test_every_kind_has_an_oracle() -> None:
    assert {check.split(",")[0] for check in ORACLE} | ELSEWHERE == set(KINDS)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
@pytest.mark.parametrize("seed", range(3))
def test_every_check_counts_the_rows_that_pandas_does(seed: int, ending: str, tmp_path: Path) -> None:
    mine, theirs = make(2 * seed + 1, 300, "2024-01-01"), make(2 * seed, 80, "2024-02-01")
    paths = [store(frame, tmp_path / f"{name}.{ending}", TYPES) for name, frame in (("mine", mine), ("theirs", theirs))]
    results = found(list(ORACLE), paths[0], reference=paths[1], holdout=paths[1], properties=PROPERTIES, first=4).checks
    told = {check: (one.failed, one.rows, one.total) for check, one in zip(ORACLE, results, strict=True)}
    places = {check: np.flatnonzero(oracle(mine, theirs).fillna(False)) for check, oracle in ORACLE.items()}
    assert told == {check: (len(rows), rows[:4].tolist(), 300) for check, rows in places.items()}
    assert {one.result for one in results} == {"fail"}
