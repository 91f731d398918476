"""Rows are told apart by their values, however a file numbers or stores them."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_actions.evaluate_model.rows.row_identity import row_hashes, row_order
from mlops_actions.tables.interface import Column


def column(values: object, **more: object) -> Column:
    return Column(np.array(values), **more)  # type: ignore[arg-type]


def test_equal_rows_have_equal_hashes_and_others_do_not() -> None:
    hashes = row_hashes({"x": column([1, 2, 1, 1]), "y": column([5, 5, 5, 6])})
    assert hashes[0] == hashes[2]
    assert len(set(hashes.tolist())) == 3


def test_what_stands_in_two_columns_is_not_the_same_the_other_way_round() -> None:
    hashes = row_hashes({"x": column([1, 2]), "y": column([2, 1])})
    assert hashes[0] != hashes[1]


def test_the_order_of_columns_and_the_way_they_are_stored_do_not_matter() -> None:
    one = {"x": column([1, 2]), "c": column([0, 1], categories=["AA", "UA"])}
    two = {"c": column([1, 2], categories=["9E", "AA", "UA"]), "x": column([1.0, 2.0])}
    assert row_hashes(one).tolist() == row_hashes(two).tolist()


def test_missing_values_are_alike_whatever_stands_in_the_gap() -> None:
    valid = np.array([True, False])
    first = row_hashes({"x": column([1, 7], valid=valid), "c": column([0, 0], valid=valid, categories=["AA"])})
    other = row_hashes({"x": column([1, 8], valid=valid), "c": column([0, 9], valid=valid, categories=["AA"])})
    assert first.tolist() == other.tolist()
    assert first[0] != first[1]


def test_moments_and_zeros_are_compared_by_value() -> None:
    days, seconds = (np.array(["2024-01-01"], dtype=f"datetime64[{unit}]") for unit in ("D", "us"))
    assert row_hashes({"t": Column(days)}).tolist() == row_hashes({"t": Column(seconds)}).tolist()
    assert row_hashes({"x": column([0.0])}).tolist() == row_hashes({"x": column([-0.0])}).tolist()


def test_a_million_different_rows_have_as_many_hashes() -> None:
    numbers = np.arange(1_000_000)
    assert len(np.unique(row_hashes({"x": Column(numbers % 1000), "y": Column(numbers // 1000)}))) == 1_000_000


def test_the_order_counts() -> None:
    hashes = row_hashes({"x": column([1, 2, 3])})
    assert row_order(hashes) == row_order(hashes.copy())
    assert row_order(hashes) != row_order(hashes[::-1])


def test_rows_without_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="rows without columns cannot be told apart"):
        row_hashes({})


def test_integers_that_no_float_can_hold_are_told_apart() -> None:
    large = [2**53, 2**53 + 1, -(2**53) - 1, -(2**63), 2**63 - 1]
    assert len(set(row_hashes({"x": column(large)}).tolist())) == len(large)
    assert row_hashes({"x": column([5, 2**53])}).tolist() == row_hashes({"x": column([5.0, 2.0**53])}).tolist()
