"""Frames of pandas, and of whatever hands over Arrow's streams, checked as files are; tests/spark has polars."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from mlops_actions.errors import InputError
from mlops_actions.tables import open_frame
from mlops_actions.validate_data.frames import validate

from .test_oracle import CONTRACT, ORACLE, make_frame


class Streamed:
    """What polars, pyarrow and others have in common."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        connection = duckdb.connect()
        connection.register("frame", self.frame)
        return connection.table("frame").__arrow_c_stream__(requested_schema)


@pytest.fixture
def contract(tmp_path: Path) -> str:
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT)
    return str(path)


@pytest.mark.parametrize("as_frame", [lambda frame: frame, Streamed], ids=["pandas", "arrow"])
def test_every_check_of_a_frame_agrees_with_pandas(as_frame: Callable[[pd.DataFrame], object], contract: str) -> None:
    frame = make_frame(3)
    report = validate(as_frame(frame), contract, failing_rows=4)
    found = {check.id: check for check in report.checks}
    for id_, oracle in ORACLE.items():
        rows = np.flatnonzero(oracle(frame).fillna(False))
        assert (found[id_].failed, found[id_].rows) == (len(rows), rows[:4].tolist()), id_
    assert (report.result, report.rows) == ("fail", len(frame))
    material = report.materials[0]
    assert (material.name, material.uri, material.kind) == ("data", "data", "rows+content")


@pytest.mark.parametrize("as_frame", [lambda frame: frame, Streamed], ids=["pandas", "arrow"])
def test_sql_is_run_on_frames_too(as_frame: Callable[[pd.DataFrame], object], tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    rule = "{type: sql, query: 'SELECT sum(a) FROM {object}', mustBe: 6}"
    head = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    properties:\n"
    path.write_text(f"{head}      - {{name: a, quality: [{rule}]}}\n")
    report = validate(as_frame(pd.DataFrame({"a": [1, 2, 3]})), str(path))
    assert [one.message for one in report.checks if one.check == "sql"] == ["the query gives 6; it must be 6."]


def test_a_frame_is_held_against_another(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    quality:\n"
        "      - {type: custom, engine: mlops-actions, implementation: {check: drift, columns: [age], max: 0.1}}\n"
        "    properties: [{name: age, logicalType: number}]\n"
    )
    random = np.random.default_rng(1)
    then, now = (pd.DataFrame({"age": random.normal(mean, 1, 2000)}) for mean in (0, 1))
    assert validate(now, str(path), reference=then).result == "fail"
    assert validate(then, str(path), reference=then).result == "pass"


def test_the_order_of_rows_does_not_tell_frames_apart() -> None:
    frame = pd.DataFrame({"a": [1, 2, 2]})
    first, turned, less = (open_frame(one).material("data") for one in (frame, frame[::-1], frame[:2]))
    assert first == turned
    assert first.digest["sha256"] != less.digest["sha256"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ([1, 2], "data: list is no data frame. Give one of pandas or polars."),
        (pd.DataFrame({0: [1]}), "data: the column 0 has no text for a name. Rename it."),
        (pd.DataFrame({"a": [1], "A": [2]}), "data: the column 'A' and 'a' differ only in case. Rename one of them."),
        (pd.DataFrame({"": [1]}), "data: the name of column 1 is empty. Give it a name."),
    ],
)
def test_what_is_no_table_is_refused(frame: object, message: str, contract: str) -> None:
    with pytest.raises(InputError) as caught:
        validate(frame, contract)
    assert str(caught.value) == message


def test_a_frame_without_rows_is_refused(contract: str) -> None:
    with pytest.raises(InputError, match="the data 'data' holds no rows"):
        validate(make_frame(1)[:0], contract)
