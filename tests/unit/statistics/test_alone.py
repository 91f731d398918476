"""What one column tells of the target, against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from mlops_actions.statistics.alone import bins_of, explained, one_against_rest, separation

ROWS = 20_000


def test_a_number_that_orders_the_target_separates_as_well_as_by_its_ranks() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, ROWS)
    late = rng.random(ROWS) < 1 / (1 + np.exp(-3 * x))
    assert separation(bins_of(x), late) == pytest.approx(roc_auc_score(late, x), abs=0.002)
    assert separation(bins_of(-x), late) == pytest.approx(roc_auc_score(late, x), abs=0.002)


def test_a_target_that_lies_in_the_middle_is_found_though_ranks_miss_it() -> None:
    x = np.random.default_rng(2).uniform(-1, 1, ROWS)
    assert roc_auc_score(np.abs(x) < 0.3, x) < 0.52
    assert separation(bins_of(x), np.abs(x) < 0.3) > 0.995


def test_names_that_stand_once_each_tell_nothing() -> None:
    late = np.random.default_rng(3).random(ROWS) < 0.3
    assert separation(np.arange(ROWS), late) == 0.5
    assert explained(np.arange(ROWS), late.astype(float)) <= 0


def test_that_a_cell_is_missing_may_tell_the_target() -> None:
    rng = np.random.default_rng(4)
    late = rng.random(ROWS) < 0.3
    assert separation(bins_of(rng.normal(0, 1, ROWS), ~late), late) == 1.0


def test_a_number_is_explained_as_far_as_a_fit_explains_it() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, ROWS)
    y = np.sin(2 * x) + rng.normal(0, 0.3, ROWS)
    assert explained(bins_of(x), y) == pytest.approx(r2_score(y, np.sin(2 * x)), abs=0.02)
    assert explained(bins_of(rng.normal(0, 1, ROWS)), y) < 0.005


def test_few_values_keep_a_bin_each() -> None:
    assert bins_of(np.array([5, 7, 5, 9])).tolist() == [0, 1, 0, 2]
    assert bins_of(np.array([]), np.array([], dtype=bool)).tolist() == []


def test_without_both_classes_nothing_is_known() -> None:
    assert math.isnan(separation(np.array([0, 1, 0, 1]), np.array([True, False, True, False])))
    assert math.isnan(separation(np.array([0]), np.array([True])))
    assert math.isnan(explained(np.array([0, 1]), np.array([2.0, 2.0])))


def test_several_classes_are_each_held_against_the_rest() -> None:
    labels = np.random.default_rng(6).integers(0, 3, ROWS)
    tells_one = np.where(labels == 2, 1, 0)
    assert one_against_rest(labels, labels, 20) == 1.0
    assert one_against_rest(tells_one, labels, 20) == pytest.approx((1 + 0.75 + 0.75) / 3, abs=0.01)
    assert math.isnan(one_against_rest(labels, np.zeros(ROWS, dtype=int), 20))
