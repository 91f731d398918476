"""Rows that have their like, against plain pandas; null equals null, and stored types do not matter."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from mlops_actions.tables import LogicalType, Match, Table, open_table

TYPES: dict[str, LogicalType] = {"a": "integer", "b": "string", "c": "number", "y": "string"}


def make(seed: int, rows: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)

    def holes(values: np.ndarray) -> pd.Series:
        return pd.Series(values.tolist(), dtype=object).mask(pd.Series(random.random(rows) < 0.15))

    return pd.DataFrame(
        {
            "a": holes(random.integers(0, 9, rows)).astype("Int64"),
            "b": holes(random.choice(["x", "it's", "é"], rows)).astype("string"),
            "c": holes(random.integers(0, 3, rows) / 2).astype("float64"),
            "y": holes(random.choice(["no", "yes"], rows, p=[0.8, 0.2])).astype("string"),
        }
    )


def store(frame: pd.DataFrame, path: Path, types: str = "{'a': 'BIGINT', 'c': 'DOUBLE'}") -> Table:
    text = path.with_suffix(".csv")
    frame.to_csv(text, index=False)
    if path.suffix == ".parquet":
        duckdb.connect().execute(f"COPY (FROM read_csv('{text}', types = {types})) TO '{path}'")
    return open_table(str(path))


def told(table: Table, columns: str, **more: object) -> tuple[int, list[int]]:
    found = table.match(Match(tuple(columns), TYPES, first=5, **more))  # type: ignore[arg-type]
    return found.count, list(found.rows)


def keys(frame: pd.DataFrame, names: list[str]) -> pd.Series:
    return frame[names].astype(object).where(frame[names].notna(), None).agg(tuple, axis=1)


def expected(rows: pd.Series) -> tuple[int, list[int]]:
    places = np.flatnonzero(rows)
    return len(places), places[:5].tolist()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("columns", ["abc", "ab", "c"])
def test_repeated_and_shared_rows_are_those_that_pandas_finds(columns: str, ending: str, tmp_path: Path) -> None:
    mine, theirs = make(1, 400), make(2, 60)
    table, other = store(mine, tmp_path / f"mine.{ending}"), store(theirs, tmp_path / f"theirs.{ending}")
    names = list(columns)
    assert told(table, columns) == expected(mine.duplicated(names))
    shared = keys(mine, names).isin(set(keys(theirs, names)))
    assert told(table, columns, other=other) == expected(shared)
    filled = mine[names].notna().all(axis=1)
    assert told(table, columns, complete=True) == expected(mine.duplicated(names) & filled)
    assert told(table, columns, complete=True, other=other) == expected(shared & filled)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_conflicting_rows_are_those_that_pandas_finds(ending: str, tmp_path: Path) -> None:
    mine = make(3, 200)
    labels = mine.groupby(["a", "b", "c"], dropna=False)["y"].transform("nunique")
    table = store(mine, tmp_path / f"mine.{ending}")
    assert told(table, "abc", unlike="y") == expected((labels > 1) & mine.y.notna())
    assert 0 < told(table, "abc", unlike="y")[0] < 200


def test_values_are_alike_however_they_are_stored(tmp_path: Path) -> None:
    frame = make(4, 50)
    small = store(frame, tmp_path / "small.parquet", "{'a': 'TINYINT', 'c': 'DECIMAL(4, 1)'}")
    text = store(frame, tmp_path / "text.csv")
    assert told(small, "abc", other=text)[0] == told(text, "abc", other=small)[0] == 50


def test_rows_of_many_files_are_numbered_over_all(tmp_path: Path) -> None:
    for name, values in (("1", "1, 2"), ("2", "3, 1")):
        duckdb.connect().execute(f"COPY (SELECT unnest([{values}]) AS a) TO '{tmp_path}/{name}.parquet'")
    assert told(open_table(f"{tmp_path}/*.parquet"), "a") == (1, [3])


def test_without_a_like_nothing_is_found(tmp_path: Path) -> None:
    table = store(pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1], "y": ["no", "yes"]}), tmp_path / "a.csv")
    assert told(table, "abc") == told(table, "abc", unlike="y") == (0, [])
