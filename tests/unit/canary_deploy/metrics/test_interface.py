"""A reset or a gap throws the block away."""

from __future__ import annotations

from mlops_actions.canary_deploy.metrics.interface import ERRORS, Snapshot, blocks_since
from mlops_actions.statistics.sequential import Block, Counts, Reading


def snapshot(time: float, candidate: int, stable: int, born: float = 0.0) -> Snapshot:
    return Snapshot.of_errors(time, candidate=Counts(0, candidate), stable=Counts(0, stable), born=born)


def test_the_difference_of_two_snapshots_is_a_block() -> None:
    blocks = blocks_since(snapshot(100, 5, 50), snapshot(110, 7, 90, born=0.9), longest_gap=30)
    assert blocks == {ERRORS: Block(Counts(0, 2), Counts(0, 40))}


def test_counters_that_went_down_are_thrown_away() -> None:
    assert blocks_since(snapshot(100, 5, 50), snapshot(110, 4, 90), longest_gap=30) == {}


def test_a_restart_is_seen_though_the_counters_have_overtaken() -> None:
    assert blocks_since(snapshot(100, 5, 50), snapshot(110, 7, 90, born=105), longest_gap=30) == {}


def test_a_gap_is_thrown_away() -> None:
    assert blocks_since(snapshot(100, 5, 50), snapshot(131, 7, 90), longest_gap=30) == {}


def test_a_first_snapshot_is_no_block() -> None:
    assert blocks_since(None, snapshot(110, 7, 90), longest_gap=30) == {}


def test_a_metric_that_one_snapshot_lacks_has_no_block_and_the_others_have() -> None:
    after = snapshot(110, 7, 90)
    slow = Reading(110, Counts(1, 7), Counts(5, 90))
    assert set(blocks_since(snapshot(100, 5, 50), Snapshot({**after.readings, "slow": slow}, 0), 30)) == {ERRORS}


def test_one_counter_that_was_reset_throws_everything_away() -> None:
    before = Snapshot({**snapshot(100, 5, 50).readings, "slow": Reading(100, Counts(1, 7), Counts(5, 90))}, 0)
    after = Snapshot({**snapshot(110, 7, 90).readings, "slow": Reading(110, Counts(0, 2), Counts(5, 99))}, 0)
    assert blocks_since(before, after, longest_gap=30) == {}
