"""What each custom check says when it passes, fails, and cannot be made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custom_checks import found, one, store, write

ROWS = """
    SELECT unnest([1, 2, 2, 4]) AS id, unnest(['a', 'b', 'b', NULL]) AS w, unnest([0, 1, 1, 0]) AS y,
        unnest(['2024-05-01', '2024-05-03', '2024-05-03', '2024-05-30']::TIMESTAMP[]) AS at,
        unnest(['2024-05-02', '2024-05-02', NULL, '2024-05-31']::DATE[]) AS known, [1] AS l
"""
OTHER = """
    SELECT unnest([2, 9]) AS id, unnest(['b', 'c']) AS w, unnest([1, 0]) AS y,
        unnest(['2024-05-03', '2024-06-30']::TIMESTAMP[]) AS at, unnest(['2024-05-02', NULL]::DATE[]) AS known, [1] AS l
"""
KNOWN = "Known: at, id, known, l, w, y."
NO_COLUMN = "was not checked: no column is left to compare."
NO_HOLDOUT = "was not checked: no holdout was given."
NO_REFERENCE = "was not checked: no reference was given."


@pytest.mark.parametrize(
    ("check", "result", "message"),
    [
        ("duplicates, ignore: [known]", "fail", "1 of 4 rows repeat an earlier row, first row 2."),
        ("duplicates", "pass", "0 of 4 rows repeat an earlier row."),
        ("duplicates, columns: [zz]", "fail", f"duplicates: the data has no column 'zz'. {KNOWN}"),
        ("duplicates, columns: [w], ignore: [w]", "not-checked", f"duplicates {NO_COLUMN}"),
        ("identical-rows", "fail", "1 of 4 rows stand in the holdout too, first row 1."),
        ("identical-rows, against: reference", "fail", "1 of 4 rows stand in the reference too, first row 1."),
        ("key-overlap, columns: [id, w]", "fail", "2 of 4 rows have a key (id, w) of the holdout, first row 1."),
        ("group-overlap, column: id", "fail", "2 of 4 rows share their 'id' with rows of the holdout, first row 1."),
        ("group-overlap, column: nn", "fail", f"group-overlap: the data has no column 'nn'. {KNOWN}"),
        (
            "time-overlap, column: at",
            "fail",
            "3 of 4 rows of 'at' are not before the holdout begins at 2024-05-03 00:00:00, first row 1.",
        ),
        (
            "time-overlap, column: at, gap: 1d",
            "fail",
            "3 of 4 rows of 'at' are not 1 day before the holdout begins at 2024-05-03 00:00:00, first row 1.",
        ),
        ("time-overlap, column: w", "fail", "time-overlap: 'w' is of the type string, not a date or timestamp."),
        (
            "known-in-time, prediction: at, features: {y: known}",
            "fail",
            "2 of 4 rows of 'y' were known ('known') only after 'at', first row 0.",
        ),
        (
            "known-in-time, prediction: id, features: {y: known}",
            "fail",
            "known-in-time: 'id' is of the type integer, not a date or timestamp.",
        ),
        (
            "class-balance, column: w, min: 0.4",
            "fail",
            "of 3 labels of 'w' 33.3% are 'a' and 66.7% are 'b'; each has to have at least 40.0%.",
        ),
        (
            "class-balance, column: y, min: 0.3, max: 0.6",
            "pass",
            "of 4 labels of 'y' 50.0% are '1' and 50.0% are '0'; each has to have at least 30.0% and at most 60.0%.",
        ),
        (
            "class-balance, column: y, min: 0.1, values: [0, 1, 2]",
            "fail",
            "of 4 labels of 'y' 0.0% are '2' and 50.0% are '0'; each has to have at least 10.0%.",
        ),
        (
            "unseen-labels, column: w",
            "fail",
            "1 of 4 rows of 'w' have a label that the reference does not have, first row 0.",
        ),
        ("unseen-labels, column: y", "pass", "0 of 4 rows of 'y' have a label that the reference does not have."),
        (
            "conflicting-labels, column: w, features: [y]",
            "pass",
            "0 of 4 rows have the features of a row with another 'w'.",
        ),
        (
            "freshness, column: at, max: 3d",
            "pass",
            "the newest 'at' is of 2024-05-30 00:00:00, 2.5 days ago; the limit is 3 days.",
        ),
        (
            "freshness, column: at, max: 12h",
            "fail",
            "the newest 'at' is of 2024-05-30 00:00:00, 2.5 days ago; the limit is 12 hours.",
        ),
        ("freshness, column: w, max: 1d", "fail", "freshness: 'w' is of the type string, not a date or timestamp."),
        (
            "volume, min: 0.5, max: 2",
            "pass",
            "there are 4 rows, 0.80 times the median of 3 earlier reports (5); "
            "it has to be at least 0.5 and at most 2.",
        ),
        (
            "volume, min: 3, against: reference",
            "fail",
            "there are 4 rows, 2.00 times the reference (2); it has to be at least 3.",
        ),
        ("schema", "pass", "beside the reference: the same columns."),
        ("expression, holds: 'at < known'", "fail", "1 of 4 rows break `at < known`, first row 1."),
        ("expression, holds: 'nope > 1'", "fail", f"expression: the data has no column 'nope'. {KNOWN}"),
        (
            "target-leakage, column: y, features: [id]",
            "not-checked",
            "target-leakage was not checked: 4 rows have a target, and 100 are needed.",
        ),
    ],
)
def test_a_check_says_what_was_asked_and_found(check: str, result: str, message: str, tmp_path: Path) -> None:
    other = write(tmp_path, "b.parquet", OTHER)
    told = one(check, write(tmp_path, "a.parquet", ROWS), reference=other, holdout=other, earlier=(9, 5, 4))
    assert (told.result, told.message, told.where) == (result, message, "c.yaml:8")


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("identical-rows", NO_HOLDOUT),
        ("key-overlap, columns: [id]", NO_HOLDOUT),
        ("group-overlap, column: id, against: reference", NO_REFERENCE),
        ("time-overlap, column: at", NO_HOLDOUT),
        ("unseen-labels, column: w", NO_REFERENCE),
        ("volume, min: 1", "was not checked: 0 earlier reports by this contract passed, and 3 are needed."),
        ("volume, min: 1, against: reference", NO_REFERENCE),
        ("schema", NO_REFERENCE),
    ],
)
def test_without_its_other_side_a_check_is_not_made(check: str, why: str, tmp_path: Path) -> None:
    told = one(check, write(tmp_path, "a.parquet", ROWS))
    assert (told.result, told.message) == ("not-checked", f"{check.split(',')[0]} {why}")


def test_counted_rows_are_compared_as_the_contract_says(tmp_path: Path) -> None:
    data = write(tmp_path, "a.parquet", ROWS)
    told = one("duplicates, columns: [w]", data, more=", mustBeLessOrEqualTo: 25, unit: percent")
    assert (told.result, told.message) == ("pass", "1 of 4 rows repeat an earlier row; the count must be at most 25 %.")


@pytest.mark.parametrize(
    ("mine", "theirs", "count"),
    [("2024-01-01", "2024-03-01", 0), ("2024-03-01", "2024-01-01", 0), ("2024-01-01", "2024-01-05", 6)],
)
def test_either_split_may_be_the_earlier_one(mine: str, theirs: str, count: int, tmp_path: Path) -> None:
    days = "SELECT DATE '{}' + i::INT AS at FROM range(10) t(i)"
    data, holdout = (write(tmp_path, f"{n}.parquet", days.format(day)) for n, day in enumerate((mine, theirs)))
    assert one("time-overlap, column: at", data, holdout=holdout).failed == count


def test_a_split_around_the_other_is_no_pass(tmp_path: Path) -> None:
    around = write(tmp_path, "a.parquet", "SELECT unnest(['2024-01-01', '2024-01-02', '2024-12-31']::DATE[]) AS at")
    within = write(tmp_path, "b.parquet", "SELECT DATE '2024-06-01' AS at")
    told = one("time-overlap, column: at", around, holdout=within)
    assert (told.result, told.failed, told.rows) == ("fail", 1, [2])


def test_rows_of_the_future_do_not_hide_that_data_is_old(tmp_path: Path) -> None:
    data = write(tmp_path, "a.parquet", "SELECT unnest(['2024-05-01', '2034-01-01']::TIMESTAMP[]) AS at")
    told = one("freshness, column: at, max: 7d", data)
    assert told.result == "fail"
    assert told.message.endswith("Rows of the future: 1.")
    future = write(tmp_path, "b.parquet", "SELECT TIMESTAMP '2034-01-01' AS at")
    assert one("freshness, column: at, max: 7d", future).message == (
        "'at' has no row up to now. Rows of the future: 1."
    )


def test_a_single_label_and_one_a_row_are_no_classes(tmp_path: Path) -> None:
    data = write(tmp_path, "a.parquet", "SELECT i AS id, 'x' AS y, NULL::VARCHAR AS n FROM range(2000) t(i)")
    assert (
        one("class-balance, column: y, min: 0.1", data).message
        == "'y' holds one label, of which nothing can be learned."
    )
    assert (
        one("class-balance, column: n, min: 0.1", data).message
        == "'n' holds no label, of which nothing can be learned."
    )
    assert one("class-balance, column: id, min: 0.1", data).message == (
        "'id' has more than 1,000 values, which are no labels."
    )
    assert one("unseen-labels, column: id", data, reference=data).message == (
        "'id' has more than 1,000 values in the reference, which are no labels."
    )


def test_personal_labels_are_not_shown(tmp_path: Path) -> None:
    properties = "{name: w, logicalType: string, classification: personal}"
    told = one("class-balance, column: w, min: 0.1", write(tmp_path, "a.parquet", ROWS), properties=properties)
    assert told.message == (
        "of 3 labels of 'w' 33.3% are a label and 66.7% are a label; each has to have at least 10.0%."
    )


def test_changes_of_columns_are_named_and_may_be_allowed(tmp_path: Path) -> None:
    data = write(tmp_path, "a.parquet", "SELECT 1 AS a, 'x' AS b, 2.5 AS new")
    before = write(tmp_path, "b.parquet", "SELECT 1 AS a, 1 AS b, 2 AS gone")
    told = one("schema", data, reference=before)
    assert (told.result, told.failed, told.total) == ("fail", 3, 4)
    assert told.message == "beside the reference: removed: 'gone'; added: 'new'; retyped: 'b' from integer to string."
    assert one("schema, allow: [added, removed, retyped]", data, reference=before).result == "pass"
    assert one("schema, allow: [added], ignore: [b, gone]", data, reference=before).result == "pass"
    text = store(pd.DataFrame({"a": [1], "b": [1], "gone": [2]}), tmp_path / "t.csv")
    assert one("schema, allow: [added, removed]", data, reference=text).message.endswith(
        "Types were not compared, since text files have none."
    )


def test_columns_that_tell_the_target_are_found(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    rows = 4_000
    delay = random.normal(0, 20, rows)
    late = delay > 15
    frame = pd.DataFrame(
        {
            "copy": np.where(late, "y", "n"),
            "delay": delay,
            "half": np.where(random.random(rows) < 0.7, late, ~late).astype(int),
            "number": np.arange(rows),
            "filled": np.where(late, random.normal(0, 1, rows), np.nan),
            "late": late,
        }
    )
    data = store(frame, tmp_path / "a.parquet", "{'late': 'BOOLEAN'}")
    told = {check.column: check for check in found("target-leakage, column: late", data).checks}
    assert {name for name, check in told.items() if check.result == "fail"} == {"copy", "delay", "filled"}
    assert told["copy"].message == "'copy' alone tells 'late' with ROC AUC 1.000, limit 0.95 (on 4,000 rows)."
    numbers = {check.column: check for check in found("target-leakage, column: delay, ignore: [late]", data).checks}
    assert numbers["number"].message.startswith("'number' alone tells 'delay' with R² ")
    assert {check.result for check in numbers.values()} == {"pass"}


def test_columns_that_no_model_gets_are_not_tried(tmp_path: Path) -> None:
    data = write(tmp_path, "a.parquet", "SELECT i AS a, i % 2 AS y, i % 2 AS after FROM range(500) t(i)")
    properties = "{name: a}, {name: after, customProperties: [{property: availableAtPrediction, value: false}]}"
    told = found("target-leakage, column: y", data, properties=properties).checks
    assert [check.column for check in told] == ["a"]


def test_a_column_that_differs_between_splits_is_no_pass(tmp_path: Path) -> None:
    data, other = write(tmp_path, "a.parquet", ROWS), write(tmp_path, "b.parquet", "SELECT 'x' AS id")
    assert one("key-overlap, columns: [id]", data, holdout=other).message == (
        "key-overlap: 'id' is of the type integer, and in the holdout of the type string."
    )
    assert one("key-overlap, columns: [w]", data, holdout=other).message == (
        "key-overlap: the holdout has no column 'w'."
    )
