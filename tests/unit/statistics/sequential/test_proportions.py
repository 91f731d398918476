from __future__ import annotations

import math

import pytest

from mlops_actions.statistics.sequential import Block, Counts
from mlops_actions.statistics.sequential.proportions import difference_of_proportions

BLOCKS = [Block(Counts(30, 300), Counts(15, 300))] * 10


def mirrored(blocks: list[Block]) -> list[Block]:
    return [Block(block.baseline, block.canary) for block in blocks]


def test_the_interval_lies_around_the_difference_and_is_wider_than_one_that_is_looked_at_once() -> None:
    found = difference_of_proportions(BLOCKS, 0.05)
    assert found is not None
    assert found.value == pytest.approx(0.05)
    wald = 1.96 * math.sqrt(0.1 * 0.9 / 3000 + 0.05 * 0.95 / 3000)
    for side in (found.value - found.lower, found.upper - found.value):
        assert 1.2 * wald < side < 2.5 * wald


def test_swapping_the_arms_mirrors_the_interval() -> None:
    one, other = difference_of_proportions(BLOCKS, 0.05), difference_of_proportions(mirrored(BLOCKS), 0.05)
    assert one is not None
    assert other is not None
    assert other.value == pytest.approx(-one.value)
    # Only which arm sets the scene differs.
    assert (other.lower, other.upper) == pytest.approx((-one.upper, -one.lower), abs=0.002)


@pytest.mark.parametrize("blocks", [[], [Block(Counts(0, 0), Counts(1, 10))], [Block(Counts(1, 10), Counts(0, 0))]])
def test_an_arm_without_anything_has_no_difference(blocks: list[Block]) -> None:
    assert difference_of_proportions(blocks, 0.05) is None


def test_without_a_single_bad_one_the_interval_has_a_width() -> None:
    found = difference_of_proportions([Block(Counts(0, 100), Counts(0, 100))] * 10, 0.05)
    assert found is not None
    assert found.value == 0
    assert found.lower < -0.003
    assert found.upper > 0.003


def test_a_canary_that_always_fails_is_excluded_from_equality() -> None:
    found = difference_of_proportions([Block(Counts(50, 50), Counts(0, 50))] * 2, 0.05)
    assert found is not None
    assert found.excludes(0)
    assert found.upper > 0.99


def test_bunches_widen_the_interval() -> None:
    narrow, wide = (difference_of_proportions(BLOCKS, 0.05, dispersion=phi) for phi in (1.0, 3.0))
    assert narrow is not None
    assert wide is not None
    assert wide.upper - wide.lower > 1.4 * (narrow.upper - narrow.lower)


def test_what_is_known_of_the_baseline_is_no_part_of_the_estimate() -> None:
    found = difference_of_proportions(BLOCKS, 0.05, history=Counts(500, 10_000))
    assert found is not None
    assert found.value == pytest.approx(0.05)
