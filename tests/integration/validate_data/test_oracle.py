"""Every check against plain pandas, over generated data with missing, wrong and repeated values, in both formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import open_table
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.plan import judge, make_plan
from mlops_actions.yaml_source import parse_yaml

FIRST = 4
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
schema:
  - name: t
    quality:
      - {metric: duplicateValues, arguments: {properties: [word, whole]}, mustBe: 0}
    properties:
      - name: whole
        logicalType: integer
        required: true
        unique: true
        logicalTypeOptions: {minimum: -50, exclusiveMaximum: 80, multipleOf: 3}
      - name: real
        logicalType: number
        required: true
        logicalTypeOptions: {exclusiveMinimum: -1.5, maximum: 2}
      - name: word
        logicalType: string
        unique: true
        logicalTypeOptions: {minLength: 2, maxLength: 4, pattern: '^[a-cé]+$'}
        enum: [{value: ab}, {value: é🎉}, {value: "it's"}]
        quality:
          - {metric: missingValues, arguments: {missingValues: [null, ab]}, mustBe: 0}
          - {metric: invalidValues, arguments: {pattern: 'b'}, mustBe: 0}
      - {name: day, logicalType: date, logicalTypeOptions: {minimum: 2024-01-10, maximum: 2024-02-10}}
      - {name: moment, logicalType: timestamp, logicalTypeOptions: {exclusiveMaximum: '2024-02-01T00:00:00'}}
      - {name: flag, logicalType: boolean, required: true, enum: [{value: true}]}
"""


def make_frame(seed: int, rows: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(seed)

    def holes(values: object) -> pd.Series:
        return pd.Series(values, dtype=object).mask(pd.Series(random.random(rows) < 0.1))

    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 50, rows), unit="D")
    seconds = pd.to_timedelta(random.integers(0, 4_000_000, rows), unit="s")
    words = random.choice(["ab", "é🎉", "it's", "a", "abcab", "cab", "bé", "x y"], rows)
    return pd.DataFrame(
        {
            "whole": holes(random.integers(-90, 120, rows).tolist()).astype("Int64"),
            "real": holes(random.normal(0, 2, rows).tolist()).astype("float64"),
            "word": holes(words.tolist()).astype("string"),
            "day": holes(days.tolist()).astype("datetime64[us]"),
            "moment": holes((pd.Timestamp("2024-01-01") + seconds).tolist()).astype("datetime64[us]"),
            "flag": holes(random.choice([True, False], rows).tolist()).astype("boolean"),
        }
    )


def repeats(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    return frame[columns].notna().all(axis=1) & frame.duplicated(columns)


ORACLE: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "t.whole.required": lambda f: f.whole.isna(),
    "t.whole.unique": lambda f: repeats(f, ["whole"]),
    "t.whole.minimum": lambda f: f.whole < -50,
    "t.whole.exclusiveMaximum": lambda f: f.whole >= 80,
    "t.whole.multipleOf": lambda f: f.whole % 3 != 0,
    "t.real.required": lambda f: f.real.isna(),
    "t.real.exclusiveMinimum": lambda f: f.real <= -1.5,
    "t.real.maximum": lambda f: f.real > 2,
    "t.word.unique": lambda f: repeats(f, ["word"]),
    "t.word.minLength": lambda f: f.word.str.len() < 2,
    "t.word.maxLength": lambda f: f.word.str.len() > 4,
    "t.word.pattern": lambda f: ~f.word.str.contains("^[a-cé]+$"),
    "t.word.enum": lambda f: f.word.notna() & ~f.word.isin(["ab", "é🎉", "it's"]),
    "t.word.quality[0].missingValues": lambda f: f.word.isna() | (f.word == "ab"),
    "t.word.quality[1].invalidValues": lambda f: ~f.word.str.contains("b"),
    "t.day.minimum": lambda f: f.day < "2024-01-10",
    "t.day.maximum": lambda f: f.day > "2024-02-10",
    "t.moment.exclusiveMaximum": lambda f: f.moment >= "2024-02-01",
    "t.flag.required": lambda f: f.flag.isna(),
    "t.flag.enum": lambda f: ~f.flag,
    "t.quality[0].duplicateValues": lambda f: repeats(f, ["word", "whole"]),
}


def write(frame: pd.DataFrame, folder: Path, kind: str) -> str:
    path = folder / f"a.{kind}"
    if kind == "parquet":
        connection = duckdb.connect()
        frame.to_csv(folder / "text.csv", index=False)
        types = {"whole": "BIGINT", "real": "DOUBLE", "word": "VARCHAR", "day": "DATE", "moment": "TIMESTAMP"}
        connection.execute(
            f"COPY (FROM read_csv('{folder}/text.csv', types = {types | {'flag': 'BOOLEAN'}})) TO '{path}'"
        )
    else:
        frame.to_csv(path, index=False)
    return str(path)


def validate(path: str, contract: str = CONTRACT) -> list[CheckResult]:
    table = open_table(path)
    plan = make_plan(parse_contract(parse_yaml(contract.encode(), "c.yaml", "contract")), table.stored, FIRST)
    return judge(plan, table.scan(plan.scan))


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz"])
@pytest.mark.parametrize("seed", range(4))
def test_every_check_agrees_with_pandas(seed: int, kind: str, tmp_path: Path) -> None:
    frame = make_frame(seed)
    found = {check.id: check for check in validate(write(frame, tmp_path, kind))}
    expected = {id_: np.flatnonzero(oracle(frame).fillna(False)) for id_, oracle in ORACLE.items()}
    assert {id_: found[id_].failed for id_ in ORACLE} == {id_: len(rows) for id_, rows in expected.items()}
    assert {id_: found[id_].rows for id_ in ORACLE} == {id_: rows[:FIRST].tolist() for id_, rows in expected.items()}
    assert {found[id_].result for id_ in ORACLE} == {"fail"}
    others = {id_: check for id_, check in found.items() if id_ not in ORACLE}
    assert {check.check for check in others.values()} == {"type"}
    assert {(check.failed, check.result) for check in others.values()} == {(0, "pass")}


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_rows_that_keep_every_rule_pass(kind: str, tmp_path: Path) -> None:
    frame = make_frame(5)
    for id_, oracle in ORACLE.items():
        if "duplicate" not in id_ and "unique" not in id_ and "missing" not in id_ and "word" not in id_:
            frame = frame[~oracle(frame).fillna(False)]
    frame = frame[:1].assign(word="é🎉", whole=3)
    wanted = CONTRACT.replace("pattern: '^[a-cé]+$'", "pattern: é").replace("pattern: 'b'", "pattern: é")
    assert {check.result for check in validate(write(frame, tmp_path, kind), wanted)} == {"pass"}


def test_cells_of_the_wrong_type_are_counted_once_and_break_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "whole,real,word,day,moment,flag\n3,x,ab,2024-13-01,2024-01-31,true\nq,1,ab,,,maybe\n"
    )
    found = {check.id: (check.failed, check.rows) for check in validate(str(tmp_path / "a.csv")) if check.failed}
    assert found == {
        "t.whole.type": (1, [1]),
        "t.real.type": (1, [0]),
        "t.day.type": (1, [0]),
        "t.flag.type": (1, [1]),
        "t.word.unique": (1, [1]),
        "t.word.quality[0].missingValues": (2, [0, 1]),
    }
