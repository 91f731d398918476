"""Columns and parts of dates as clusters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.rows.clusters import column_of, values_of
from mlops_actions.tables import Column, LogicalType

KNOWN: Mapping[str, LogicalType] = {"user": "string", "sold": "timestamp", "day": "date", "a.date": "integer"}


@pytest.mark.parametrize(
    ("cluster", "column"), [("user", "user"), ("sold.date", "sold"), ("day.week", "day"), ("a.date", "a.date")]
)
def test_a_cluster_is_a_column_or_a_part_of_its_dates(cluster: str, column: str) -> None:
    assert column_of(cluster, KNOWN, "test.parquet") == column


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("usr", "cluster: 'test.parquet' has no column 'usr'. Did you mean 'user'?"),
        (
            "sold.month",
            "cluster: 'sold.month' is not known: 'month' is no part of a date that makes clusters. "
            "Write `sold.date` or `sold.week`.",
        ),
        ("user.week", "cluster: 'user' holds string values and has no week."),
    ],
)
def test_a_cluster_that_is_not_there_is_refused(cluster: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        column_of(cluster, KNOWN, "test.parquet")
    assert str(caught.value) == message


def test_a_week_begins_on_monday() -> None:
    moments = np.array(["2013-09-01T23:59", "2013-09-02T00:00", "2013-09-08T12:00"], dtype="datetime64[us]")
    assert np.diff(values_of("sold.week", "sold", Column(moments))).tolist() == [1, 0]
    assert np.diff(values_of("sold.date", "sold", Column(moments))).tolist() == [1, 6]


def test_rows_without_a_cluster_are_refused() -> None:
    with pytest.raises(InputError, match="1 rows have no 'user': it is not known which rows they belong with"):
        values_of("user", "user", Column(np.array([0, 0]), np.array([True, False]), ["a"]))
