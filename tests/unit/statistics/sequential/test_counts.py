from __future__ import annotations

import pytest

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential.counts import Block, Counts, Reading, block_between

BEFORE = Reading(100.0, Counts(5, 200), Counts(10, 1_000))


def test_a_block_is_the_difference_of_two_readings() -> None:
    after = Reading(110.0, Counts(6, 220), Counts(10, 1_180))
    assert block_between(BEFORE, after) == Block(Counts(1, 20), Counts(0, 180))


@pytest.mark.parametrize(
    "after",
    [
        Reading(110.0, Counts(0, 220), Counts(10, 1_180)),
        Reading(110.0, Counts(5, 199), Counts(10, 1_180)),
        Reading(110.0, Counts(6, 220), Counts(0, 30)),
        Reading(110.0, Counts(9, 202), Counts(10, 1_180)),
    ],
    ids=["canary's errors", "canary's requests", "baseline", "more errors than requests"],
)
def test_a_counter_that_was_reset_throws_the_block_away(after: Reading) -> None:
    assert block_between(BEFORE, after) is None


@pytest.mark.parametrize("time", [100.0, 90.0, 131.0])
def test_a_gap_or_a_clock_that_stands_throws_the_block_away(time: float) -> None:
    after = Reading(time, Counts(6, 220), Counts(10, 1_180))
    assert block_between(BEFORE, after, longest_gap=30) is None


def test_silence_is_a_block_of_nothing_and_has_no_rate() -> None:
    block = block_between(BEFORE, Reading(110.0, BEFORE.canary, BEFORE.baseline))
    assert block == Block(Counts(0, 0), Counts(0, 0))
    assert block.canary.rate is None


@pytest.mark.parametrize(("bad", "total"), [(-1, 5), (6, 5), (1.0, 5), (True, 5), (float("nan"), 5)])
def test_counts_that_are_no_counts_are_refused(bad: int, total: int) -> None:
    with pytest.raises(InputError, match="whole numbers with 0 <= bad <= total"):
        Counts(bad, total)
