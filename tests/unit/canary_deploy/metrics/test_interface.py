"""A reset or a gap throws the block away."""

from __future__ import annotations

from mlops_actions.canary_deploy.metrics.interface import Snapshot, block_since
from mlops_actions.statistics.sequential import Block, Counts, Reading


def snapshot(time: float, candidate: int, stable: int, born: float = 0.0) -> Snapshot:
    return Snapshot(Reading(time, Counts(0, candidate), Counts(0, stable)), born)


def test_the_difference_of_two_snapshots_is_a_block() -> None:
    block = block_since(snapshot(100, 5, 50), snapshot(110, 7, 90, born=0.9), longest_gap=30)
    assert block == Block(Counts(0, 2), Counts(0, 40))


def test_counters_that_went_down_are_thrown_away() -> None:
    assert block_since(snapshot(100, 5, 50), snapshot(110, 4, 90), longest_gap=30) is None


def test_a_restart_is_seen_though_the_counters_have_overtaken() -> None:
    assert block_since(snapshot(100, 5, 50), snapshot(110, 7, 90, born=105), longest_gap=30) is None


def test_a_gap_is_thrown_away() -> None:
    assert block_since(snapshot(100, 5, 50), snapshot(131, 7, 90), longest_gap=30) is None


def test_a_first_snapshot_is_no_block() -> None:
    assert block_since(None, snapshot(110, 7, 90), longest_gap=30) is None
