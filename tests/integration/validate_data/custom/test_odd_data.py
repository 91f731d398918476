"""Data at the edges: every check gives a result for it or refuses it in a sentence, and none of nothing is a pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from custom_checks import found, write
from mlops_actions.errors import InputError

ODD = "we\"ird .é🎉's; DROP"
NAME = json.dumps(ODD, ensure_ascii=False).replace("'", "''")
COLUMN = '"' + ODD.replace('"', '""') + '"'
MOMENT = "TIMESTAMP '2024-01-01'"
DATA = {
    "nothing": "NULL::INT AS a, NULL::VARCHAR AS b, NULL::TIMESTAMP AS t, NULL::DOUBLE AS odd",
    "not a number": f"'nan'::DOUBLE AS a, 'x' AS b, {MOMENT} AS t, 'inf'::DOUBLE AS odd",
    "infinite": f"CASE i % 3 WHEN 0 THEN 'inf'::DOUBLE WHEN 1 THEN '-inf'::DOUBLE ELSE i END AS a, 'x' || i AS b, "
    f"{MOMENT} + to_days(i::INT) AS t, i AS odd",
    "large": "(9223372036854775807 - i)::BIGINT AS a, repeat('x', i::INT * 10) AS b, "
    "TIMESTAMP '9999-01-01' + to_days(i::INT) AS t, i::UBIGINT + 18446744073709550000 AS odd",
    "never": "i AS a, 'x' AS b, CASE WHEN i % 2 = 0 THEN 'infinity'::TIMESTAMP ELSE '-infinity'::TIMESTAMP END AS t, "
    "i % 2 = 0 AS odd",
    "other types": "i::DECIMAL(10, 2) AS a, i % 2 = 0 AS b, DATE '2024-01-01' + i::INT AS t, TIME '12:00' AS odd",
}
CHECKS = [
    "drift, columns: [a], max: 0.1",
    "drift, columns: [t, b], max: 0.1, method: chi-square",
    f"drift, columns: ['{NAME[1:-1]}'], max: 0.1, of: missing".replace('\\"', '"'),
    "drift, columns: [a], max: 0.1, method: wasserstein",
    "drift, columns: [a], max: 0.1, season: t.month",
    "drift, columns: [a], max: 0.1, season: b",
    "drift, max: 0.1, share: 0.5",
    "target-drift, column: a, max: 0.1",
    "identical-rows",
    "duplicates",
    "group-overlap, column: a",
    "time-overlap, column: t, gap: 3d",
    "target-leakage, column: a",
    "target-leakage, column: b",
    "target-leakage, column: t",
    "known-in-time, prediction: t, features: {a: t}",
    "class-balance, column: b, min: 0.1",
    "class-balance, column: t, max: 0.9",
    "unseen-labels, column: a",
    "unseen-labels, column: t",
    "conflicting-labels, column: b",
    "freshness, column: t, max: 1d",
    "volume, min: 0.5, against: reference",
    "schema",
    f"expression, holds: 'column({NAME}) is not None'",
    "expression, holds: 'a * a >= 0 and (a % 3 == 0 or a / 0 > 1)'",
]


def make(folder: Path, name: str, rows: int = 300) -> str:
    columns = DATA[name].replace(" AS odd", f" AS {COLUMN}")
    return write(folder, f"{name}.parquet", f"SELECT {columns} FROM range({rows}) t(i)")


@pytest.mark.parametrize("name", DATA)
def test_every_check_has_a_result(name: str, tmp_path: Path) -> None:
    data = make(tmp_path, name)
    told = found(CHECKS, data, reference=data, holdout=data)
    asked = {place for place, check in enumerate(CHECKS) if "drift" not in check}
    assert asked <= {int(one.id.split("[")[1].split("]")[0]) for one in told.checks}
    assert len(told.drift) == 8
    assert all(check.message for check in told.checks)
    assert all(drift.message for drift in told.drift)


@pytest.mark.parametrize(("name", "other"), [("nothing", "infinite"), ("other types", "large"), ("never", "nothing")])
def test_unlike_sides_have_a_result_too(name: str, other: str, tmp_path: Path) -> None:
    told = found(CHECKS, make(tmp_path, name), reference=make(tmp_path, other), holdout=make(tmp_path, other))
    assert {one.result for one in told.drift} <= {"fail", "not-checked", "pass"}
    assert any(check.result == "fail" for check in told.checks)


def test_of_nothing_no_drift_is_shown_to_be_small(tmp_path: Path) -> None:
    data = make(tmp_path, "nothing")
    told = found(["drift, columns: [a], max: 0.1, method: wasserstein", "drift, max: 0.1"], data, reference=data)
    assert [one.result for one in told.drift] == ["fail"]
    (check,) = told.checks
    assert (check.result, check.message) == (
        "not-checked",
        "drift was not checked: the contract has no column that can be watched; name some in columns.",
    )


def test_a_season_that_is_no_date_in_the_data_is_no_pass(tmp_path: Path) -> None:
    before, now = (write(tmp_path, f"{n}.parquet", f"SELECT 1 AS a, {t} AS t") for n, t in enumerate((MOMENT, "'May'")))
    (told,) = found("drift, columns: [a], max: 0.1, season: t.month", now, reference=before).drift
    assert (told.result, told.message) == (
        "fail",
        "'a' by t.month cannot be compared with the reference: its season 't.month' is of the type string, not a date.",
    )


def test_numbers_that_overflow_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a number leaves the range of its type: Overflow in addition of INT64"):
        found("expression, holds: 'a + 1 > a'", make(tmp_path, "large"))
